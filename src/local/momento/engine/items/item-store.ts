import { ByteBudget, type ByteHolder } from '../byte-budget.js';
import { bytesToText } from '../bytes.js';
import type { ByteDictionary } from '../collections/byte-dictionary.js';
import type { ByteList } from '../collections/byte-list.js';
import type { ByteSet } from '../collections/byte-set.js';
import type { SortedSet } from '../collections/sorted-set.js';
import { EngineError } from '../engine-error.js';
import { checkTtl } from '../limits.js';

export type Collection = ByteDictionary | ByteList | ByteSet | SortedSet;

/** What a key may hold. */
export type ItemValue = ScalarValue | Collection;

export interface ScalarValue {
  readonly type: 'scalar';
  /** One character a byte: of small values, a million take half the memory that they take as typed arrays. */
  readonly byteText: string;
}

export type ItemType = ItemValue['type'];

export interface Item {
  value: ItemValue;
  /** Milliseconds on the store's clock; at this instant the item is gone. */
  expiresAtMs: number;
  /** What the store counts for the item: its key and its value. */
  countedBytes: number;
}

/** How many items each write looks at in search of expired ones: more than it adds, so that the dead cannot pile up. */
const SWEEP_PER_WRITE = 4;

/** The items of one cache. An expired item is never seen again, and its memory is freed although nobody reads it. */
export class ItemStore implements ByteHolder {
  /** From the least to the most recently used when there is a limit on the bytes, else in the order of writing. */
  readonly #items = new Map<string, Item>();
  readonly #now: () => number;
  readonly #budget: ByteBudget;
  #sweep: MapIterator<[string, Item]>;
  #sweepLeft = 0;
  #heldBytes = 0;
  #evictedCount = 0;

  /** @param budget beyond it, the least recently used items go; by default there is no limit */
  constructor(now: () => number, budget = new ByteBudget()) {
    this.#now = now;
    this.#budget = budget;
    budget.join(this);
    this.#sweep = this.#items.entries();
  }

  /** Items held, which includes those that have expired and are not yet freed. */
  get heldCount(): number {
    return this.#items.size;
  }

  /** Bytes of the keys and values held. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get pinnedBytes(): number {
    return 0;
  }

  /** Items that had to go for the sake of the limit on the bytes. */
  get evictedCount(): number {
    return this.#evictedCount;
  }

  get(key: Uint8Array): Item | undefined {
    const mapKey = checkedMapKey(key);
    const item = this.#items.get(mapKey);
    if (item === undefined) {
      return undefined;
    }
    if (item.expiresAtMs <= this.#now()) {
      this.#remove(mapKey, item);
      return undefined;
    }
    if (this.#budget.maxBytes !== Infinity) {
      this.#items.delete(mapKey);
      this.#items.set(mapKey, item);
    }
    return item;
  }

  /**
   * Stores a value under a key, whatever the key held before.
   *
   * @throws EngineError `invalid-argument` for an empty key or a TTL that is not positive.
   */
  set(key: Uint8Array, value: ItemValue, ttlMilliseconds: number): void {
    const mapKey = checkedMapKey(key);
    const expiresAtMs = this.expiryAfter(ttlMilliseconds);
    this.#remove(mapKey, this.#items.get(mapKey));
    const item: Item = { value, expiresAtMs, countedBytes: 0 };
    this.#items.set(mapKey, item);
    this.#count(mapKey, item);
  }

  /** Takes note that the value of an item has changed. */
  resized(key: Uint8Array, item: Item): void {
    this.#count(checkedMapKey(key), item);
  }

  delete(key: Uint8Array): void {
    const mapKey = checkedMapKey(key);
    this.#remove(mapKey, this.#items.get(mapKey));
  }

  clear(): void {
    this.#items.clear();
    this.#heldBytes = 0;
  }

  /** Milliseconds that an item of this store has left. */
  remainingTtlMilliseconds(item: Item): number {
    return item.expiresAtMs - this.#now();
  }

  /** @throws EngineError `invalid-argument` when the TTL is not positive. */
  expiryAfter(ttlMilliseconds: number): number {
    checkTtl(ttlMilliseconds);
    return this.#now() + ttlMilliseconds;
  }

  /** Looks at the next so many items, round and round, and frees those that have expired. */
  sweep(itemCount: number): void {
    const now = this.#now();
    for (let looked = 0; looked < itemCount; looked += 1) {
      const next = this.#sweepLeft > 0 ? this.#sweep.next() : undefined;
      if (next === undefined || next.done === true) {
        // A round ends after as many items as there were: those that are used meanwhile move to the end, and would never let it end.
        this.#sweep = this.#items.entries();
        this.#sweepLeft = this.#items.size;
        return;
      }
      this.#sweepLeft -= 1;
      const [mapKey, item] = next.value;
      if (item.expiresAtMs <= now) {
        this.#remove(mapKey, item);
      }
    }
  }

  /** The least recently used items go. */
  release(bytes: number): void {
    const keptBytes = this.#heldBytes - bytes;
    for (const [mapKey, item] of this.#items) {
      if (this.#heldBytes <= keptBytes) {
        return;
      }
      this.#remove(mapKey, item);
      this.#evictedCount += 1;
    }
  }

  #count(mapKey: string, item: Item): void {
    const sizeBytes = mapKey.length + byteLengthOf(item.value);
    this.#heldBytes += sizeBytes - item.countedBytes;
    item.countedBytes = sizeBytes;
    this.sweep(SWEEP_PER_WRITE);
    this.#budget.makeRoom();
  }

  #remove(mapKey: string, item: Item | undefined): void {
    if (item !== undefined && this.#items.delete(mapKey)) {
      this.#heldBytes -= item.countedBytes;
    }
  }
}

/** The error of a call that is for another type than the key holds. */
export function wrongType({ type }: ItemValue): EngineError {
  return new EngineError('failed-precondition', `The key holds a ${type}: this call is for another type`);
}

function byteLengthOf(value: ItemValue): number {
  return value.type === 'scalar' ? value.byteText.length : value.byteLength;
}

function checkedMapKey(key: Uint8Array): string {
  if (key.byteLength === 0) {
    throw new EngineError('invalid-argument', 'The key must not be empty');
  }
  return bytesToText(key);
}
