import { ServerUnavailableError, TimeoutError } from '@gomomento/sdk';
import { type CallOutcome, finish } from '../../../clients/sdk/sdk-answer.js';
import { withinTime } from '../../../foundation/time/pause.js';
import type { CacheStore, HashedValue, ReadContinuation, StoreItem } from '../cache-store.js';
import type { Breaker } from './breaker.js';

type Stored = Uint8Array | undefined;

/**
 * The same store for callers who would rather fail than wait, as `getOrSet` does: while the breaker is open nothing is asked, and
 * an answer is waited for as long as `cacheTimeoutSeconds` says. That a value is written is not: what comes late would change
 * what was read since.
 */
export class GuardedStore implements CacheStore {
  readonly #store: CacheStore;
  readonly #breaker: Breaker;
  readonly #limitSeconds: number | undefined;

  /** @param limitSeconds how long an answer is waited for @default the client's time limit */
  constructor(store: CacheStore, breaker: Breaker, limitSeconds: number | undefined) {
    this.#store = store;
    this.#breaker = breaker;
    this.#limitSeconds = limitSeconds;
  }

  get(key: string): Promise<Stored> {
    return this.getThen(key, finish);
  }

  async getThen<T>(key: string, then: ReadContinuation<T>): Promise<T> {
    if (!this.#breaker.allows()) return then({ thrown: notAsked() });
    if (this.#limitSeconds === undefined) return this.#store.getThen(key, then);
    return then(await this.#inTime(this.#store.getThen<CallOutcome<Stored>>(key, (outcome) => outcome)));
  }

  async getMany(keys: readonly string[]): Promise<readonly CallOutcome<Stored>[]> {
    if (!this.#breaker.allows()) return keys.map(() => ({ thrown: notAsked() }));
    const outcome = await this.#inTime(outcomeOf(this.#store.getMany(keys)));
    return 'value' in outcome ? outcome.value : keys.map(() => outcome);
  }

  async has(key: string): Promise<boolean> {
    this.#refuse();
    return finish(await this.#inTime(outcomeOf(this.#store.has(key))));
  }

  async set(item: StoreItem): Promise<void> {
    this.#refuse();
    return this.#store.set(item);
  }

  async setMany(items: readonly StoreItem[]): Promise<readonly CallOutcome<void>[]> {
    return this.#breaker.allows() ? this.#store.setMany(items) : items.map(() => ({ thrown: notAsked() }));
  }

  async delete(key: string): Promise<void> {
    this.#refuse();
    return this.#store.delete(key);
  }

  async increment(key: string, amount: number, ttlSeconds: number | undefined): Promise<number> {
    this.#refuse();
    return finish(await this.#inTime(outcomeOf(this.#store.increment(key, amount, ttlSeconds))));
  }

  async setIfAbsent(item: StoreItem): Promise<boolean> {
    this.#refuse();
    return this.#store.setIfAbsent(item);
  }

  async getWithHash(key: string): Promise<HashedValue | undefined> {
    this.#refuse();
    return this.#store.getWithHash(key);
  }

  async setIfAbsentOrHashEqual(item: StoreItem, hash: Uint8Array): Promise<Stored> {
    this.#refuse();
    return this.#store.setIfAbsentOrHashEqual(item, hash);
  }

  async setIfPresentAndHashEqual(item: StoreItem, hash: Uint8Array): Promise<Stored> {
    this.#refuse();
    return this.#store.setIfPresentAndHashEqual(item, hash);
  }

  #refuse(): void {
    if (!this.#breaker.allows()) throw notAsked();
  }

  /** The outcome, or that it did not come in time, of which the breaker is told. */
  async #inTime<T>(call: Promise<CallOutcome<T>>): Promise<CallOutcome<T>> {
    const seconds = this.#limitSeconds;
    if (seconds === undefined) return call;
    const { epoch } = this.#breaker;
    const outcome = await withinTime(call, seconds * 1000);
    if (outcome !== undefined) return outcome;
    this.#breaker.failed(epoch);
    return { thrown: new TimeoutError(`no answer within cacheTimeoutSeconds, ${seconds} s`) };
  }
}

function outcomeOf<T>(call: Promise<T>): Promise<CallOutcome<T>> {
  return call.then(
    (value) => ({ value }),
    (thrown: unknown) => ({ thrown }),
  );
}

function notAsked(): ServerUnavailableError {
  return new ServerUnavailableError('Momento has not answered lately, and is asked again in some seconds');
}
