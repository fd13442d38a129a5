import { createHash } from 'node:crypto';
import { FailedPreconditionError } from '@gomomento/sdk';
import { type CallOutcome, following } from '../../clients/sdk/sdk-answer.js';
import type { CacheStore, HashedValue, ReadContinuation, StoreItem } from './cache-store.js';

export type StoreCallName = Exclude<keyof CacheStore, 'getThen'>;

export interface StoreCall {
  readonly name: StoreCallName;
  readonly keys: readonly string[];
}

/** What a store holds. Several stores over one map are several processes with one cache. */
export type MemoryItems = Map<string, MemoryItem>;

export interface MemoryItem {
  readonly bytes: Uint8Array;
  readonly expiresAtMs: number;
}

export interface MemoryStoreOptions {
  readonly items?: MemoryItems;
  /** In milliseconds. @default performance.now */
  readonly now?: () => number;
  /** @default 600 */
  readonly defaultTtlSeconds?: number;
  /** Set on the store as well, while a test runs. */
  readonly before?: MemoryStore['before'];
  readonly after?: MemoryStore['after'];
  readonly errorOf?: MemoryStore['errorOf'];
}

const names = [
  'get',
  'getMany',
  'has',
  'set',
  'setMany',
  'delete',
  'increment',
  'setIfAbsent',
  'getWithHash',
  'setIfAbsentOrHashEqual',
  'setIfPresentAndHashEqual',
] as const satisfies readonly StoreCallName[];

/** The model of the store: a map with TTLs, whose operations happen in one moment each, between two hooks. */
export class MemoryStore implements CacheStore {
  /** How often each call was made, and for how many keys altogether. */
  readonly calls = Object.fromEntries(names.map((name) => [name, { count: 0, keys: 0 }])) as Record<
    StoreCallName,
    { count: number; keys: number }
  >;
  /** Waited for before a call does anything: delays it, fails it, keeps it for ever. */
  before: ((call: StoreCall) => Promise<unknown> | void) | undefined;
  /** Waited for before its answer arrives; when it fails, the call was carried out all the same. */
  after: ((call: StoreCall) => Promise<unknown> | void) | undefined;
  /** Fails the call for one of its keys: what it returns is thrown. */
  errorOf: ((key: string, call: StoreCall) => unknown) | undefined;
  /** What a read gives instead of what is stored: Momento's default may be the former value, right after a write. */
  readInstead: ((key: string) => { readonly bytes: Uint8Array | undefined } | undefined) | undefined;
  readonly items: MemoryItems;
  readonly #now: () => number;
  readonly #defaultTtlSeconds: number;

  constructor(options: MemoryStoreOptions = {}) {
    this.items = options.items ?? new Map();
    this.#now = options.now ?? (() => performance.now());
    this.#defaultTtlSeconds = options.defaultTtlSeconds ?? 600;
    this.before = options.before;
    this.after = options.after;
    this.errorOf = options.errorOf;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#call('get', key, () => this.#readByDefault(key));
  }

  getThen<T>(key: string, then: ReadContinuation<T>): Promise<T> {
    return following(this.get(key), then);
  }

  getMany(keys: readonly string[]): Promise<readonly CallOutcome<Uint8Array | undefined>[]> {
    return this.#callMany('getMany', keys, (key) => this.#readByDefault(key));
  }

  has(key: string): Promise<boolean> {
    return this.#call('has', key, () => this.#read(key) !== undefined);
  }

  set(item: StoreItem): Promise<void> {
    return this.#call('set', item.key, () => void this.#write(item));
  }

  setMany(items: readonly StoreItem[]): Promise<readonly CallOutcome<void>[]> {
    const keys = items.map(({ key }) => key);
    return this.#callMany('setMany', keys, (_key, index) => {
      const item = items[index];
      if (item !== undefined) this.#write(item);
    });
  }

  delete(key: string): Promise<void> {
    return this.#call('delete', key, () => void this.items.delete(key));
  }

  increment(key: string, amount: number, ttlSeconds: number | undefined): Promise<number> {
    return this.#call('increment', key, () => {
      const text = new TextDecoder().decode(this.#read(key) ?? Buffer.from('0'));
      if (!/^[+-]?\d+$/.test(text)) throw new FailedPreconditionError('The value is not an integer');
      const sum = BigInt(text) + BigInt(amount);
      this.#write({ key, value: String(sum), ttlSeconds });
      return Number(sum);
    });
  }

  setIfAbsent(item: StoreItem): Promise<boolean> {
    return this.#call('setIfAbsent', item.key, () => {
      const isAbsent = this.#read(item.key) === undefined;
      if (isAbsent) this.#write(item);
      return isAbsent;
    });
  }

  getWithHash(key: string): Promise<HashedValue | undefined> {
    return this.#call('getWithHash', key, () => {
      const bytes = this.#read(key);
      return bytes && { bytes, hash: hashOf(bytes) };
    });
  }

  setIfAbsentOrHashEqual(item: StoreItem, hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#call('setIfAbsentOrHashEqual', item.key, () => {
      const current = this.#read(item.key);
      return current === undefined || isHashOf(current, hash) ? this.#write(item) : undefined;
    });
  }

  setIfPresentAndHashEqual(item: StoreItem, hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#call('setIfPresentAndHashEqual', item.key, () => {
      const current = this.#read(item.key);
      return current !== undefined && isHashOf(current, hash) ? this.#write(item) : undefined;
    });
  }

  async #call<T>(name: StoreCallName, key: string, operation: () => T): Promise<T> {
    const call = this.#begin(name, [key]);
    await this.before?.(call);
    this.#failFor(key, call);
    const answer = operation();
    await this.after?.(call);
    return answer;
  }

  /** Never rejects: what fails the call is the outcome of each key. */
  async #callMany<T>(
    name: StoreCallName,
    keys: readonly string[],
    operation: (key: string, index: number) => T,
  ): Promise<CallOutcome<T>[]> {
    const call = this.#begin(name, keys);
    try {
      await this.before?.(call);
      const outcomes = keys.map((key, index): CallOutcome<T> => {
        try {
          this.#failFor(key, call);
          return { value: operation(key, index) };
        } catch (thrown) {
          return { thrown };
        }
      });
      await this.after?.(call);
      return outcomes;
    } catch (thrown) {
      return keys.map(() => ({ thrown }));
    }
  }

  #begin(name: StoreCallName, keys: readonly string[]): StoreCall {
    const counts = this.calls[name];
    counts.count += 1;
    counts.keys += keys.length;
    return { name, keys };
  }

  #failFor(key: string, call: StoreCall): void {
    const error = this.errorOf?.(key, call);
    if (error !== undefined) throw error;
  }

  #readByDefault(key: string): Uint8Array | undefined {
    const instead = this.readInstead?.(key);
    return instead === undefined ? this.#read(key) : instead.bytes;
  }

  /** A copy, as the wire makes one. */
  #read(key: string): Uint8Array | undefined {
    const item = this.items.get(key);
    if (item === undefined) return undefined;
    if (this.#now() < item.expiresAtMs) return Uint8Array.from(item.bytes);
    this.items.delete(key);
    return undefined;
  }

  /** @returns the new hash */
  #write({ key, value, ttlSeconds = this.#defaultTtlSeconds }: StoreItem): Uint8Array {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : Uint8Array.from(value);
    this.items.set(key, { bytes, expiresAtMs: this.#now() + ttlSeconds * 1000 });
    return hashOf(bytes);
  }
}

/** Momento's hashes are of 16 bytes. */
function hashOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(bytes).digest().subarray(0, 16));
}

function isHashOf(bytes: Uint8Array, hash: Uint8Array): boolean {
  return Buffer.compare(hashOf(bytes), hash) === 0;
}
