import type { CacheClient } from '@gomomento/sdk';
import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import type { CacheContext } from '../cache/load/cache-context.js';
import { CacheService } from '../cache/cache.service.js';
import { TypedCache } from '../cache/typed/typed-cache.js';
import { getCacheClientToken } from '../clients/client.tokens.js';
import type { MomentoConnection } from '../clients/momento-connection.js';
import { MomentoConfigurationError } from '../foundation/momento.errors.js';
import { quoteName } from '../foundation/text/redaction.js';
import { defaultConnectionName } from '../foundation/tokens.js';
import { connectionMissing } from './connection-missing.js';
import type { BootOutcome } from './connection.providers.js';
import { ConnectionRegistry } from './connection.registry.js';
import { type Feature, tokenOf } from './feature.js';
import { bootToken, cacheContextToken, connectionToken } from './module.tokens.js';

/** Optional, so that a missing connection gives an error of this library, not of Nest. */
const ofConnection = (token: InjectionToken) => ({ token, optional: true });

/** The provider of a cache; which is there at boot, or created when the connection's `createCaches` says so. */
export function featureProvider(feature: Feature, connectionName = defaultConnectionName): FactoryProvider {
  const token = tokenOf(feature, connectionName);
  return {
    provide: token,
    inject: [
      ConnectionRegistry,
      ofConnection(connectionToken(connectionName)),
      ofConnection(getCacheClientToken(connectionName)),
      ofConnection(cacheContextToken(connectionName)),
      ofConnection(bootToken(connectionName)),
      ...feature.inject,
    ],
    useFactory: (
      registry: ConnectionRegistry,
      connection?: MomentoConnection,
      client?: CacheClient,
      context?: CacheContext,
      boot?: BootOutcome,
      ...dependencies: unknown[]
    ) =>
      registry.step(async () => {
        const { name, definition } = feature;
        if (connection === undefined || client === undefined)
          throw connectionMissing(`The cache ${quoteName(name)} of MomentoModule.forFeature`, connectionName);
        const options = await feature.options(...dependencies);
        if (definition !== undefined) registry.takeDefinition(token, definition, options);
        const { cacheName = connection.cacheName, ...binding } = options;
        if (cacheName === undefined) throw cacheNameMissing(name);
        if (boot === 'connected') await connection.ensureCache(cacheName);
        const cache = new CacheService(client, cacheName, binding, context);
        return definition === undefined ? cache : new TypedCache(cache, definition);
      }),
  };
}

function cacheNameMissing(cache: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'cache-name-missing',
    `The definition ${quoteName(cache)} of MomentoModule.forFeature does not say which cache to use, nor does its connection.`,
    'Set cacheName in defineCache, or in the options of MomentoModule.',
  );
}
