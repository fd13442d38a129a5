import { bytesToMapKey } from './bytes.js';
import { EngineError } from './engine-error.js';
import { checkTtl } from './limits.js';

/** What a key may hold; a collection adds its own type here. */
export type ItemValue = ScalarValue;

interface ScalarValue {
  readonly type: 'scalar';
  readonly bytes: Uint8Array;
}

export type ItemType = ItemValue['type'];

export interface Item {
  value: ItemValue;
  /** Milliseconds on the store's clock; at this instant the item is gone. */
  expiresAtMs: number;
}

/** How many items each write looks at in search of expired ones: more than it adds, so that the dead cannot pile up. */
const SWEEP_PER_WRITE = 4;

/** The items of one cache. An expired item is never seen again, and later writes free its memory although nobody reads it. */
export class ItemStore {
  readonly #items = new Map<string, Item>();
  readonly #now: () => number;
  #sweep: MapIterator<[string, Item]>;

  constructor(now: () => number) {
    this.#now = now;
    this.#sweep = this.#items.entries();
  }

  /** Items held, which includes those that have expired and are not yet freed. */
  get heldCount(): number {
    return this.#items.size;
  }

  get(key: Uint8Array): Item | undefined {
    const mapKey = checkedMapKey(key);
    const item = this.#items.get(mapKey);
    if (item !== undefined && item.expiresAtMs <= this.#now()) {
      this.#items.delete(mapKey);
      return undefined;
    }
    return item;
  }

  /**
   * Stores a value under a key, whatever the key held before.
   *
   * @throws EngineError `invalid-argument` for an empty key or a TTL that is not positive.
   */
  set(key: Uint8Array, value: ItemValue, ttlMilliseconds: number): void {
    this.#items.set(checkedMapKey(key), { value, expiresAtMs: this.expiryAfter(ttlMilliseconds) });
    this.#sweepSome();
  }

  delete(key: Uint8Array): void {
    this.#items.delete(checkedMapKey(key));
  }

  clear(): void {
    this.#items.clear();
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

  #sweepSome(): void {
    const now = this.#now();
    for (let looked = 0; looked < SWEEP_PER_WRITE; looked += 1) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = this.#items.entries();
        return;
      }
      const [mapKey, item] = next.value;
      if (item.expiresAtMs <= now) {
        this.#items.delete(mapKey);
      }
    }
  }
}

function checkedMapKey(key: Uint8Array): string {
  if (key.byteLength === 0) {
    throw new EngineError('invalid-argument', 'The key must not be empty');
  }
  return bytesToMapKey(key);
}
