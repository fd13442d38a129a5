import { AuthClient, CacheClient, PreviewLeaderboardClient, TopicClient } from '@gomomento/sdk';
import { Inject, type InjectionToken, type Type } from '@nestjs/common';
import { CacheService } from './cache/cache.service.js';
import { MomentoCredentials } from './credentials/momento-credentials.js';
import { TopicService } from './topics/topic.service.js';

export const defaultConnectionName = 'default';

/**
 * The class itself for the default connection, so that it is injected by type; a namespaced text for any other. The name is
 * written out, because a minifier changes the classes'.
 */
function classToken<T>(
  injectable: Type<T>,
  name: string,
  connectionName = defaultConnectionName,
): InjectionToken<T> {
  return connectionName === defaultConnectionName ? injectable : internalToken(name, connectionName);
}

/** A token of the module's own. @internal */
export function internalToken(what: string, connectionName: string): string {
  return `nestjs-momento/${what}/${connectionName}`;
}

/** What `CacheService` of a connection is provided as; for `overrideProvider` and `moduleRef.get`. */
export const getCacheServiceToken = (connectionName?: string): InjectionToken<CacheService> =>
  classToken(CacheService, 'CacheService', connectionName);
export const getTopicServiceToken = (connectionName?: string): InjectionToken<TopicService> =>
  classToken(TopicService, 'TopicService', connectionName);
export const getCacheClientToken = (connectionName?: string): InjectionToken<CacheClient> =>
  classToken(CacheClient, 'CacheClient', connectionName);
export const getTopicClientToken = (connectionName?: string): InjectionToken<TopicClient> =>
  classToken(TopicClient, 'TopicClient', connectionName);
export const getAuthClientToken = (connectionName?: string): InjectionToken<AuthClient> =>
  classToken(AuthClient, 'AuthClient', connectionName);
export const getLeaderboardClientToken = (
  connectionName?: string,
): InjectionToken<PreviewLeaderboardClient> =>
  classToken(PreviewLeaderboardClient, 'PreviewLeaderboardClient', connectionName);
export const getMomentoCredentialsToken = (connectionName?: string): InjectionToken<MomentoCredentials> =>
  classToken(MomentoCredentials, 'MomentoCredentials', connectionName);

/** What a cache of `MomentoModule.forFeature` is provided as. */
export function getCacheToken(cacheName: string, connectionName = defaultConnectionName): string {
  return internalToken(`Cache/${cacheName}`, connectionName);
}

/** Injects the `CacheService` of a named connection; for the default one its type is enough. */
export const InjectCacheService = (connectionName?: string) => Inject(getCacheServiceToken(connectionName));
export const InjectTopicService = (connectionName?: string) => Inject(getTopicServiceToken(connectionName));
export const InjectCacheClient = (connectionName?: string) => Inject(getCacheClientToken(connectionName));
export const InjectTopicClient = (connectionName?: string) => Inject(getTopicClientToken(connectionName));
export const InjectAuthClient = (connectionName?: string) => Inject(getAuthClientToken(connectionName));
export const InjectLeaderboardClient = (connectionName?: string) =>
  Inject(getLeaderboardClientToken(connectionName));
export const InjectMomentoCredentials = (connectionName?: string) =>
  Inject(getMomentoCredentialsToken(connectionName));

/** Injects a cache of `MomentoModule.forFeature`, by its name. */
export const InjectCache = (cacheName: string, connectionName?: string) =>
  Inject(getCacheToken(cacheName, connectionName));
