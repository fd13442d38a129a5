import type { CallOutcome } from '../../../clients/sdk/sdk-answer.js';
import type { CacheStore, HashedValue, StoreItem } from '../cache-store.js';
import { type Breaker, isOutage } from './breaker.js';

/**
 * The same store, which tells the breaker how its calls end; it makes them whatever the breaker says. To be put under
 * batching: over it, one batch that fails would be a failure for each of its keys.
 */
export function observed(store: CacheStore, breaker: Breaker): CacheStore {
  return new ObservedStore(store, breaker);
}

class ObservedStore implements CacheStore {
  readonly #store: CacheStore;
  readonly #breaker: Breaker;

  constructor(store: CacheStore, breaker: Breaker) {
    this.#store = store;
    this.#breaker = breaker;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#watch(this.#store.get(key));
  }

  getMany(keys: readonly string[]): Promise<readonly CallOutcome<Uint8Array | undefined>[]> {
    return this.#watchMany(this.#store.getMany(keys));
  }

  has(key: string): Promise<boolean> {
    return this.#watch(this.#store.has(key));
  }

  set(item: StoreItem): Promise<void> {
    return this.#watch(this.#store.set(item));
  }

  setMany(items: readonly StoreItem[]): Promise<readonly CallOutcome<void>[]> {
    return this.#watchMany(this.#store.setMany(items));
  }

  delete(key: string): Promise<void> {
    return this.#watch(this.#store.delete(key));
  }

  increment(key: string, amount: number, ttlSeconds: number | undefined): Promise<number> {
    return this.#watch(this.#store.increment(key, amount, ttlSeconds));
  }

  setIfAbsent(item: StoreItem): Promise<boolean> {
    return this.#watch(this.#store.setIfAbsent(item));
  }

  getWithHash(key: string): Promise<HashedValue | undefined> {
    return this.#watch(this.#store.getWithHash(key));
  }

  setIfAbsentOrHashEqual(item: StoreItem, hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#watch(this.#store.setIfAbsentOrHashEqual(item, hash));
  }

  setIfPresentAndHashEqual(item: StoreItem, hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#watch(this.#store.setIfPresentAndHashEqual(item, hash));
  }

  /** The call itself, so that it costs its caller no promise; the breaker knows before the caller does. */
  #watch<T>(call: Promise<T>): Promise<T> {
    const { epoch } = this.#breaker;
    void call.then(this.#succeeded, (error: unknown) => this.#ended(isOutage(error), epoch));
    return call;
  }

  /** One outcome for the whole answer: while any key is answered, Momento is there. */
  #watchMany<T>(call: Promise<readonly CallOutcome<T>[]>): Promise<readonly CallOutcome<T>[]> {
    const { epoch } = this.#breaker;
    void call.then((outcomes) => this.#endedMany(outcomes, epoch));
    return call;
  }

  readonly #succeeded = () => this.#breaker.succeeded();

  #endedMany(outcomes: readonly CallOutcome<unknown>[], epoch: number): void {
    // Nothing was asked for nothing.
    if (outcomes.length > 0) this.#ended(outcomes.every(isLost), epoch);
  }

  #ended(isFailure: boolean, epoch: number): void {
    if (isFailure) this.#breaker.failed(epoch);
    else this.#breaker.succeeded();
  }
}

function isLost(outcome: CallOutcome<unknown>): boolean {
  return 'thrown' in outcome && isOutage(outcome.thrown);
}
