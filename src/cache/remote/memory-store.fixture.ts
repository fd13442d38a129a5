import { createHash } from 'node:crypto';
import type { CallOutcome } from '../../clients/sdk/sdk-answer.js';
import type { CacheStore, HashedValue, StoreItem } from './cache-store.js';

interface Held {
  readonly bytes: Uint8Array;
  readonly expiresAtMs: number;
}

type CallName = keyof CacheStore;

/** The model of a store: a map with TTLs. Several share their items, as processes do. */
export class MemoryStore implements CacheStore {
  /** Awaited before each call is carried out: delays, fails and orders them. */
  before: (call: CallName, keys: readonly string[]) => Promise<void> | void = () => undefined;
  readonly calls: Record<CallName, number> = {
    get: 0,
    getMany: 0,
    has: 0,
    set: 0,
    setMany: 0,
    delete: 0,
    increment: 0,
    setIfAbsent: 0,
    getWithHash: 0,
    setIfAbsentOrHashEqual: 0,
    setIfPresentAndHashEqual: 0,
  };
  readonly #now: () => number;
  readonly #items: Map<string, Held>;

  constructor({ now, items = new Map<string, Held>() }: { now: () => number; items?: Map<string, Held> }) {
    this.#now = now;
    this.#items = items;
  }

  /** Another one over the same items. */
  another(): MemoryStore {
    return new MemoryStore({ now: this.#now, items: this.#items });
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#call('get', [key], () => this.#read(key));
  }

  async getMany(keys: readonly string[]): Promise<readonly CallOutcome<Uint8Array | undefined>[]> {
    try {
      return await this.#call('getMany', keys, () => keys.map((key) => ({ value: this.#read(key) })));
    } catch (thrown) {
      return keys.map(() => ({ thrown }));
    }
  }

  has(key: string): Promise<boolean> {
    return this.#call('has', [key], () => this.#read(key) !== undefined);
  }

  set(item: StoreItem): Promise<void> {
    return this.#call('set', [item.key], () => void this.#write(item));
  }

  async setMany(items: readonly StoreItem[]): Promise<readonly CallOutcome<void>[]> {
    const keys = items.map(({ key }) => key);
    try {
      await this.#call('setMany', keys, () => items.forEach((item) => this.#write(item)));
      return items.map(() => ({ value: undefined }));
    } catch (thrown) {
      return items.map(() => ({ thrown }));
    }
  }

  delete(key: string): Promise<void> {
    return this.#call('delete', [key], () => void this.#items.delete(key));
  }

  increment(key: string, amount: number, ttlSeconds: number | undefined): Promise<number> {
    return this.#call('increment', [key], () => {
      const value = Number(Buffer.from(this.#read(key) ?? Buffer.from('0')).toString()) + amount;
      this.#write({ key, value: String(value), ttlSeconds });
      return value;
    });
  }

  setIfAbsent(item: StoreItem): Promise<boolean> {
    return this.#call('setIfAbsent', [item.key], () => {
      if (this.#read(item.key) !== undefined) return false;
      this.#write(item);
      return true;
    });
  }

  getWithHash(key: string): Promise<HashedValue | undefined> {
    return this.#call('getWithHash', [key], () => {
      const bytes = this.#read(key);
      return bytes && { bytes, hash: hashOf(bytes) };
    });
  }

  setIfAbsentOrHashEqual(item: StoreItem, hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#call('setIfAbsentOrHashEqual', [item.key], () => {
      const bytes = this.#read(item.key);
      return bytes === undefined || isEqual(hashOf(bytes), hash) ? this.#write(item) : undefined;
    });
  }

  setIfPresentAndHashEqual(item: StoreItem, hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#call('setIfPresentAndHashEqual', [item.key], () => {
      const bytes = this.#read(item.key);
      return bytes !== undefined && isEqual(hashOf(bytes), hash) ? this.#write(item) : undefined;
    });
  }

  async #call<T>(call: CallName, keys: readonly string[], work: () => T): Promise<T> {
    this.calls[call] += 1;
    await this.before(call, keys);
    return work();
  }

  #read(key: string): Uint8Array | undefined {
    const held = this.#items.get(key);
    if (held === undefined || held.expiresAtMs > this.#now()) return held?.bytes;
    this.#items.delete(key);
    return undefined;
  }

  #write({ key, value, ttlSeconds = 600 }: StoreItem): Uint8Array {
    const bytes = new Uint8Array(Buffer.from(value));
    this.#items.set(key, { bytes, expiresAtMs: this.#now() + ttlSeconds * 1000 });
    return hashOf(bytes);
  }
}

function hashOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest().subarray(0, 16);
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one).equals(other);
}
