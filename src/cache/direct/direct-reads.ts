import { handOut } from '../near/shareable.js';
import type { Near } from '../near/handle-near.js';
import { type CacheArguments, namedTags, toCacheError } from '../options/cache-arguments.js';
import type { CacheContext } from '../load/cache-context.js';
import type { CacheStore } from '../remote/cache-store.js';
import { markerKeysOf } from '../tags/marker.js';
import { TagMarkers } from '../tags/tag-markers.js';
import { FreshValues, type Reading } from './fresh-values.js';
import { naming } from './outcomes.js';

/** What reads Momento and tells the truth about it: each rejects with the `MomentoCacheError` of its operation. */
export class DirectReads {
  readonly #store: CacheStore;
  readonly #arguments: CacheArguments;
  readonly #near: Near;
  readonly #tags: TagMarkers;
  readonly #freshValues: FreshValues;
  /** Of the handle's tags, which are read with each value. */
  readonly #markerKeys: readonly string[];

  constructor(store: CacheStore, args: CacheArguments, context: CacheContext) {
    this.#store = store;
    this.#arguments = args;
    this.#near = context.nearOf(args);
    this.#tags = new TagMarkers(store, context.tagsOf(args.cacheName), args.tagSeconds);
    this.#freshValues = new FreshValues(args, this.#tags, context);
    this.#markerKeys = markerKeysOf(namedTags(args.policy));
  }

  get<T>(key: string): Promise<T | undefined> {
    // No async function, and one promise: an app's busiest call.
    const near = this.#near.find(key);
    if (near !== undefined) return Promise.resolve(handOut(near.shareable) as T);
    const reading = this.#readingOf('get', key);
    if (this.#markerKeys.length > 0) return naming(reading.operation, this.#getWithTags<T>(reading));
    return this.#store.getThen(reading.fullKey, (outcome) => {
      if ('thrown' in outcome) throw toCacheError(reading.operation, outcome.thrown);
      return this.#freshValues.read<T>(reading, outcome.value);
    });
  }

  async #getWithTags<T>(reading: Reading): Promise<T | undefined> {
    const { stored, markers } = await this.#tags.readWith([reading.fullKey], this.#markerKeys);
    const all = await this.#freshValues.markersOf(stored, markers);
    return this.#freshValues.readWith<T>(reading, stored[0], all);
  }

  async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    const operation = this.#arguments.operation('getMany');
    const uniqueKeys = [...new Set(keys)];
    for (const key of uniqueKeys) this.#arguments.fullKey(operation, key);
    const nears = uniqueKeys.map((key) => this.#near.find(key));
    const readings = uniqueKeys.flatMap((key, index) =>
      nears[index] === undefined ? [this.#readingOf('getMany', key)] : [],
    );
    const read = await naming(operation, this.#readMany<T>(readings));
    const values = read.values();
    const hits = new Map<string, T>();
    for (const [index, key] of uniqueKeys.entries()) {
      const near = nears[index];
      const value = near === undefined ? values.next().value : (handOut(near.shareable) as T);
      if (value !== undefined) hits.set(key, value);
    }
    return hits;
  }

  async #readMany<T>(readings: readonly Reading[]): Promise<(T | undefined)[]> {
    const fullKeys = readings.map(({ fullKey }) => fullKey);
    const { stored, markers } = await this.#tags.readWith(fullKeys, this.#markerKeys);
    const all = await this.#freshValues.markersOf(stored, markers);
    return Promise.all(
      readings.map(async (reading, index) => this.#freshValues.readWith<T>(reading, stored[index], all)),
    );
  }

  async has(key: string): Promise<boolean> {
    const operation = this.#arguments.operation('has', key);
    return naming(operation, this.#store.has(this.#arguments.fullKey(operation, key)));
  }

  #readingOf(name: 'get' | 'getMany', key: string): Reading {
    const operation = this.#arguments.operation(name, name === 'get' ? key : undefined);
    const fullKey = this.#arguments.fullKey(operation, key);
    return {
      operation,
      key,
      fullKey,
      epoch: this.#tags.changes.epoch,
      keep: this.#near.begin(fullKey),
    };
  }
}
