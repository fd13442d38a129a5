import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { itemId } from '../flights/flight.js';
import { GatheredLoader } from '../loaders/gathered-loader.js';
import { MomentoBulkLoadError } from '../loaders/loader.errors.js';
import { type CacheArguments, namedTags } from '../options/cache-arguments.js';
import type { CacheBulkLoader, CacheEntry, CacheLoader, GetOrSetOptions } from '../options/cache.options.js';
import type { CachePolicy } from '../options/cache-policy.js';
import type { CacheStore } from '../remote/cache-store.js';
import { markerKeysOf } from '../tags/marker.js';
import type { Near } from '../near/handle-near.js';
import { handOut } from '../near/shareable.js';
import { type Answer, ageSecondsOf } from './answer.js';
import type { CacheContext } from './cache-context.js';
import type { ReadRequest } from './loading.js';
import { ReadThrough } from './read-through.js';
import { Together } from './together.js';
import type { CacheWatch } from '../statistics/cache-watch.js';

function entryOf<T>(
  value: T,
  source: CacheEntry<T>['source'],
  createdAtMs: number | undefined,
): CacheEntry<T> {
  return createdAtMs === undefined
    ? { value, source }
    : { value, source, ageSeconds: ageSecondsOf(createdAtMs) };
}

type Options = GetOrSetOptions<never> | undefined;

/** What reads the cache and loads what is missing. A failing cache counts as a miss. */
export class LoadOperations {
  readonly #arguments: CacheArguments;
  readonly #context: CacheContext;
  readonly #watch: CacheWatch;
  readonly #near: Near;
  readonly #reader: ReadThrough;
  readonly #bulkReader: ReadThrough;

  /** @param batching many keys are one request, whatever single ones are */
  constructor(store: CacheStore, batching: CacheStore, args: CacheArguments, context: CacheContext) {
    this.#arguments = args;
    this.#context = context;
    this.#watch = context.watchOf(args);
    this.#near = context.nearOf(args);
    this.#reader = new ReadThrough(store, args, context);
    this.#bulkReader = store === batching ? this.#reader : new ReadThrough(batching, args, context);
  }

  /** No async function: what is kept in this process costs one promise, and no options are looked at. */
  getOrSet<T>(key: string, loader: CacheLoader<T>, options: Options): Promise<T> {
    const near = this.#near.find(key);
    if (near !== undefined) return Promise.resolve(handOut(near.shareable) as T);
    const operation = this.#arguments.operation('getOrSet', key);
    return this.#get(operation, key, loader, options).then((answer) =>
      this.#reader.valueOf<T>(operation, answer),
    );
  }

  async getOrSetEntry<T>(key: string, loader: CacheLoader<T>, options: Options): Promise<CacheEntry<T>> {
    const near = this.#near.find(key);
    if (near !== undefined) return entryOf(handOut(near.shareable) as T, 'near', near.createdAtMs);
    const operation = this.#arguments.operation('getOrSetEntry', key);
    const answer = await this.#get(operation, key, loader, options);
    const copy = this.#reader.valueOf<T>(operation, answer);
    const value = copy instanceof Promise ? await copy : copy;
    const entry = entryOf(value, answer.source, answer.createdAtMs);
    const { refresh } = answer;
    if (refresh === undefined) return entry;
    return { ...entry, refreshed: Promise.allSettled([refresh]).then(() => undefined) };
  }

  async #get<T>(
    operation: MomentoOperation,
    key: string,
    loader: CacheLoader<T>,
    options: Options,
  ): Promise<Answer> {
    const policy = this.#arguments.policyOf(operation, options);
    return this.#reader.get(this.#request(operation, key, policy, loader as CacheLoader<unknown>));
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
    const nearHits = uniqueKeys.map((key) => this.#near.find(key));
    const answers = await Promise.allSettled(
      requests.map(async (request, index) => {
        const near = nearHits[index];
        if (near !== undefined) return handOut(near.shareable);
        const answer = await this.#bulkReader.get(request);
        return this.#bulkReader.valueOf(operation, answer);
      }),
    );
    const found = new Map<K, T>();
    const failures: unknown[] = [];
    for (const [index, answer] of answers.entries()) {
      const key = uniqueKeys[index];
      if (answer.status === 'rejected') failures.push(answer.reason);
      else if (key !== undefined && answer.value !== undefined) found.set(key, answer.value as T);
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
    const item = itemId(operation.cacheName, fullKey);
    return { operation, key, fullKey, item, loader, policy, markerKeys: markerKeysOf(namedTags(policy)) };
  }
}
