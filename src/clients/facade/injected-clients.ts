import {
  AuthClient,
  CacheClient,
  CacheGetBatch,
  CacheSetBatch,
  PreviewLeaderboardClient,
  type SubscribeCallOptions,
  TopicClient,
  type TopicSubscribe,
} from '@gomomento/sdk';
import type { Logger } from '@nestjs/common';
import type { ConnectionTelemetry } from '../../foundation/telemetry.js';
import type { ClientGeneration } from '../rotation/client-generation.js';
import type { ClientConfigurations } from '../sdk/client-configuration.js';
import { boundedBatch } from './bounded-batch.js';
import { createStableLeaderboardClient } from './leaderboard-client.js';
import { observeCalls } from './observed-calls.js';
import { createStableClient, invoke } from './stable-client.js';

/** What the injected clients do their work with. */
export interface ClientRunner {
  readonly configurations: ClientConfigurations;
  readonly logger: Logger;
  readonly telemetry: ConnectionTelemetry | undefined;
  /** Makes a call on the clients of the moment. */
  readonly run: <T>(
    call: (clients: ClientGeneration) => Promise<T>,
    timeoutMs: number,
    usesKey?: boolean,
  ) => Promise<T>;
  readonly subscribe: (
    clients: ClientGeneration,
    ...args: Parameters<TopicClient['subscribe']>
  ) => Promise<TopicSubscribe.Response>;
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
  logger,
  telemetry,
  run,
  subscribe,
}: ClientRunner): InjectedClients {
  const { cacheTimeoutMs, topicTimeoutMs, leaderboardTimeoutMs } = configurations;
  const refuseToClose = (what: string) => () =>
    logger.warn(`${what}.close() does nothing: the module closes what it injects, with the app.`);
  const { observed, run: runObserved } = observeCalls(run, telemetry);
  return {
    cacheClient: createStableClient(
      CacheClient,
      (method) => {
        const client = isOfControlPlane(method) ? 'controlClient' : 'cacheClient';
        return observed(method, (...args) =>
          runObserved((clients) => invoke(clients[client], method, args), cacheTimeoutMs),
        );
      },
      {
        close: refuseToClose('CacheClient'),
        configuration: configurations.cache,
        getBatch: observed(
          'getBatch',
          boundedBatch('getBatch', runObserved, cacheTimeoutMs, CacheGetBatch.Error),
        ),
        setBatch: observed(
          'setBatch',
          boundedBatch('setBatch', runObserved, cacheTimeoutMs, CacheSetBatch.Error),
        ),
      },
      ['cache'],
    ),
    topicClient: createStableClient(
      TopicClient,
      (method) =>
        (...args) =>
          runObserved((clients) => invoke(clients.topicClient, method, args), topicTimeoutMs),
      {
        subscribe: (cacheName: string, topicName: string, callbacks: SubscribeCallOptions) =>
          run((clients) => subscribe(clients, cacheName, topicName, callbacks), topicTimeoutMs),
      },
    ),
    authClient: createStableClient(
      AuthClient,
      (method) => {
        const usesKey = !carriesOwnToken(method);
        return (...args) =>
          run((clients) => invoke(clients.authClient, method, args), cacheTimeoutMs, usesKey);
      },
      {},
    ),
    leaderboardClient: createStableLeaderboardClient(
      (call) => runObserved(call, leaderboardTimeoutMs),
      observed,
      refuseToClose('PreviewLeaderboardClient'),
    ),
  };
}

/** The SDK makes these calls on a channel of their own. */
const controlMethods: ReadonlySet<string> = new Set<keyof CacheClient>([
  'createCache',
  'deleteCache',
  'listCaches',
  'flushCache',
]);

function isOfControlPlane(method: string): boolean {
  return controlMethods.has(method);
}

/** These carry a token of the caller's: that Momento does not know it says nothing of the connection's key. */
function carriesOwnToken(method: string): boolean {
  return method.startsWith('refresh');
}
