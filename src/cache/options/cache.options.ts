import type { MomentoCodec } from '../../foundation/momento.codecs.js';
import type { StandardSchema } from '../../foundation/values/standard-schema.js';

/** How a value is written. What a call leaves out is the handle's, and what that leaves out the connection's. */
export interface CacheSetOptions<T = unknown> {
  /**
   * How long the value is fresh, in seconds, more than 0; fractions are rounded up. Or a function of the value that says so.
   * @default 600
   */
  readonly ttlSeconds?: number | ((value: T) => number) | undefined;
  /** For so many seconds after that, 0 or more, it is handed out at once and refreshed behind. @default 0 */
  readonly staleSeconds?: number | undefined;
  /** For so many seconds after that, 0 or more, it is handed out only when the loader fails or is too slow. @default 0 */
  readonly staleIfErrorSeconds?: number | undefined;
  /**
   * From 0 to 1: the fresh time is shortened by up to this share, so that what was written at once does not expire at once.
   * @default 0
   */
  readonly ttlJitter?: number | undefined;
  /**
   * What the value hangs on: names, or a function of the value that gives them; at most 50. `invalidateTags` of one of them makes
   * the value invalid. A tag is one of the whole cache: `keyPrefix` does not apply to it. @default none
   */
  readonly tags?: readonly string[] | ((value: T) => readonly string[]) | undefined;
}

export type IncrementOptions = Pick<CacheSetOptions<number>, 'ttlSeconds'>;

/** How a value is read and loaded. */
export interface GetOrSetOptions<T = unknown> extends CacheSetOptions<T> {
  /** How long a loader's `undefined` is remembered, in seconds, 0 or more; `null` is a value. @default 0 */
  readonly notFoundSeconds?: number | undefined;
  /**
   * Refreshes a value behind before its time is over: the likelier, the longer it took to load and the less time is left
   * (XFetch), and not before half of its TTL. @default false
   */
  readonly earlyRefresh?: boolean | undefined;
  /**
   * After so many seconds, more than 0, callers get what is stale, if there is something; the loader goes on and its value is
   * stored. @default no limit
   */
  readonly loaderSoftTimeoutSeconds?: number | undefined;
  /** After so many seconds, more than 0, the loader's signal aborts and callers get a `MomentoLoaderTimeoutError`. @default no limit */
  readonly loaderTimeoutSeconds?: number | undefined;
  /** How long a read of the cache is waited for before the loader runs, in seconds, more than 0. @default the client's time limit */
  readonly cacheTimeoutSeconds?: number | undefined;
  /** Whether a loaded value is stored. @default all but `undefined` */
  readonly storeIf?: ((value: T) => boolean) | undefined;
  /**
   * Whom a load is shared with: the callers in this process, or those in all processes of the fleet, which costs one request
   * more a miss. In a fleet, too, what was loaded before a change of the key is never stored after it. @default 'process'
   */
  readonly singleFlight?: 'process' | 'fleet' | undefined;
  /** How long the load of another process is waited for before the loader runs all the same, in seconds, 0 or more. @default 2 */
  readonly leaseWaitSeconds?: number | undefined;
}

/** Values kept in this process, before Momento is asked. */
export interface NearCacheOptions {
  /** How many values are kept, 1 or more; those used least recently go first. @default 10,000 */
  readonly maxItems?: number | undefined;
  /** How many bytes, about, 1 or more. @default no limit but `maxItems` */
  readonly maxBytes?: number | undefined;
  /** How long a value is kept, in seconds, more than 0, and never longer than it is fresh. @default 5; with invalidation 60 */
  readonly ttlSeconds?: number | undefined;
  /**
   * Whether the processes tell each other what they change, by a topic of the cache. While a process cannot hear the others,
   * it keeps values for 5 s at most. @default 'none'
   */
  readonly invalidation?: 'none' | 'topic' | undefined;
}

/** What a cache is bound to. */
export interface CacheBinding extends GetOrSetOptions<never> {
  /** Put before every key, so that several uses share a cache. @default '' */
  readonly keyPrefix?: string | undefined;
  /**
   * Whether the reads of one tick are sent together, a hundred in a request, and its writes as well; a read comes after the
   * writes of its key that were asked for before. @default true
   */
  readonly batching?: boolean | undefined;
  /**
   * Keeps values in this process as well: a hit costs no request. All callers get one value, frozen to its depths. `false`: not
   * in this cache, whatever the connection says. @default off
   */
  readonly nearCache?: NearCacheOptions | false | undefined;
  /**
   * How long a tag is remembered, in seconds, more than 0; fractions are rounded up. When it is forgotten, what carries it is
   * invalid. The same for all handles and processes of a cache. @default 86,400
   */
  readonly tagSeconds?: number | undefined;
  /** How values are stored. @default jsonCodec */
  readonly codec?: MomentoCodec | undefined;
  /**
   * A Standard Schema, such as one of Zod, Valibot or ArkType. It reads what the codec gives back, once for each caller, and what
   * it makes of that is the value. A stored value that does not fit is a miss; a loaded one is an error of the loader
   * (`MomentoLoadedValueError`), and one that is to be set is refused. @default none
   */
  readonly schema?: StandardSchema | undefined;
}

/** For adapters: direct operations, too, fail at once while the breaker is open, and reads keep to `cacheTimeoutSeconds`. */
export interface GuardedBinding extends CacheBinding {
  readonly isGuarded?: boolean | undefined;
}

/** Loads a value that is not cached. Stored unless it is `undefined`; `null` is a value. */
export type CacheLoader<T> = (context: CacheLoaderContext<T>) => T | Promise<T>;

/** Loads what is not cached of many. What it leaves out is not found. */
export type CacheBulkLoader<K extends string, T> = (
  keys: K[],
  context: Pick<CacheLoaderContext<T>, 'signal'>,
) => Iterable<readonly [K, T]> | Promise<Iterable<readonly [K, T]>>;

export interface CacheLoaderContext<T = unknown> {
  readonly key: string;
  /** Aborted when the loader's time is over, or when the app has shut down without this load having ended in time. */
  readonly signal: AbortSignal;
  /** What is cached and no longer fresh, as long as it may be handed out. */
  readonly previous?: { readonly value: T; readonly ageSeconds: number };
}

/** A value and where it comes from. */
export interface CacheEntry<T> {
  readonly value: T;
  /** `near`: kept in this process; `stale`: cached, and its fresh time is over. */
  readonly source: 'near' | 'cache' | 'stale' | 'loader';
  /** How long ago it was stored, in seconds; where that is known: a value without windows does not say. */
  readonly ageSeconds?: number;
  /**
   * Where this call has begun a refresh behind: resolves when that has ended, whatever came of it. What would be frozen after its
   * answer, as a function of AWS Lambda is, may wait for it.
   */
  readonly refreshed?: Promise<void>;
}
