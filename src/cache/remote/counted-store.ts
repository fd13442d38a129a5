import type { CallOutcome } from '../../clients/sdk/sdk-answer.js';
import type { CacheCounters } from '../statistics/cache-stats.js';
import { bytesOfItem, bytesOfKey } from './batch-size.js';
import type { CacheStore, HashedValue, StoreItem } from './cache-store.js';

/** Momento counts an operation for each of so many bytes that is begun. */
const bytesOfOperation = 1024;

/** The same store, which counts what is asked of Momento, however it answers. To be put under batching. */
export class CountedStore implements CacheStore {
  readonly #store: CacheStore;
  readonly #counters: CacheCounters;

  constructor(store: CacheStore, counters: CacheCounters) {
    this.#store = store;
    this.#counters = counters;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    this.#reads(key);
    const call = this.#store.get(key);
    void call.then((value) => this.#received(key, value), ignored);
    return call;
  }

  getMany(keys: readonly string[]): Promise<readonly CallOutcome<Uint8Array | undefined>[]> {
    for (const key of keys) this.#reads(key);
    const call = this.#store.getMany(keys);
    void call.then((outcomes) => this.#receivedMany(keys, outcomes), ignored);
    return call;
  }

  has(key: string): Promise<boolean> {
    this.#reads(key);
    return this.#store.has(key);
  }

  set(item: StoreItem): Promise<void> {
    this.#writes(bytesOfItem(item));
    return this.#store.set(item);
  }

  setMany(items: readonly StoreItem[]): Promise<readonly CallOutcome<void>[]> {
    for (const item of items) this.#writes(bytesOfItem(item));
    return this.#store.setMany(items);
  }

  delete(key: string): Promise<void> {
    this.#writes(bytesOfKey(key));
    return this.#store.delete(key);
  }

  increment(key: string, amount: number, ttlSeconds: number | undefined): Promise<number> {
    this.#writes(bytesOfKey(key));
    return this.#store.increment(key, amount, ttlSeconds);
  }

  setIfAbsent(item: StoreItem): Promise<boolean> {
    this.#writes(bytesOfItem(item), 2);
    return this.#store.setIfAbsent(item);
  }

  getWithHash(key: string): Promise<HashedValue | undefined> {
    this.#reads(key);
    const call = this.#store.getWithHash(key);
    void call.then((found) => this.#received(key, found?.bytes), ignored);
    return call;
  }

  setIfAbsentOrHashEqual(item: StoreItem, hash: Uint8Array): Promise<Uint8Array | undefined> {
    this.#writes(bytesOfItem(item));
    return this.#store.setIfAbsentOrHashEqual(item, hash);
  }

  setIfPresentAndHashEqual(item: StoreItem, hash: Uint8Array): Promise<Uint8Array | undefined> {
    this.#writes(bytesOfItem(item));
    return this.#store.setIfPresentAndHashEqual(item, hash);
  }

  #reads(key: string): void {
    this.#counters.reads += 1;
    this.#counters.estimatedOperations += operationsOf(bytesOfKey(key));
  }

  /** @param factor what the documentation multiplies this kind of write by */
  #writes(bytes: number, factor = 1): void {
    this.#counters.writes += 1;
    this.#counters.estimatedOperations += operationsOf(bytes) * factor;
  }

  #receivedMany(keys: readonly string[], outcomes: readonly CallOutcome<Uint8Array | undefined>[]): void {
    for (const [index, key] of keys.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined && 'value' in outcome) this.#received(key, outcome.value);
    }
  }

  /** What the value of a read adds to its key. */
  #received(key: string, value: Uint8Array | undefined): void {
    if (value === undefined) return;
    const bytes = bytesOfKey(key);
    this.#counters.estimatedOperations += operationsOf(bytes + value.length) - operationsOf(bytes);
  }
}

/** No request costs less than one. */
function operationsOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / bytesOfOperation));
}

/** The caller has it. */
function ignored(): void {}
