import { AuthClient, CacheClient, PreviewLeaderboardClient, TopicClient } from '@gomomento/sdk';
import { Inject, type InjectionToken } from '@nestjs/common';
import { classToken } from '../foundation/tokens.js';

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

/** Injects the `CacheClient` of a named connection; for the default one its type is enough. */
export const InjectCacheClient = (connectionName?: string) => Inject(getCacheClientToken(connectionName));
export const InjectTopicClient = (connectionName?: string) => Inject(getTopicClientToken(connectionName));
export const InjectAuthClient = (connectionName?: string) => Inject(getAuthClientToken(connectionName));
export const InjectLeaderboardClient = (connectionName?: string) =>
  Inject(getLeaderboardClientToken(connectionName));
