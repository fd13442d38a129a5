import type { CacheClient } from '@gomomento/sdk';
import { printed, printing } from '../foundation/text/printed.js';
import { bindParts, type Parts } from './cache-parts.js';
import { CacheCollections } from './handles/collections/collections.js';
import { CacheLock } from './handles/lock/lock.js';
import { CacheRateLimit, type RateLimitOptions } from './handles/rate-limit.js';
import { CacheContext } from './load/cache-context.js';
import { CacheArguments, checkCacheName } from './options/cache-arguments.js';
import type {
  CacheBinding,
  CacheBulkLoader,
  CacheEntry,
  CacheLoader,
  CacheSetOptions,
  GetOrSetOptions,
  IncrementOptions,
} from './options/cache.options.js';
import type { CacheEvent, CacheListener } from './statistics/cache-events.js';
import type { CacheStats } from './statistics/cache-stats.js';

/**
 * A cache: typed values, a TTL, and loading with one call for however many callers.
 * Direct operations reject with a `MomentoCacheError` when Momento fails; `getOrSet` and what stands on it never do.
 *
 * @example
 * const user = await cache.getOrSet(`user:${id}`, () => users.load(id), { ttlSeconds: 60 });
 */
export class CacheService {
  readonly #client: CacheClient;
  readonly #arguments: CacheArguments;
  readonly #context: CacheContext;
  #bound: Parts | undefined;

  /** @param context what the caches of a connection share; left out in a unit test */
  constructor(
    client: CacheClient,
    cacheName: string | undefined,
    binding: CacheBinding = {},
    context: CacheContext = new CacheContext(),
  ) {
    this.#client = client;
    this.#arguments = new CacheArguments(cacheName, binding, context.defaults);
    this.#context = context;
  }

  /** @throws MomentoConfigurationError `cache-name-missing` when the connection was set up without one */
  get cacheName(): string {
    return this.#arguments.cacheName;
  }

  /** Another cache of the same connection, with keys, defaults and codec of its own. @throws MomentoConfigurationError for no name */
  cache(cacheName: string, binding: CacheBinding = {}): CacheService {
    checkCacheName(cacheName);
    return new CacheService(this.#client, cacheName, binding, this.#context);
  }

  /** @internal */
  get arguments(): CacheArguments {
    return this.#arguments;
  }

  /** A value that is fresh; `undefined` when there is none (a miss). @throws MomentoCacheError */
  get<T>(key: string): Promise<T | undefined> {
    try {
      return this.#parts.reads.get<T>(key);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @throws MomentoCacheError */
  async set<T>(key: string, value: T, options?: CacheSetOptions<T>): Promise<void> {
    return this.#parts.writes.set(key, value, options);
  }

  /**
   * Stores where nothing is.
   *
   * @returns whether it was stored
   * @throws MomentoCacheError
   */
  async setIfAbsent<T>(key: string, value: T, options?: CacheSetOptions<T>): Promise<boolean> {
    return this.#parts.writes.setIfAbsent(key, value, options);
  }

  /**
   * Deletes the item, if there is one. A value that `getOrSet` is loading meanwhile is not stored afterwards.
   * @throws MomentoCacheError; it is queued then as well, and tried again as `evict` does
   */
  async delete(key: string): Promise<void> {
    return this.#parts.writes.delete(key);
  }

  /** Deletes many items. Not atomic: some may have been deleted when it rejects. @throws MomentoCacheError the first failure */
  async deleteMany(keys: readonly string[]): Promise<void> {
    return this.#parts.writes.deleteMany(keys);
  }

  /**
   * Deletes in the background of a request: what Momento does not carry out is tried again, after 2 s and then twice as long
   * each time, until it holds or the item must be gone by its TTL. A later write of the key in this process cancels it.
   *
   * @returns when it is done or queued @throws MomentoCacheError for wrong arguments alone
   */
  async evict(keys: string | readonly string[]): Promise<void> {
    return this.#parts.writes.evict(typeof keys === 'string' ? [keys] : keys);
  }

  /**
   * Makes every value of this cache invalid that carries one of the tags, whatever the prefix of its handle. As `evict` does, it
   * tries again what fails; until it holds such values are as good as gone in this process. Rejects for wrong arguments alone.
   */
  async invalidateTags(tags: string | readonly string[]): Promise<void> {
    return this.#parts.writes.invalidateTags(typeof tags === 'string' ? [tags] : tags);
  }

  /** Whether Momento has something under the key, fresh or not. @throws MomentoCacheError */
  async has(key: string): Promise<boolean> {
    return this.#parts.reads.has(key);
  }

  /**
   * Reads many keys, a hundred in a call.
   *
   * @returns the hits, in the order of the keys
   * @throws MomentoCacheError when a call or one of its items fails
   */
  async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    return this.#parts.reads.getMany<T>(keys);
  }

  /**
   * Writes many items, a hundred in a call; the last entry of a key wins. Not atomic: when it rejects, some of the items
   * may have been written.
   *
   * @throws MomentoCacheError when a call or one of its items fails
   */
  async setMany<T>(entries: Iterable<readonly [string, T]>, options?: CacheSetOptions<T>): Promise<void> {
    return this.#parts.writes.setMany(entries, options);
  }

  /**
   * Adds to a whole number; a missing item counts as 0. Windows do not apply: what is stored is a number as Momento has it.
   *
   * @param amount a whole number, negative to subtract
   * @returns the number afterwards
   * @throws MomentoCacheError `FAILED_PRECONDITION_ERROR` when what is stored is no whole number
   */
  async increment(key: string, amount = 1, options?: IncrementOptions): Promise<number> {
    return this.#parts.writes.increment(key, amount, options);
  }

  /**
   * The cached value, or the loader's, which is then stored. However many callers of this process ask for a key at once,
   * it is read, loaded and written once; each gets a copy of its own, as the codec gives it back; with a near cache all get
   * one frozen value.
   *
   * A failing cache counts as a miss: the loader's value is returned and a warning is logged. A failing loader rejects
   * for everyone who waits, and nothing is stored. What was loaded while the key was written or deleted is not stored.
   *
   * @throws what the loader throws; MomentoLoaderTimeoutError; MomentoReentrantLoadError when the loader asks for its own
   * key; a MomentoCacheError only for wrong arguments
   */
  getOrSet<T>(key: string, loader: CacheLoader<T>, options?: GetOrSetOptions<T>): Promise<T> {
    try {
      return this.#parts.loads.getOrSet(key, loader, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As `getOrSet`, with where the value comes from and how old it is. */
  async getOrSetEntry<T>(
    key: string,
    loader: CacheLoader<T>,
    options?: GetOrSetOptions<T>,
  ): Promise<CacheEntry<T>> {
    return this.#parts.loads.getOrSetEntry(key, loader, options);
  }

  /**
   * Reads many keys, and loads those that are missing with one call of the loader: it gets the keys that are neither cached
   * nor being loaded already. What it leaves out is not found.
   *
   * @returns what was found, in the order of the keys
   * @throws MomentoBulkLoadError when the loader fails, with what was found; a MomentoCacheError only for wrong arguments
   */
  async getOrSetMany<K extends string, T>(
    keys: readonly K[],
    loadMissing: CacheBulkLoader<K, T>,
    options?: GetOrSetOptions<T>,
  ): Promise<Map<K, T>> {
    return this.#parts.loads.getOrSetMany(keys, loadMissing, options);
  }

  /**
   * One holder in all processes, nearly always: a process that stands still may hold it beyond its lease. Where two at once would
   * do harm, let the resource refuse a `fencingNumber` smaller than one that it has seen.
   *
   * @throws MomentoCacheError when the name is not a filled string
   */
  lock(name: string): CacheLock {
    return new CacheLock(this.#parts.handles, name);
  }

  /**
   * A limit that all processes share, for one request a check.
   *
   * @throws MomentoCacheError when the name or the options are wrong
   */
  rateLimit(name: string, options: RateLimitOptions): CacheRateLimit {
    return new CacheRateLimit(this.#parts.handles, name, options);
  }

  /** Dictionaries, lists, sets and sorted sets by name. What does not exist is empty. */
  get collections(): CacheCollections {
    return new CacheCollections(this.#parts.handles);
  }

  /** Counts of this cache since the connection was made, by whatever handles: those with other prefixes are in them. */
  stats(): CacheStats {
    return this.#context.statsOf(this.#client, this.cacheName);
  }

  /**
   * Calls the listener at each such event of this cache, by whatever handle, until `off` or the end of the connection. It is
   * called in the middle of a call, so let it be short. One that throws or rejects is logged and counted.
   */
  on<E extends CacheEvent>(event: E, listener: CacheListener<E>): this {
    this.#context.records.of(this.cacheName).listeners.on(event, listener);
    return this;
  }

  /** Ends what `on` began, on this handle or on another one of the cache. */
  off<E extends CacheEvent>(event: E, listener: CacheListener<E>): this {
    this.#context.records.of(this.cacheName).listeners.off(event, listener);
    return this;
  }

  /** @internal */
  [printing](_depth: number, options: object): string {
    return printed('CacheService', () => ({ cacheName: this.cacheName, ...this.stats() }), options);
  }

  /** Made at the first call: a handle without the name of a cache fails there, not where it is injected. */
  get #parts(): Parts {
    this.#bound ??= bindParts(this.#client, this.#arguments, this.#context);
    return this.#bound;
  }
}
