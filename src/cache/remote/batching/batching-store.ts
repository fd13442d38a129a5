import { type CallOutcome, following } from '../../../clients/sdk/sdk-answer.js';
import { EndOfTick } from '../../../foundation/time/end-of-tick.js';
import type { InFlight } from '../../../foundation/time/in-flight.js';
import type { CacheStore, HashedValue, ReadContinuation, StoreItem } from '../cache-store.js';
import { BatchedReads, type BatchingStats } from './batched-reads.js';
import { outcomesOf } from './deferred.js';
import { OrderedWrites } from './ordered-writes.js';

export type { BatchingStats } from './batched-reads.js';

export interface BatchingOptions {
  /** The time limit of a call, in milliseconds: a batch that is read again ends within it. */
  readonly timeoutMs: number;
  /** Counts what is not sent yet, and nothing else counts: a connection is not closed under it. */
  readonly inFlight?: InFlight;
}

/**
 * Makes one request of the reads of a tick, and one of the writes. A read of a key comes after the writes of it that were
 * asked for before, whether or not anyone waits for them.
 *
 * A batch is sent in the async context of whoever asked first.
 */
export class BatchingStore implements CacheStore {
  readonly stats: Readonly<BatchingStats>;
  readonly #store: CacheStore;
  readonly #reads: BatchedReads;
  readonly #writes: OrderedWrites;
  readonly #inFlight: InFlight | undefined;
  #isWorking = false;
  /** At the end of the tick: what waited for the last change is sent by then. */
  readonly #idle = new EndOfTick(() => {
    if (!this.#isWorking || this.pendingCount > 0) return;
    this.#isWorking = false;
    this.#inFlight?.end();
  });

  constructor(store: CacheStore, { timeoutMs, inFlight }: BatchingOptions) {
    const stats: BatchingStats = { batchedReads: 0, savedRequests: 0 };
    this.stats = stats;
    this.#inFlight = inFlight;
    this.#store = store;
    this.#reads = new BatchedReads(store, timeoutMs, stats, this.#noteWork);
    this.#writes = new OrderedWrites(store, this.#reads, stats, this.#noteWork);
  }

  /** Keys with reads that are not sent, or with writes that have not ended. */
  get pendingCount(): number {
    return this.#reads.unsentCount + this.#writes.keyCount;
  }

  readonly #noteWork = () => {
    if (this.#isWorking) {
      if (this.pendingCount === 0) this.#idle.ask();
      return;
    }
    this.#isWorking = this.pendingCount > 0;
    if (this.#isWorking) this.#inFlight?.begin();
  };

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#writes.keyCount === 0 ? this.#reads.ask(key) : this.#writes.readAfter(key);
  }

  getThen<T>(key: string, then: ReadContinuation<T>): Promise<T> {
    return following(this.get(key), then);
  }

  getMany(keys: readonly string[]): Promise<readonly CallOutcome<Uint8Array | undefined>[]> {
    return outcomesOf(keys.map((key) => this.get(key)));
  }

  has(key: string): Promise<boolean> {
    return this.#writes.after(key, () => this.#store.has(key));
  }

  set(item: StoreItem): Promise<void> {
    return this.#writes.write(item.key, item);
  }

  setMany(items: readonly StoreItem[]): Promise<readonly CallOutcome<void>[]> {
    return outcomesOf(items.map((item) => this.set(item)));
  }

  delete(key: string): Promise<void> {
    return this.#writes.write(key, undefined);
  }

  increment(key: string, amount: number, ttlSeconds: number | undefined): Promise<number> {
    return this.#writes.change(key, () => this.#store.increment(key, amount, ttlSeconds));
  }

  setIfAbsent(item: StoreItem): Promise<boolean> {
    return this.#writes.change(item.key, () => this.#store.setIfAbsent(item));
  }

  getWithHash(key: string): Promise<HashedValue | undefined> {
    return this.#writes.after(key, () => this.#store.getWithHash(key));
  }

  setIfAbsentOrHashEqual(item: StoreItem, hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#writes.change(item.key, () => this.#store.setIfAbsentOrHashEqual(item, hash));
  }

  setIfPresentAndHashEqual(item: StoreItem, hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#writes.change(item.key, () => this.#store.setIfPresentAndHashEqual(item, hash));
  }
}
