import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { itemId } from '../flights/flight.js';
import { GatheredLoader } from '../loaders/gathered-loader.js';
import { MomentoBulkLoadError } from '../loaders/loader.errors.js';
import type { CacheArguments } from '../options/cache-arguments.js';
import type { CacheBulkLoader, CacheEntry, CacheLoader, GetOrSetOptions } from '../options/cache.options.js';
import type { CachePolicy } from '../options/cache-policy.js';
import type { CacheStore } from '../remote/cache-store.js';
import { ageSecondsOf } from './answer.js';
import type { CacheContext } from './cache-context.js';
import type { ReadRequest } from './loading.js';
import { ReadThrough } from './read-through.js';
import { Together } from './together.js';
import type { CacheWatch } from '../statistics/cache-watch.js';

type Options = GetOrSetOptions<never> | undefined;

/** What reads the cache and loads what is missing. A failing cache counts as a miss. */
export class LoadOperations {
  readonly #arguments: CacheArguments;
  readonly #context: CacheContext;
  readonly #watch: CacheWatch;
  readonly #reader: ReadThrough;
  readonly #bulkReader: ReadThrough;

  /** @param batching many keys are one request, whatever single ones are */
  constructor(store: CacheStore, batching: CacheStore, args: CacheArguments, context: CacheContext) {
    this.#arguments = args;
    this.#context = context;
    this.#watch = context.watchOf(args);
    this.#reader = new ReadThrough(store, args, context);
    this.#bulkReader = store === batching ? this.#reader : new ReadThrough(batching, args, context);
  }

  async getOrSet<T>(key: string, loader: CacheLoader<T>, options: Options): Promise<T> {
    const operation = this.#arguments.operation('getOrSet', key);
    const policy = this.#arguments.policyOf(operation, options);
    const request = this.#request(operation, key, policy, loader as CacheLoader<unknown>);
    const answer = await this.#reader.get(request);
    return this.#reader.valueOf<T>(operation, answer);
  }

  async getOrSetEntry<T>(key: string, loader: CacheLoader<T>, options: Options): Promise<CacheEntry<T>> {
    const operation = this.#arguments.operation('getOrSetEntry', key);
    const policy = this.#arguments.policyOf(operation, options);
    const request = this.#request(operation, key, policy, loader as CacheLoader<unknown>);
    const answer = await this.#reader.get(request);
    const { source, createdAtMs } = answer;
    const value = this.#reader.valueOf<T>(operation, answer);
    return createdAtMs === undefined
      ? { value, source }
      : { value, source, ageSeconds: ageSecondsOf(createdAtMs) };
  }

  /** `getOrSet` for each key, with a loader that gathers what one tick asks for. */
  async getOrSetMany<K extends string, T>(
    keys: readonly K[],
    loadMissing: CacheBulkLoader<K, T>,
    options: Options,
  ): Promise<Map<K, T>> {
    const operation = this.#arguments.operation('getOrSetMany');
    const gathered = new GatheredLoader(loadMissing, () => this.#context.loading.current, this.#watch);
    const policy = this.#arguments.policyOf(operation, options);
    const uniqueKeys = [...new Set(keys)];
    const together = new Together();
    const requests = uniqueKeys.map((key) => ({
      ...this.#request(operation, key, policy, (context) => gathered.load(key, context)),
      together,
    }));
    const answers = await Promise.allSettled(requests.map((request) => this.#bulkReader.get(request)));
    const found = new Map<K, T>();
    const failures: unknown[] = [];
    for (const [index, answer] of answers.entries()) {
      const key = uniqueKeys[index];
      if (answer.status === 'rejected') failures.push(answer.reason);
      else if (key !== undefined && answer.value.content.kind !== 'not-found')
        found.set(key, this.#bulkReader.valueOf<T>(operation, answer.value));
    }
    if (failures.length > 0) throw new MomentoBulkLoadError(failures.length, found, failures[0]);
    return found;
  }

  /** @throws MomentoCacheError for a wrong key */
  #request(
    operation: MomentoOperation,
    key: string,
    policy: CachePolicy,
    loader: CacheLoader<unknown>,
  ): ReadRequest {
    const fullKey = this.#arguments.fullKey(operation, key);
    return { operation, key, fullKey, item: itemId(operation.cacheName, fullKey), loader, policy };
  }
}
