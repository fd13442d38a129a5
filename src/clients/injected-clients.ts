import {
  AuthClient,
  CacheClient,
  PreviewLeaderboardClient,
  type SubscribeCallOptions,
  TopicClient,
  type TopicSubscribe,
} from '@gomomento/sdk';
import type { ClientConfigurations } from './client-configuration.js';
import type { ClientGeneration } from './client-generation.js';
import { createStableLeaderboardClient } from './leaderboard-client.js';
import { createStableClient, invoke } from './stable-client.js';

/** What the injected clients do their work with. */
export interface ClientRunner {
  readonly configurations: ClientConfigurations;
  /** Makes a call on the clients of the moment. */
  readonly run: <T>(call: (clients: ClientGeneration) => Promise<T>, timeoutMs: number) => Promise<T>;
  readonly subscribe: (
    clients: ClientGeneration,
    ...args: Parameters<TopicClient['subscribe']>
  ) => Promise<TopicSubscribe.Response>;
  readonly close: () => void;
}

export interface InjectedClients {
  readonly cacheClient: CacheClient;
  readonly topicClient: TopicClient;
  readonly authClient: AuthClient;
  readonly leaderboardClient: PreviewLeaderboardClient;
}

/** The clients that users inject: the SDK's classes by `instanceof`, and the same objects whatever key is in use. */
export function createInjectedClients({
  configurations,
  run,
  subscribe,
  close,
}: ClientRunner): InjectedClients {
  const { cacheTimeoutMs, topicTimeoutMs } = configurations;
  return {
    cacheClient: createStableClient(
      CacheClient,
      (method, args) => run((clients) => invoke(clients.cacheClient, method, args), cacheTimeoutMs),
      {
        close,
        configuration: configurations.cache,
        getBatch: boundedBatch('getBatch', run, cacheTimeoutMs),
        setBatch: boundedBatch('setBatch', run, cacheTimeoutMs),
      },
      ['cache'],
    ),
    topicClient: createStableClient(
      TopicClient,
      (method, args) => run((clients) => invoke(clients.topicClient, method, args), topicTimeoutMs),
      {
        subscribe: (cacheName: string, topicName: string, callbacks: SubscribeCallOptions) =>
          run((clients) => subscribe(clients, cacheName, topicName, callbacks), topicTimeoutMs),
      },
    ),
    authClient: createStableClient(
      AuthClient,
      (method, args) =>
        run(
          (clients) => invoke(clients.authClient, method, args),
          carriesOwnToken(method) ? 0 : cacheTimeoutMs,
        ),
      {},
    ),
    leaderboardClient: createStableLeaderboardClient((call) => run(call, cacheTimeoutMs), close),
  };
}

/** The SDK gives batch calls no deadline: without a signal of the caller's, they get the time of any other call. */
function boundedBatch(method: 'getBatch' | 'setBatch', run: ClientRunner['run'], timeoutMs: number) {
  return (cacheName: string, items: unknown, options?: { abortSignal?: AbortSignal } | null) => {
    const abortSignal = options?.abortSignal ?? AbortSignal.timeout(timeoutMs);
    const args = [cacheName, items, { ...options, abortSignal }];
    return run((clients) => invoke(clients.cacheClient, method, args), timeoutMs);
  };
}

/** These carry a token of the caller's: that Momento does not know it says nothing of the connection's key. */
function carriesOwnToken(method: string): boolean {
  return method.startsWith('refresh');
}
