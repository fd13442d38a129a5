import { bytesToText, textToBytes } from '../bytes.js';
import { addToInteger } from './integer.js';
import { type Item, type ItemStore, type ScalarValue, wrongType } from './item-store.js';
import { checkItemSize, checkTtl } from '../limits.js';
import type { SetCondition } from './set-conditions.js';

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
  store.set(key, scalarOf(value), ttlMilliseconds);
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
 * Adds to the decimal integer a key holds, starting from 0, and answers the sum. The TTL counts anew from each call.
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
  const { bytes, sum } = addToInteger(scalarBytes(store.get(key)), amount);
  store.set(key, scalarOf(bytes), ttlMilliseconds);
  return sum;
}

function scalarOf(bytes: Uint8Array): ScalarValue {
  return { type: 'scalar', byteText: bytesToText(bytes) };
}

function scalarBytes(item: Item | undefined): Uint8Array | undefined {
  const value = item?.value;
  if (value === undefined) {
    return undefined;
  }
  if (value.type !== 'scalar') {
    throw wrongType(value);
  }
  return textToBytes(value.byteText);
}
