import type { CacheClient } from '@gomomento/sdk';
import { DirectReads } from './direct/direct-reads.js';
import { DirectWrites } from './direct/direct-writes.js';
import type { HandleContext } from './handles/handle.js';
import type { CacheContext } from './load/cache-context.js';
import { LoadOperations } from './load/load-operations.js';
import type { CacheArguments } from './options/cache-arguments.js';
import { GuardedStore } from './remote/breaker/guarded-store.js';

/** What a handle hands its calls to. */
export interface Parts {
  readonly reads: DirectReads;
  readonly writes: DirectWrites;
  readonly loads: LoadOperations;
  readonly handles: HandleContext;
}

/** @throws MomentoConfigurationError `cache-name-missing` */
export function bindParts(client: CacheClient, args: CacheArguments, context: CacheContext): Parts {
  const { signal, inFlight } = context;
  const { cacheName, keyPrefix, codec, policy, isBatching } = args;
  const ttlSeconds = typeof policy.ttlSeconds === 'number' ? policy.ttlSeconds : undefined;
  const { single, batching } = context.storesOf(client, cacheName);
  const store = isBatching ? batching : single;
  const { cacheTimeoutSeconds } = policy;
  const direct = args.isGuarded ? new GuardedStore(store, context.breaker, cacheTimeoutSeconds) : store;
  return {
    reads: new DirectReads(direct, args, context),
    writes: new DirectWrites(direct, args, context),
    loads: new LoadOperations(store, batching, args, context),
    handles: { client, cacheName, keyPrefix, codec, ttlSeconds, signal, inFlight },
  };
}
