import type { Listener } from '../../foundation/events/listeners.js';

/** `open`: Momento does not answer and is not asked. `half-open`: one call tries. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * What failed: reading, storing, a delete that is tried again, or evictions that are given up; and of near caches, telling other
 * processes what was changed, hearing it from them, or keeping values.
 */
export type CacheErrorStep = 'read' | 'store' | 'evict' | 'lost' | 'tell' | 'hear' | 'keep';

interface OfCache {
  readonly cacheName: string;
}

interface OfKey extends OfCache {
  /** As the caller wrote it. */
  readonly key: string;
  /** Of the handle that was called. */
  readonly keyPrefix: string;
}

interface Timed extends OfKey {
  /** In milliseconds. */
  readonly durationMs: number;
  /** What it failed with; absent when it did not. */
  readonly error?: unknown;
}

/** What listeners are told, by the event's name. */
export interface CacheEvents {
  /** A key was asked for, and was found fresh in this process (`near`) or in Momento. */
  readonly hit: OfKey & { readonly source: 'near' | 'cache' };
  /** A key was asked for, and was not found; told when the call ends, so that a `load` comes before it. */
  readonly miss: OfKey;
  /** A value whose fresh time is over was handed out. */
  readonly stale: OfKey;
  /** A loader has run for a key. */
  readonly load: Timed & {
    /** Whether nobody waited for it. */
    readonly isBehind: boolean;
  };
  /**
   * A refresh behind has ended, the wait for its store included. `source` says what it found: the loader's value, one that
   * another process had stored meanwhile (`cache`), or none, since the cache did not answer (`stale`).
   */
  readonly refresh: Timed & { readonly source?: 'cache' | 'stale' | 'loader' };
  /** An item was deleted, at once or when it was tried again. */
  readonly evict: OfKey;
  /** Of the connection: all its caches are told. */
  readonly breaker: OfCache & { readonly state: BreakerState };
  /**
   * The cache failed, and the app went on without it. What rejects a call is told to its caller, and a loader's error by
   * `load`. `key` is absent where more than one is concerned.
   */
  readonly error: OfCache & { readonly key?: string; readonly step: CacheErrorStep; readonly error: unknown };
}

export type CacheEvent = keyof CacheEvents;

export type CacheListener<E extends CacheEvent = CacheEvent> = Listener<CacheEvents[E]>;
