import type { BreakerState } from './cache-events.js';

/** What one cache of a connection counts: plain numbers that its rooms add to. All handles of the cache share them. */
export interface CacheCounters {
  /** Asked for and found in this process. */
  nearHits: number;
  /** Asked for and found fresh in Momento, or loaded by another process while the call waited for it. */
  hits: number;
  /** Asked for and answered with a value whose fresh time was over. */
  stale: number;
  /** Asked for and not found: `get` gave `undefined`, `getOrSet` what a loader gave or its error. */
  misses: number;
  /** Asked for while another call of this process was reading or loading the key, whose outcome was shared. */
  joined: number;
  /** Keys that a loader ran for, refreshes behind included. */
  loads: number;
  /** Those of them whose loader failed, or took longer than its hard limit. */
  loadFailures: number;
  /** Loaded and stored. */
  stored: number;
  /** Loaded and not stored, since the key was changed meanwhile. */
  fenced: number;
  /** Items asked of Momento: hits and misses, refreshes, leases, and what `has` asks for. */
  reads: number;
  /** Items sent to Momento to be stored, deleted or counted up, leases included. */
  writes: number;
  /**
   * What Momento counts, by its documentation: one for each started KB of key and value, for each item that is read or
   * written; two for `setIfAbsent`. Locks, rate limits, collections and the messages of near caches are left out.
   */
  estimatedOperations: number;
}

/**
 * How a cache has been used since the connection was made: by all handles of that cache in this process. Each key that is
 * asked for by `get`, `getMany` and `getOrSet…` is one of `nearHits`, `hits`, `stale`, `misses` and `joined`, unless the call
 * rejects for another reason than its loader.
 */
export interface CacheStats extends Readonly<CacheCounters> {
  /** What is kept in this process at this moment. */
  readonly nearItems: number;
  /** How much that is, in bytes, about. */
  readonly nearBytes: number;
  /** Keys that were read together with others, in one request. */
  readonly batchedReads: number;
  /** Requests that were not made, against one for each key that was read, written or deleted. */
  readonly savedRequests: number;
  /** Keys that still hold what was to be evicted, and are tried again. */
  readonly pendingEvictions: number;
  /** Of the connection: whether Momento is asked. */
  readonly breaker: BreakerState;
  /** How often a listener of the cache has failed. */
  readonly listenerFailures: number;
}

export function startCounters(): CacheCounters {
  return {
    nearHits: 0,
    hits: 0,
    stale: 0,
    misses: 0,
    joined: 0,
    loads: 0,
    loadFailures: 0,
    stored: 0,
    fenced: 0,
    reads: 0,
    writes: 0,
    estimatedOperations: 0,
  };
}
