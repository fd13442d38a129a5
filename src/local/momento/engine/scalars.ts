import { copyBytes } from './bytes.js';
import { EngineError } from './engine-error.js';
import type { Item, ItemStore } from './item-store.js';
import { checkItemSize, checkTtl } from './limits.js';
import type { SetCondition } from './set-conditions.js';

const INTEGER = /^[+-]?\d+$/;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** The value of a scalar, or `undefined` for a miss. @throws EngineError `failed-precondition` when the key holds a collection. */
export function getScalar(store: ItemStore, key: Uint8Array): Uint8Array | undefined {
  return scalarBytes(store.get(key));
}

/** Stores a scalar. @throws EngineError `invalid-argument`, `size-limit-exceeded`. */
export function setScalar(
  store: ItemStore,
  key: Uint8Array,
  value: Uint8Array,
  ttlMilliseconds: number,
): void {
  checkItemSize(key, value);
  store.set(key, { type: 'scalar', bytes: copyBytes(value) }, ttlMilliseconds);
}

/**
 * Stores a scalar when the condition holds, and answers whether it did.
 *
 * @throws EngineError `invalid-argument`, `size-limit-exceeded`, or `failed-precondition` when the key holds a collection.
 */
export function setScalarIf(
  store: ItemStore,
  key: Uint8Array,
  value: Uint8Array,
  ttlMilliseconds: number,
  condition: SetCondition,
): boolean {
  checkItemSize(key, value);
  // A TTL that is refused is refused whether or not the condition holds.
  checkTtl(ttlMilliseconds);
  if (!condition(getScalar(store, key))) {
    return false;
  }
  setScalar(store, key, value, ttlMilliseconds);
  return true;
}

/**
 * Adds to the decimal integer a key holds, starting from 0, and answers the sum. The TTL applies to a key that is new; one
 * that exists keeps its own, so that a counter's window does not move with each count.
 *
 * @param amount an integer, also negative
 * @throws EngineError `failed-precondition` when the key holds no 64-bit integer or the sum is none.
 */
export function incrementScalar(
  store: ItemStore,
  key: Uint8Array,
  amount: number,
  ttlMilliseconds: number,
): number {
  checkTtl(ttlMilliseconds);
  const item = store.get(key);
  const current = scalarBytes(item);
  const sum = (current === undefined ? 0n : parseInteger(current)) + BigInt(amount);
  if (sum < INT64_MIN || sum > INT64_MAX) {
    throw new EngineError('failed-precondition', 'The sum does not fit a 64-bit integer');
  }
  const value = { type: 'scalar', bytes: new Uint8Array(Buffer.from(sum.toString())) } as const;
  if (item === undefined) {
    store.set(key, value, ttlMilliseconds);
  } else {
    item.value = value;
  }
  return Number(sum);
}

function scalarBytes(item: Item | undefined): Uint8Array | undefined {
  if (item !== undefined && item.value.type !== 'scalar') {
    throw new EngineError('failed-precondition', 'The key holds a collection, not a scalar');
  }
  return item?.value.bytes;
}

function parseInteger(bytes: Uint8Array): bigint {
  const text = Buffer.from(bytes).toString('latin1');
  if (!INTEGER.test(text)) {
    throw new EngineError('failed-precondition', 'The value is not an integer');
  }
  const value = BigInt(text);
  if (value < INT64_MIN || value > INT64_MAX) {
    throw new EngineError('failed-precondition', 'The value does not fit a 64-bit integer');
  }
  return value;
}
