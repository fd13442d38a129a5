import { MomentoErrorCode, SdkError } from '@gomomento/sdk';
import type { CallOutcome } from '../../../clients/sdk/sdk-answer.js';
import { withinTime } from '../../../foundation/time/pause.js';
import { batchesOf, bytesOfKey } from '../batch-size.js';
import type { CacheStore } from '../cache-store.js';
import { Deferred, settleBy } from './deferred.js';
import { EndOfTick } from '../../../foundation/time/end-of-tick.js';

/** Counts since the store was made. */
export interface BatchingStats {
  /** Keys that were read together with others, in one request. */
  batchedReads: number;
  /** Requests that were not made, against one for each key that was read, written or deleted. */
  savedRequests: number;
}

/** A read that everyone shares who asks for the key before it is sent. */
export class Read extends Deferred<Uint8Array | undefined> {
  readonly key: string;

  constructor(key: string) {
    super();
    this.key = key;
  }
}

/** Sends the reads of one tick together. */
export class BatchedReads {
  readonly #store: CacheStore;
  readonly #timeoutMs: number;
  readonly #stats: BatchingStats;
  readonly #noteWork: () => void;
  #unsent = new Map<string, Read>();
  readonly #endOfTick = new EndOfTick(() => this.#send());

  /** @param noteWork called when there is something to send, or nothing any more */
  constructor(store: CacheStore, timeoutMs: number, stats: BatchingStats, noteWork: () => void) {
    this.#noteWork = noteWork;
    this.#store = store;
    this.#timeoutMs = timeoutMs;
    this.#stats = stats;
  }

  get unsentCount(): number {
    return this.#unsent.size;
  }

  ask(key: string): Promise<Uint8Array | undefined> {
    const unsent = this.#unsent.get(key);
    if (unsent === undefined) return this.#add(new Read(key));
    this.#stats.savedRequests += 1;
    return unsent.promise;
  }

  /** For a read that had to wait. */
  join(read: Read): void {
    const unsent = this.#unsent.get(read.key);
    if (unsent === undefined) void this.#add(read);
    else {
      this.#stats.savedRequests += 1;
      read.resolve(unsent.promise);
    }
  }

  #add(read: Read): Promise<Uint8Array | undefined> {
    this.#unsent.set(read.key, read);
    this.#noteWork();
    this.#endOfTick.ask();
    return read.promise;
  }

  #send(): void {
    const batches = batchesOf([...this.#unsent.values()], ({ key }) => bytesOfKey(key));
    // Cheaper than clearing it.
    this.#unsent = new Map();
    for (const batch of batches) {
      const [first] = batch;
      if (batch.length > 1) void this.#sendBatch(batch);
      else if (first !== undefined) void settleBy(first, () => this.#store.get(first.key));
    }
    this.#noteWork();
  }

  async #sendBatch(reads: readonly Read[]): Promise<void> {
    this.#stats.batchedReads += reads.length;
    this.#stats.savedRequests += reads.length - 1;
    const startedAtMs = performance.now();
    try {
      const outcomes = await this.#store.getMany(keysOf(reads));
      const lost = reads.filter((_, index) => isUnavailable(outcomes[index]));
      for (const [index, read] of reads.entries())
        if (!isUnavailable(outcomes[index])) read.settle(outcomes[index]);
      if (lost.length > 0) await this.#repeat(lost, this.#timeoutMs - (performance.now() - startedAtMs));
      // Who has no answer from the repeat has the first one.
      for (const [index, read] of reads.entries()) read.settle(outcomes[index]);
    } catch (thrown) {
      for (const read of reads) read.reject(thrown);
    }
  }

  /** A batch is a stream, which the SDK does not repeat as it does a single read. */
  async #repeat(reads: readonly Read[], timeLeftMs: number): Promise<void> {
    if (timeLeftMs <= 0) return;
    const outcomes = await withinTime(this.#store.getMany(keysOf(reads)), timeLeftMs);
    if (outcomes === undefined) return;
    for (const [index, read] of reads.entries()) read.settle(outcomes[index]);
  }
}

function keysOf(reads: readonly Read[]): string[] {
  return reads.map(({ key }) => key);
}

function isUnavailable(outcome: CallOutcome<unknown> | undefined): boolean {
  return (
    outcome !== undefined &&
    'thrown' in outcome &&
    outcome.thrown instanceof SdkError &&
    outcome.thrown.errorCode() === MomentoErrorCode.SERVER_UNAVAILABLE
  );
}
