import type { CallOutcome } from '../../clients/sdk/sdk-answer.js';
import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { type CacheArguments, toCacheError } from '../options/cache-arguments.js';
import { invalidArgument } from '../options/cache-call.js';
import type { CacheContext } from '../load/cache-context.js';
import type { CacheSetOptions } from '../options/cache.options.js';
import { freshValueIn } from '../entry/fresh-value.js';
import { packValue } from '../entry/pack.js';
import { itemId } from '../flights/flight.js';
import type { CacheStore, StoreItem } from '../remote/cache-store.js';
import type { CacheWatch } from '../statistics/cache-watch.js';
import { longestLifeSeconds } from '../options/cache-policy.js';
import { wholeSeconds } from '../options/ttl.js';

/** What reads and writes Momento and tells the truth about it: each rejects with the `MomentoCacheError` of its operation. */
export class DirectOperations {
  readonly #store: CacheStore;
  readonly #arguments: CacheArguments;
  readonly #context: CacheContext;
  readonly #watch: CacheWatch;

  constructor(store: CacheStore, args: CacheArguments, context: CacheContext) {
    this.#store = store;
    this.#arguments = args;
    this.#context = context;
    this.#watch = context.watchOf(args);
  }

  get<T>(key: string): Promise<T | undefined> {
    // No async function, and one promise: an app's busiest call.
    const operation = this.#arguments.operation('get', key);
    return this.#store.get(this.#arguments.fullKey(operation, key)).then(
      (stored) => this.#freshValue<T>(operation, key, stored),
      (error: unknown) => {
        throw toCacheError(operation, error);
      },
    );
  }

  async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    const operation = this.#arguments.operation('getMany');
    const uniqueKeys = [...new Set(keys)];
    const fullKeys = uniqueKeys.map((key) => this.#arguments.fullKey(operation, key));
    const outcomes = await this.#store.getMany(fullKeys);
    const hits = new Map<string, T>();
    const found = valuesOf(operation, outcomes);
    for (const [index, key] of uniqueKeys.entries()) {
      const value = this.#freshValue<T>(operation, key, found[index]);
      if (value !== undefined) hits.set(key, value);
    }
    return hits;
  }

  async has(key: string): Promise<boolean> {
    const operation = this.#arguments.operation('has', key);
    return naming(operation, this.#store.has(this.#arguments.fullKey(operation, key)));
  }

  async set<T>(key: string, value: T, options: CacheSetOptions<T> | undefined): Promise<void> {
    const operation = this.#arguments.operation('set', key);
    const item = this.#itemOf(operation, key, value, options);
    await this.#writing(operation, [item.key], () => this.#store.set(item));
  }

  async setMany<T>(
    entries: Iterable<readonly [string, T]>,
    options: CacheSetOptions<T> | undefined,
  ): Promise<void> {
    const operation = this.#arguments.operation('setMany');
    const items = Array.from(new Map(entries), ([key, value]) =>
      this.#itemOf(operation, key, value, options),
    );
    const keys = items.map(({ key }) => key);
    await this.#writing(operation, keys, async () => valuesOf(operation, await this.#store.setMany(items)));
  }

  async setIfAbsent<T>(key: string, value: T, options: CacheSetOptions<T> | undefined): Promise<boolean> {
    const operation = this.#arguments.operation('setIfAbsent', key);
    const item = this.#itemOf(operation, key, value, options);
    const change = this.#changing(operation, [item.key], () => this.#store.setIfAbsent(item));
    return naming(operation, change);
  }

  async delete(key: string): Promise<void> {
    await this.#deleteEach(this.#arguments.operation('delete', key), [key]);
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    await this.#deleteEach(this.#arguments.operation('deleteMany'), keys);
  }

  /** What fails is queued. @throws MomentoCacheError for wrong arguments alone */
  async evict(keys: readonly string[]): Promise<void> {
    const operation = this.#arguments.operation('evict', keys.length === 1 ? keys[0] : undefined);
    for (const key of keys) this.#arguments.fullKey(operation, key);
    await this.#deleteEach(operation, keys).catch((error: unknown) =>
      this.#context.degradations.warn('evict', error),
    );
  }

  async increment(
    key: string,
    amount: number,
    options: Pick<CacheSetOptions<number>, 'ttlSeconds'> | undefined,
  ): Promise<number> {
    const operation = this.#arguments.operation('increment', key);
    const fullKey = this.#arguments.fullKey(operation, key);
    const policy = this.#arguments.policyOf(operation, options);
    const ttlSeconds = this.#arguments.ttlSeconds(operation, amount, policy);
    if (!Number.isSafeInteger(amount))
      throw invalidArgument(operation, `the amount is ${amount}, not a whole number`);
    const ttl = ttlSeconds === undefined ? undefined : wholeSeconds(ttlSeconds);
    return this.#writing(operation, [fullKey], () => this.#store.increment(fullKey, amount, ttl));
  }

  #freshValue<T>(operation: MomentoOperation, key: string, stored: Uint8Array | undefined): T | undefined {
    const payload = stored === undefined ? undefined : freshValueIn(stored);
    const value = payload === undefined ? undefined : this.#arguments.decode<T>(operation, payload);
    this.#watch.asked(key, payload === undefined ? 'loader' : 'cache');
    return value;
  }

  #itemOf<T>(
    operation: MomentoOperation,
    key: string,
    value: T,
    options: CacheSetOptions<T> | undefined,
  ): StoreItem {
    const fullKey = this.#arguments.fullKey(operation, key);
    const policy = this.#arguments.policyOf(operation, options);
    const ttlSeconds = this.#arguments.ttlSeconds(operation, value, policy);
    const encoded = this.#arguments.encode(operation, value);
    return { key: fullKey, ...packValue(encoded, { policy, ttlSeconds, loadMs: 0 }) };
  }

  /** Deletes all at once; what fails is tried again until it holds. @throws MomentoCacheError the first failure */
  async #deleteEach(operation: MomentoOperation, keys: readonly string[]): Promise<void> {
    const items = [...new Set(keys)].map((key) => ({
      key,
      fullKey: this.#arguments.fullKey(operation, key),
    }));
    const { evictions } = this.#context;
    const lifeSeconds = longestLifeSeconds(this.#arguments.policy);
    const outcomes = await Promise.allSettled(
      items.map(async ({ key, fullKey }) => {
        const item = itemId(operation.cacheName, fullKey);
        const evict = async () => {
          await naming(
            operation,
            this.#changing(operation, [fullKey], () => this.#store.delete(fullKey)),
          );
          this.#watch.evicted(key);
        };
        try {
          await evict();
          evictions.cancel(item);
        } catch (error) {
          evictions.add(item, lifeSeconds, evict);
          throw error;
        }
      }),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** What is written is newer than what was to be evicted. */
  async #writing<R>(
    operation: MomentoOperation,
    fullKeys: readonly string[],
    write: () => Promise<R>,
  ): Promise<R> {
    const written = await naming(operation, this.#changing(operation, fullKeys, write));
    for (const key of fullKeys) this.#context.evictions.cancel(itemId(operation.cacheName, key));
    return written;
  }

  /** Nothing that is being loaded for the keys may overwrite the change. */
  #changing<R>(
    operation: MomentoOperation,
    fullKeys: readonly string[],
    change: () => Promise<R>,
  ): Promise<R> {
    const items = fullKeys.map((key) => itemId(operation.cacheName, key));
    return this.#context.flights.change(items, change);
  }
}

/** A failure of the store, as the error of the operation. */
function naming<R>(operation: MomentoOperation, work: Promise<R>): Promise<R> {
  return work.catch((error: unknown) => {
    throw toCacheError(operation, error);
  });
}

/** @throws MomentoCacheError the first failure */
function valuesOf<T>(operation: MomentoOperation, outcomes: readonly CallOutcome<T>[]): T[] {
  return outcomes.map((outcome) => {
    if ('thrown' in outcome) throw toCacheError(operation, outcome.thrown);
    return outcome.value;
  });
}
