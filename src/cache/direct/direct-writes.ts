import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { type CacheArguments, toCacheError } from '../options/cache-arguments.js';
import { invalidArgument } from '../options/cache-call.js';
import type { CacheContext } from '../load/cache-context.js';
import type { CacheSetOptions, IncrementOptions } from '../options/cache.options.js';
import { itemId } from '../flights/flight.js';
import type { CacheStore } from '../remote/cache-store.js';
import type { CacheWatch } from '../statistics/cache-watch.js';
import { longestLifeSeconds } from '../options/cache-policy.js';
import { isTag } from '../options/tags.js';
import { wholeSeconds } from '../options/ttl.js';
import { type Marker, markerKeysOf } from '../tags/marker.js';
import { TagMarkers } from '../tags/tag-markers.js';
import { Drafts, isReady } from './drafts.js';
import { naming, valuesOf } from './outcomes.js';

/** What changes Momento and tells the truth about it: each rejects with the `MomentoCacheError` of its operation. */
export class DirectWrites {
  readonly #store: CacheStore;
  readonly #arguments: CacheArguments;
  readonly #context: CacheContext;
  readonly #watch: CacheWatch;
  readonly #tags: TagMarkers;
  readonly #drafts: Drafts;

  constructor(store: CacheStore, args: CacheArguments, context: CacheContext) {
    this.#store = store;
    this.#arguments = args;
    this.#context = context;
    this.#watch = context.watchOf(args);
    this.#tags = new TagMarkers(store, context.tagsOf(args.cacheName), args.tagSeconds);
    this.#drafts = new Drafts(args);
  }

  async set<T>(key: string, value: T, options: CacheSetOptions<T> | undefined): Promise<void> {
    const operation = this.#arguments.operation('set', key);
    const made = this.#drafts.of(operation, key, value, options);
    const draft = made instanceof Promise ? await made : made;
    await this.#writing(operation, [draft.key], () =>
      this.#withMarkers(draft.markerKeys, (markers) => this.#store.set(draft.item(markers))),
    );
  }

  async setMany<T>(
    entries: Iterable<readonly [string, T]>,
    options: CacheSetOptions<T> | undefined,
  ): Promise<void> {
    const operation = this.#arguments.operation('setMany');
    const made = this.#drafts.ofMany(operation, new Map(entries), options);
    const drafts = made.every(isReady) ? made : await Promise.all(made.map(async (draft) => draft));
    const keys = drafts.map(({ key }) => key);
    const markerKeys = drafts.flatMap((draft) => draft.markerKeys);
    await this.#writing(operation, keys, () =>
      this.#withMarkers(markerKeys, async (markers) => {
        const items = drafts.map(({ item }) => item(markers));
        return valuesOf(operation, await this.#store.setMany(items));
      }),
    );
  }

  async setIfAbsent<T>(key: string, value: T, options: CacheSetOptions<T> | undefined): Promise<boolean> {
    const operation = this.#arguments.operation('setIfAbsent', key);
    const made = this.#drafts.of(operation, key, value, options);
    const draft = made instanceof Promise ? await made : made;
    const change = () =>
      this.#withMarkers(draft.markerKeys, (markers) => this.#store.setIfAbsent(draft.item(markers)));
    return naming(operation, this.#changing(operation, [draft.key], change));
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

  async increment(key: string, amount: number, options: IncrementOptions | undefined): Promise<number> {
    const operation = this.#arguments.operation('increment', key);
    const fullKey = this.#arguments.fullKey(operation, key);
    const policy = this.#arguments.policyOf(operation, options);
    const ttlSeconds = this.#arguments.ttlSeconds(operation, amount, policy);
    if (!Number.isSafeInteger(amount))
      throw invalidArgument(operation, `the amount is ${amount}, not a whole number`);
    const ttl = ttlSeconds === undefined ? undefined : wholeSeconds(ttlSeconds);
    return this.#writing(operation, [fullKey], () => this.#store.increment(fullKey, amount, ttl));
  }

  /** What fails is queued. @throws MomentoCacheError for wrong arguments alone */
  async invalidateTags(tags: readonly string[]): Promise<void> {
    const operation = this.#arguments.operation('invalidateTags', tags.length === 1 ? tags[0] : undefined);
    if (!Array.isArray(tags) || !tags.every(isTag))
      throw invalidArgument(operation, 'a tag is not a filled string of whole characters');
    const [failure] = await this.#tags.invalidate(markerKeysOf(tags));
    if (failure !== undefined) this.#context.degradations.warn('evict', toCacheError(operation, failure));
  }

  /** The markers are read first, and made where there are none. Without tags it is written at once. */
  #withMarkers<R>(
    markerKeys: readonly string[],
    write: (markers: ReadonlyMap<string, Marker>) => Promise<R>,
  ): Promise<R> {
    return markerKeys.length === 0
      ? write(new Map())
      : this.#tags.marksFor([...new Set(markerKeys)]).then(write);
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
    return this.#context.change(operation.cacheName, fullKeys, change);
  }
}
