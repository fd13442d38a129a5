import type { CallOutcome } from '../../clients/sdk/sdk-answer.js';

/** What is written under a key. */
export interface StoreItem {
  /** With the handle's prefix. */
  readonly key: string;
  readonly value: string | Uint8Array;
  /** Whole seconds, more than 0. @default the connection's */
  readonly ttlSeconds?: number | undefined;
}

/** What is stored under a key, and Momento's hash of it, of 16 bytes, by which it can be replaced and nothing else. */
export interface HashedValue {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

/** What becomes of a read, however it ended. */
export type ReadContinuation<T> = (outcome: CallOutcome<Uint8Array | undefined>) => T | Promise<T>;

/**
 * What a cache needs of Momento: one cache, keys and bytes. Everything above it can be tried against a model of it.
 *
 * Calls reject with the SDK's `SdkError`, or with a `MomentoError` such as `MomentoClosedError`; the many-calls give each
 * key its own outcome instead, and never reject.
 */
export interface CacheStore {
  /** Undefined: a miss. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** As `get`, with what follows it, however it ended, for the same promise: it is an app's busiest call. */
  getThen<T>(key: string, then: ReadContinuation<T>): Promise<T>;
  /** @returns an outcome a key, in the order of the keys */
  getMany(keys: readonly string[]): Promise<readonly CallOutcome<Uint8Array | undefined>[]>;
  has(key: string): Promise<boolean>;
  set(item: StoreItem): Promise<void>;
  /** @returns an outcome an item, in the order of the items */
  setMany(items: readonly StoreItem[]): Promise<readonly CallOutcome<void>[]>;
  delete(key: string): Promise<void>;
  /** @returns the number afterwards */
  increment(key: string, amount: number, ttlSeconds: number | undefined): Promise<number>;
  /** @returns whether it was stored */
  setIfAbsent(item: StoreItem): Promise<boolean>;
  /** Undefined: a miss. */
  getWithHash(key: string): Promise<HashedValue | undefined>;
  /** Stores where nothing is, or what has this hash. @returns the new hash; undefined when it was not stored */
  setIfAbsentOrHashEqual(item: StoreItem, hash: Uint8Array): Promise<Uint8Array | undefined>;
  /** Stores in place of what has this hash. @returns the new hash; undefined when it was not stored */
  setIfPresentAndHashEqual(item: StoreItem, hash: Uint8Array): Promise<Uint8Array | undefined>;
}
