import type { CacheClient } from '@gomomento/sdk';
import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import type { CacheContext } from '../cache/load/cache-context.js';
import { CacheService } from '../cache/cache.service.js';
import type { CacheBinding } from '../cache/options/cache.options.js';
import { type AnyCacheDefinition, isCacheDefinition } from '../cache/typed/cache-definition.js';
import { getCacheToken } from '../cache/typed/feature.tokens.js';
import { TypedCache } from '../cache/typed/typed-cache.js';
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
  features: readonly (CacheFeature | AnyCacheDefinition)[],
  connectionName = defaultConnectionName,
): FactoryProvider[] {
  return features.map((feature) => ({
    provide: tokenOf(feature, connectionName),
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
        const name = nameOf(feature);
        if (connection === undefined || client === undefined) throw connectionMissing(name, connectionName);
        const { cacheName = connection.cacheName } = feature;
        if (cacheName === undefined) throw cacheNameMissing(name);
        if (isConnected === true) await connection.ensureCache(cacheName);
        const cache = new CacheService(client, cacheName, bindingOf(feature), context);
        return isCacheDefinition(feature) ? new TypedCache(cache, feature) : cache;
      }),
  }));
}

function tokenOf(feature: CacheFeature | AnyCacheDefinition, connectionName: string): InjectionToken {
  return isCacheDefinition(feature)
    ? getCacheToken(feature, connectionName)
    : getCacheToken(nameOf(feature), connectionName);
}

function nameOf(feature: CacheFeature | AnyCacheDefinition): string {
  return isCacheDefinition(feature) ? feature.name : (feature.name ?? feature.cacheName);
}

function bindingOf(feature: CacheFeature | AnyCacheDefinition): CacheBinding {
  if (isCacheDefinition(feature)) return feature.binding;
  const { name: _name, cacheName: _cacheName, ...binding } = feature;
  return binding;
}

function cacheNameMissing(cache: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'cache-name-missing',
    `The definition ${quoteName(cache)} of MomentoModule.forFeature does not say which cache to use, nor does its connection.`,
    'Set cacheName in defineCache, or in the options of MomentoModule.',
  );
}

function connectionMissing(cache: string, connectionName: string): MomentoConfigurationError {
  const isDefault = connectionName === defaultConnectionName;
  return new MomentoConfigurationError(
    'connection-missing',
    `The cache ${quoteName(cache)} of MomentoModule.forFeature finds no Momento connection ${quoteName(connectionName)}.`,
    `Import MomentoModule.forRoot or forRootAsync${isDefault ? '' : ' with that name'} once in the app, without isGlobal: false.`,
  );
}
