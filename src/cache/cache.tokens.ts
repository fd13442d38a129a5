import { Inject, type InjectionToken } from '@nestjs/common';
import { classToken, defaultConnectionName, internalToken } from '../foundation/tokens.js';
import { CacheService } from './cache.service.js';

/** What `CacheService` of a connection is provided as; for `overrideProvider` and `moduleRef.get`. */
export const getCacheServiceToken = (connectionName?: string): InjectionToken<CacheService> =>
  classToken(CacheService, 'CacheService', connectionName);

/** What a cache of `MomentoModule.forFeature` is provided as. */
export function getCacheToken(cacheName: string, connectionName = defaultConnectionName): string {
  return internalToken(`Cache/${cacheName}`, connectionName);
}

/** Injects the `CacheService` of a named connection; for the default one its type is enough. */
export const InjectCacheService = (connectionName?: string) => Inject(getCacheServiceToken(connectionName));

/** Injects a cache of `MomentoModule.forFeature`, by its name. */
export const InjectCache = (cacheName: string, connectionName?: string) =>
  Inject(getCacheToken(cacheName, connectionName));
