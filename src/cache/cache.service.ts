import { type CacheClient, CacheGetResponse, CacheSetResponse } from '@gomomento/sdk';
import { MomentoCacheError, type MomentoOperation } from '../foundation/momento.errors.js';
import { CacheArguments, checkCacheName } from './cache-arguments.js';
import { batchCalls, cacheCall, invalidArgument } from './cache-call.js';
import {
  type CacheBinding,
  type CacheContext,
  type CacheLoader,
  type CacheSetOptions,
  createCacheContext,
  type GetOrSetOptions,
} from './cache.options.js';
import { type Flight, itemId } from './single-flight.js';

/**
 * A cache: typed values, a TTL, and loading with one call for however many callers.
 *
 * Direct operations reject with a `MomentoCacheError` when Momento fails; `getOrSet` never does.
 *
 * @example
 * const user = await cache.getOrSet(`user:${id}`, () => users.load(id), { ttlSeconds: 60 });
 */
export class CacheService {
  readonly #client: CacheClient;
  readonly #arguments: CacheArguments;
  readonly #context: CacheContext;

  /** @param context what the caches of a connection share; left out in a unit test */
  constructor(
    client: CacheClient,
    cacheName: string | undefined,
    binding: CacheBinding = {},
    context: CacheContext = createCacheContext(),
  ) {
    this.#client = client;
    this.#arguments = new CacheArguments(cacheName, binding);
    this.#context = context;
  }

  /** @throws MomentoConfigurationError `cache-name-missing` when the connection was set up without one */
  get cacheName(): string {
    return this.#arguments.cacheName;
  }

  /**
   * Another cache of the same connection, with keys, TTL and codec of its own.
   *
   * @throws MomentoConfigurationError `cache-name-missing` when the name is empty
   */
  cache(cacheName: string, binding: CacheBinding = {}): CacheService {
    checkCacheName(cacheName);
    return new CacheService(this.#client, cacheName, binding, this.#context);
  }

  /**
   * @returns the value; `undefined` when there is none (a miss)
   * @throws MomentoCacheError
   */
  get<T>(key: string): Promise<T | undefined> {
    // No async function, and one promise: an app's busiest call.
    try {
      const operation = this.#arguments.operation('get', key);
      const fullKey = this.#arguments.fullKey(operation, key);
      const call = cacheCall(operation, this.#client.get(operation.cacheName, fullKey));
      return call.then((response) =>
        response.type === CacheGetResponse.Hit ? this.#arguments.decode<T>(operation, response) : undefined,
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @throws MomentoCacheError */
  async set<T>(key: string, value: T, options: CacheSetOptions = {}): Promise<void> {
    const operation = this.#arguments.operation('set', key);
    const fullKey = this.#arguments.fullKey(operation, key);
    const ttl = this.#arguments.ttl(operation, options);
    const encoded = this.#arguments.encode(operation, value);
    await this.#changing([fullKey], () =>
      cacheCall(operation, this.#client.set(operation.cacheName, fullKey, encoded, ttl)),
    );
  }

  /**
   * Deletes the item, if there is one. A value that `getOrSet` is loading meanwhile is not stored afterwards.
   *
   * @throws MomentoCacheError
   */
  async delete(key: string): Promise<void> {
    const operation = this.#arguments.operation('delete', key);
    const fullKey = this.#arguments.fullKey(operation, key);
    await this.#changing([fullKey], () =>
      cacheCall(operation, this.#client.delete(operation.cacheName, fullKey)),
    );
  }

  /** @throws MomentoCacheError */
  async has(key: string): Promise<boolean> {
    const operation = this.#arguments.operation('has', key);
    const fullKey = this.#arguments.fullKey(operation, key);
    const response = await cacheCall(operation, this.#client.keyExists(operation.cacheName, fullKey));
    return response.exists();
  }

  /**
   * Reads many keys, a hundred in a call.
   *
   * @returns the hits, in the order of the keys
   * @throws MomentoCacheError when a call or one of its items fails
   */
  async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    const operation = this.#arguments.operation('getMany');
    const uniqueKeys = [...new Set(keys)];
    const fullKeys = uniqueKeys.map((key) => this.#arguments.fullKey(operation, key));
    const results = await batchCalls(operation, fullKeys, (batch) =>
      this.#client.getBatch(operation.cacheName, batch),
    );
    const hits = new Map<string, T>();
    for (const [index, key] of uniqueKeys.entries()) {
      const result = results[index];
      if (result?.type === CacheGetResponse.Error)
        throw MomentoCacheError.fromSdk(operation, result.innerException());
      if (result?.type === CacheGetResponse.Hit) hits.set(key, this.#arguments.decode<T>(operation, result));
    }
    return hits;
  }

  /**
   * Writes many items, a hundred in a call; the last entry of a key wins. Not atomic: when it rejects, some of the items
   * may have been written.
   *
   * @throws MomentoCacheError when a call or one of its items fails
   */
  async setMany<T>(entries: Iterable<readonly [string, T]>, options: CacheSetOptions = {}): Promise<void> {
    const operation = this.#arguments.operation('setMany');
    const ttl = this.#arguments.ttl(operation, options);
    const items = Array.from(new Map(entries), ([key, value]) => ({
      key: this.#arguments.fullKey(operation, key),
      value: this.#arguments.encode(operation, value),
      ...ttl,
    }));
    const write = () =>
      batchCalls(operation, items, (batch) => this.#client.setBatch(operation.cacheName, batch));
    const keys = items.map(({ key }) => key);
    const results = await this.#changing(keys, write);
    for (const result of results) {
      if (result.type === CacheSetResponse.Error)
        throw MomentoCacheError.fromSdk(operation, result.innerException());
    }
  }

  /**
   * Adds to a whole number; a missing item counts as 0.
   *
   * @param amount a whole number, negative to subtract
   * @returns the number afterwards
   * @throws MomentoCacheError `FAILED_PRECONDITION_ERROR` when what is stored is no whole number
   */
  async increment(key: string, amount = 1, options: CacheSetOptions = {}): Promise<number> {
    const operation = this.#arguments.operation('increment', key);
    const fullKey = this.#arguments.fullKey(operation, key);
    const ttl = this.#arguments.ttl(operation, options);
    if (!Number.isSafeInteger(amount))
      throw invalidArgument(operation, `the amount is ${amount}, not a whole number`);
    const response = await this.#changing([fullKey], () =>
      cacheCall(operation, this.#client.increment(operation.cacheName, fullKey, amount, ttl)),
    );
    return response.value();
  }

  /**
   * The cached value, or the loader's, which is then stored. However many callers of this process ask for a key at once,
   * it is read, loaded and written once, and all get the same object: treat it as read-only.
   *
   * A failing cache counts as a miss: the loader's value is returned and a warning is logged. A failing loader rejects
   * for everyone who waits, and nothing is stored. What was loaded while the key was written or deleted is not stored.
   *
   * @throws what the loader throws; a MomentoCacheError only for wrong arguments
   */
  async getOrSet<T>(key: string, loader: CacheLoader<T>, options: GetOrSetOptions = {}): Promise<T> {
    const operation = this.#arguments.operation('getOrSet', key);
    const fullKey = this.#arguments.fullKey(operation, key);
    const ttl = this.#arguments.ttl(operation, options);
    const { flights, signal, inFlight } = this.#context;
    const load = async (flight: Flight<T>): Promise<T> => {
      const cached = await this.#read<T>(operation, fullKey);
      if (cached.value !== undefined) return cached.value;
      const value = await loader({ key, signal });
      if (cached.answered && value !== undefined && !flight.isOutdated) {
        flight.storing = this.#store(operation, fullKey, value, ttl);
        await flight.storing;
      }
      return value;
    };
    return flights.run<T>(this.#item(fullKey), this.#arguments.codec, (flight) =>
      inFlight.track(() => load(flight)),
    );
  }

  /** Never rejects. A cache that did not answer is not asked to store either: its time limit would be waited for twice. */
  async #read<T>(operation: MomentoOperation, fullKey: string): Promise<{ answered: boolean; value?: T }> {
    let answered = false;
    try {
      const response = await cacheCall(operation, this.#client.get(operation.cacheName, fullKey));
      answered = true;
      return response.type === CacheGetResponse.Hit
        ? { answered, value: this.#arguments.decode<T>(operation, response) }
        : { answered };
    } catch (error) {
      this.#context.degradations.warn('read', error);
      return { answered };
    }
  }

  /** Never rejects. */
  async #store(
    operation: MomentoOperation,
    fullKey: string,
    value: unknown,
    ttl: { ttl?: number },
  ): Promise<void> {
    try {
      const encoded = this.#arguments.encode(operation, value);
      await cacheCall(operation, this.#client.set(operation.cacheName, fullKey, encoded, ttl));
    } catch (error) {
      this.#context.degradations.warn('store', error);
    }
  }

  /** Nothing that is being loaded for the keys may overwrite the change. */
  #changing<R>(fullKeys: readonly string[], change: () => Promise<R>): Promise<R> {
    return this.#context.flights.change(
      fullKeys.map((key) => this.#item(key)),
      change,
    );
  }

  #item(fullKey: string): string {
    return itemId(this.cacheName, fullKey);
  }
}
