import { type CallOutcome, finish } from '../../../clients/sdk/sdk-answer.js';
import type { CacheCounters } from '../../statistics/cache-stats.js';
import { bytesOfItem, bytesOfKey } from '../batch-size.js';
import type { CacheStore, HashedValue, ReadContinuation, StoreItem } from '../cache-store.js';
import { type Breaker, isOutage } from './breaker.js';

/** Momento counts an operation for each of so many bytes that is begun. */
const bytesOfOperation = 1024;

/** Who is told of what a store is asked, and how it answers. */
export interface StoreObservers {
  readonly breaker: Breaker;
  readonly counters: CacheCounters;
}

type Stored = Uint8Array | undefined;

/**
 * The same store, which tells the breaker whether Momento answers, and counts what is asked of it, however it answers. Every call
 * is made, also while the breaker is open: who may ask is for its callers to see. To be put under batching.
 */
export class ObservedStore implements CacheStore {
  readonly #store: CacheStore;
  readonly #breaker: Breaker;
  readonly #counters: CacheCounters;

  constructor(store: CacheStore, { breaker, counters }: StoreObservers) {
    this.#store = store;
    this.#breaker = breaker;
    this.#counters = counters;
  }

  get(key: string): Promise<Stored> {
    return this.getThen(key, finish);
  }

  getThen<T>(key: string, then: ReadContinuation<T>): Promise<T> {
    const keyBytes = this.#reads(key);
    const { epoch } = this.#breaker;
    return this.#store.getThen(key, (outcome) => {
      if ('value' in outcome) this.#received(keyBytes, outcome.value);
      this.#ended(isLost(outcome), epoch);
      return then(outcome);
    });
  }

  getMany(keys: readonly string[]): Promise<readonly CallOutcome<Stored>[]> {
    for (const key of keys) this.#reads(key);
    return this.#watchMany(this.#store.getMany(keys), (outcomes) => this.#receivedMany(keys, outcomes));
  }

  has(key: string): Promise<boolean> {
    this.#reads(key);
    return this.#watch(this.#store.has(key));
  }

  set(item: StoreItem): Promise<void> {
    this.#writes(bytesOfItem(item));
    return this.#watch(this.#store.set(item));
  }

  setMany(items: readonly StoreItem[]): Promise<readonly CallOutcome<void>[]> {
    for (const item of items) this.#writes(bytesOfItem(item));
    return this.#watchMany(this.#store.setMany(items));
  }

  delete(key: string): Promise<void> {
    this.#writes(bytesOfKey(key));
    return this.#watch(this.#store.delete(key));
  }

  increment(key: string, amount: number, ttlSeconds: number | undefined): Promise<number> {
    this.#writes(bytesOfKey(key));
    return this.#watch(this.#store.increment(key, amount, ttlSeconds));
  }

  setIfAbsent(item: StoreItem): Promise<boolean> {
    this.#writes(bytesOfItem(item), 2);
    return this.#watch(this.#store.setIfAbsent(item));
  }

  getWithHash(key: string): Promise<HashedValue | undefined> {
    const keyBytes = this.#reads(key);
    return this.#watch(this.#store.getWithHash(key), (found) => this.#received(keyBytes, found?.bytes));
  }

  setIfAbsentOrHashEqual(item: StoreItem, hash: Uint8Array): Promise<Stored> {
    this.#writes(bytesOfItem(item));
    return this.#watch(this.#store.setIfAbsentOrHashEqual(item, hash));
  }

  setIfPresentAndHashEqual(item: StoreItem, hash: Uint8Array): Promise<Stored> {
    this.#writes(bytesOfItem(item));
    return this.#watch(this.#store.setIfPresentAndHashEqual(item, hash));
  }

  /** The call itself, so that it costs its caller no promise; the breaker knows before the caller does. */
  #watch<T>(call: Promise<T>, received?: (answer: T) => void): Promise<T> {
    const { epoch } = this.#breaker;
    void call.then(
      (answer) => {
        this.#breaker.succeeded();
        return received?.(answer);
      },
      (error: unknown) => this.#ended(isOutage(error), epoch),
    );
    return call;
  }

  /** One outcome for the whole answer: while any key is answered, Momento is there. */
  #watchMany<T>(
    call: Promise<readonly CallOutcome<T>[]>,
    received?: (outcomes: readonly CallOutcome<T>[]) => void,
  ): Promise<readonly CallOutcome<T>[]> {
    const { epoch } = this.#breaker;
    void call.then((outcomes) => {
      // Nothing was asked for nothing.
      if (outcomes.length > 0) this.#ended(outcomes.every(isLost), epoch);
      return received?.(outcomes);
    });
    return call;
  }

  #ended(isFailure: boolean, epoch: number): void {
    if (isFailure) this.#breaker.failed(epoch);
    else this.#breaker.succeeded();
  }

  /** @returns the bytes of the key */
  #reads(key: string): number {
    const keyBytes = bytesOfKey(key);
    this.#counters.reads += 1;
    this.#counters.estimatedOperations += operationsOf(keyBytes);
    return keyBytes;
  }

  /** @param factor what the documentation multiplies this kind of write by */
  #writes(bytes: number, factor = 1): void {
    this.#counters.writes += 1;
    this.#counters.estimatedOperations += operationsOf(bytes) * factor;
  }

  #receivedMany(keys: readonly string[], outcomes: readonly CallOutcome<Stored>[]): void {
    for (const [index, key] of keys.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined && 'value' in outcome) this.#received(bytesOfKey(key), outcome.value);
    }
  }

  /** What the value of a read adds to its key. */
  #received(keyBytes: number, value: Stored): void {
    if (value === undefined) return;
    this.#counters.estimatedOperations += operationsOf(keyBytes + value.length) - operationsOf(keyBytes);
  }
}

/** No request costs less than one. */
function operationsOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / bytesOfOperation));
}

function isLost(outcome: CallOutcome<unknown>): boolean {
  return 'thrown' in outcome && isOutage(outcome.thrown);
}
