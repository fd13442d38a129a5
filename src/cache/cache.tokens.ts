import { Inject, type InjectionToken } from '@nestjs/common';
import { classToken } from '../foundation/tokens.js';
import { CacheService } from './cache.service.js';

/** What `CacheService` of a connection is provided as; for `overrideProvider` and `moduleRef.get`. */
export const getCacheServiceToken = (connectionName?: string): InjectionToken<CacheService> =>
  classToken(CacheService, 'CacheService', connectionName);

/** Injects the `CacheService` of a named connection; for the default one its type is enough. */
export const InjectCacheService = (connectionName?: string) => Inject(getCacheServiceToken(connectionName));
