import type { Server } from '@grpc/grpc-js';
import type { ApiKeys } from '../keys/api-keys.js';
import type { CacheRegistry } from '../engine/cache-registry.js';
import type { AccountLimits } from '../limits/account-limits.js';
import type { PublishedMessage } from '../webhook-deliveries.js';
import type { CallPipeline } from './calls/call-pipeline.js';
import { controlHandlers } from './handlers/control-handlers.js';
import { dictionaryHandlers } from './handlers/items/dictionary-handlers.js';
import type { Heartbeats } from './calls/heartbeats.js';
import { itemHandlers } from './handlers/items/item-handlers.js';
import { authHandlers, tokenHandlers } from './handlers/key-handlers.js';
import { leaderboardHandlers } from './handlers/leaderboard-handlers.js';
import { listHandlers } from './handlers/items/list-handlers.js';
import { pingHandlers } from './handlers/ping-handlers.js';
import { scalarBatchHandlers, scalarHandlers } from './handlers/items/scalar-handlers.js';
import { setHandlers } from './handlers/items/set-handlers.js';
import { sortedSetHandlers } from './handlers/items/sorted-set-handlers.js';
import { publishHandlers, subscribeHandlers } from './handlers/topic-handlers.js';
import { webhookHandlers } from './handlers/webhook-handlers.js';

export interface MomentoServicesParts {
  readonly server: Server;
  readonly pipeline: CallPipeline;
  readonly caches: CacheRegistry;
  readonly heartbeats: Heartbeats;
  /** Deletes a cache together with what is open on it. */
  readonly deleteCache: (name: string) => void;
  /** The limits that are listed with each cache. */
  readonly account: AccountLimits;
  readonly keys: ApiKeys;
  readonly onPublished: (message: PublishedMessage) => void;
  /** Where clients find the server, as `host:port`. */
  readonly endpoint: () => string;
}

/** Every service that the SDK's clients call; a service without handlers answers UNIMPLEMENTED. */
export function addMomentoServices({
  server,
  pipeline,
  caches,
  heartbeats,
  deleteCache,
  account,
  keys,
  onPublished,
  endpoint,
}: MomentoServicesParts): void {
  const unary = {
    ...scalarHandlers(caches),
    ...itemHandlers(caches),
    ...dictionaryHandlers(caches),
    ...listHandlers(caches),
    ...setHandlers(caches),
    ...sortedSetHandlers(caches),
  };
  pipeline.addService(server, 'cache', unary, scalarBatchHandlers(caches));
  pipeline.addService(server, 'control', controlHandlers(caches, deleteCache, account));
  pipeline.addService(
    server,
    'topics',
    publishHandlers(caches, onPublished),
    subscribeHandlers(caches, heartbeats),
  );
  pipeline.addService(server, 'ping', pingHandlers());
  pipeline.addService(server, 'leaderboard', leaderboardHandlers(caches));
  pipeline.addService(server, 'auth', authHandlers(keys, endpoint));
  pipeline.addService(server, 'token', tokenHandlers(keys, endpoint));
  pipeline.addService(server, 'webhook', webhookHandlers(caches));
}
