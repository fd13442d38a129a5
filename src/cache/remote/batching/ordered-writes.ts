import { batchesOf, bytesOfItem } from '../batch-size.js';
import type { CacheStore, StoreItem } from '../cache-store.js';
import { type BatchedReads, type BatchingStats, Read } from './batched-reads.js';
import { Deferred, settleBy } from './deferred.js';
import { EndOfTick } from '../../../foundation/time/end-of-tick.js';

/** A set or a delete: until it is sent, a later one of the key takes its place. */
class Write extends Deferred<void> {
  readonly key: string;
  /** Undefined: the key is deleted. */
  item: StoreItem | undefined;
  bytes: number;
  isSent = false;

  constructor(key: string, item: StoreItem | undefined, bytes: number) {
    super();
    this.key = key;
    this.item = item;
    this.bytes = bytes;
  }
}

/** The changes of a key that have not ended, up to the latest. */
interface Line {
  /** Resolves when all of them have ended. Never rejects. */
  readonly ended: Promise<unknown>;
  /** As `ended`, of the changes up to the last set or delete. */
  readonly writesEnded: Promise<unknown> | undefined;
  /** The latest change, when it is a set or a delete. */
  readonly write: Write | undefined;
  /** What is to be read after all of them. */
  read: Read | undefined;
}

/**
 * Keeps the changes of a key in the order in which they were asked for, and reads behind them; sends the sets of one tick
 * together.
 *
 * Sets and deletes go one after the other. While one is on its way, at most one waits: a later one takes its place and
 * both end as that one does, so that a key which is written faster than Momento answers does not pile up writes. Changes
 * that depend on what is stored (`increment`, `setIf…`) are put in order by Momento: they wait for the sets and deletes
 * before them, not for each other.
 */
export class OrderedWrites {
  readonly #store: CacheStore;
  readonly #reads: BatchedReads;
  readonly #stats: BatchingStats;
  readonly #noteWork: () => void;
  readonly #lines = new Map<string, Line>();
  #unsent: Write[] = [];
  readonly #endOfTick = new EndOfTick(() => this.#send());

  /** @param noteWork called when a key has changes, or none any more */
  constructor(store: CacheStore, reads: BatchedReads, stats: BatchingStats, noteWork: () => void) {
    this.#noteWork = noteWork;
    this.#store = store;
    this.#reads = reads;
    this.#stats = stats;
  }

  /** How many keys have changes that have not ended. */
  get keyCount(): number {
    return this.#lines.size;
  }

  /** The value after the changes that have been asked for so far. */
  readAfter(key: string): Promise<Uint8Array | undefined> {
    const line = this.#lines.get(key);
    if (line === undefined) return this.#reads.ask(key);
    if (line.read === undefined) line.read = new Read(key);
    else this.#stats.savedRequests += 1;
    return line.read.promise;
  }

  /** Another kind of read, after the changes that have been asked for so far. */
  after<T>(key: string, read: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key);
    return line === undefined ? read() : line.ended.then(read);
  }

  /**
   * @param item undefined: the key is deleted
   * @throws TypeError when a codec has made something that is no text and no bytes
   */
  write(key: string, item: StoreItem | undefined): Promise<void> {
    // Here, where it fails its caller, and not at the end of the tick, where it would end the process.
    const bytes = item === undefined ? 0 : bytesOfItem(item);
    const line = this.#lines.get(key);
    if (line?.write?.isSent === false) {
      Object.assign(line.write, { item, bytes });
      this.#stats.savedRequests += 1;
      return line.write.promise;
    }
    const write = new Write(key, item, bytes);
    if (line === undefined) this.#add(write);
    else void line.ended.then(() => this.#add(write));
    const end = () => this.#end(key, next);
    const ended = write.promise.then(end, end);
    const next: Line = { ended, writesEnded: ended, write, read: undefined };
    this.#lines.set(key, next);
    this.#noteWork();
    return write.promise;
  }

  /** A change that depends on what is stored. */
  change<T>(key: string, change: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key);
    const outcome = line?.writesEnded === undefined ? change() : line.writesEnded.then(change);
    const end = () => this.#end(key, next);
    const ended =
      line === undefined ? outcome.then(end, end) : Promise.allSettled([line.ended, outcome]).then(end);
    const next: Line = { ended, writesEnded: line?.writesEnded, write: undefined, read: undefined };
    this.#lines.set(key, next);
    this.#noteWork();
    return outcome;
  }

  #end(key: string, line: Line): void {
    if (this.#lines.get(key) === line) this.#lines.delete(key);
    if (line.read !== undefined) this.#reads.join(line.read);
    this.#noteWork();
  }

  #add(write: Write): void {
    this.#unsent.push(write);
    this.#endOfTick.ask();
  }

  #send(): void {
    const writes = this.#unsent;
    this.#unsent = [];
    for (const write of writes) {
      write.isSent = true;
      if (write.item === undefined) void settleBy(write, () => this.#store.delete(write.key));
    }
    for (const batch of batchesOf(writes.filter(isSet), ({ bytes }) => bytes)) {
      const [first] = batch;
      if (batch.length > 1) void this.#sendBatch(batch);
      else if (first !== undefined) void settleBy(first, () => this.#store.set(first.item));
    }
  }

  async #sendBatch(sets: readonly SetWrite[]): Promise<void> {
    this.#stats.savedRequests += sets.length - 1;
    try {
      const outcomes = await this.#store.setMany(sets.map(({ item }) => item));
      for (const [index, write] of sets.entries()) write.settle(outcomes[index]);
    } catch (thrown) {
      for (const write of sets) write.reject(thrown);
    }
  }
}

type SetWrite = Write & { readonly item: StoreItem };

function isSet(write: Write): write is SetWrite {
  return write.item !== undefined;
}
