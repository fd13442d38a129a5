import type { CacheClient } from '@gomomento/sdk';
import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import type { CacheContext } from '../cache/load/cache-context.js';
import { CacheService } from '../cache/cache.service.js';
import { getCacheToken } from '../cache/cache.tokens.js';
import { getCacheClientToken } from '../clients/client.tokens.js';
import type { MomentoConnection } from '../clients/momento-connection.js';
import { MomentoConfigurationError } from '../foundation/momento.errors.js';
import { quoteName } from '../foundation/text/redaction.js';
import { defaultConnectionName } from '../foundation/tokens.js';
import type { CacheFeature } from './connection.options.js';
import { ConnectionRegistry } from './connection.registry.js';
import { bootToken, cacheContextToken, connectionToken } from './module.tokens.js';

/** Optional, so that a missing connection gives an error of this library, not of Nest. */
const ofConnection = (token: InjectionToken) => ({ token, optional: true });

/** The caches of `forFeature`; each is there at boot, or created when the connection's `createCaches` says so. */
export function featureProviders(
  features: readonly CacheFeature[],
  connectionName = defaultConnectionName,
): FactoryProvider[] {
  return features.map(({ cacheName, name = cacheName, ...binding }) => ({
    provide: getCacheToken(name, connectionName),
    inject: [
      ConnectionRegistry,
      ofConnection(connectionToken(connectionName)),
      ofConnection(getCacheClientToken(connectionName)),
      ofConnection(cacheContextToken(connectionName)),
      ofConnection(bootToken(connectionName)),
    ],
    useFactory: (
      registry: ConnectionRegistry,
      connection?: MomentoConnection,
      client?: CacheClient,
      context?: CacheContext,
      isConnected?: boolean,
    ) =>
      registry.step(async () => {
        if (connection === undefined || client === undefined) throw connectionMissing(name, connectionName);
        if (isConnected === true) await connection.ensureCache(cacheName);
        return new CacheService(client, cacheName, binding, context);
      }),
  }));
}

function connectionMissing(cache: string, connectionName: string): MomentoConfigurationError {
  const isDefault = connectionName === defaultConnectionName;
  return new MomentoConfigurationError(
    'connection-missing',
    `The cache ${quoteName(cache)} of MomentoModule.forFeature finds no Momento connection ${quoteName(connectionName)}.`,
    `Import MomentoModule.forRoot or forRootAsync${isDefault ? '' : ' with that name'} once in the app, without isGlobal: false.`,
  );
}
