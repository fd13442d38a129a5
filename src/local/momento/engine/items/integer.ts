import { EngineError } from '../engine-error.js';

const INTEGER = /^[+-]?\d+$/;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Adds to a stored decimal integer, starting from 0 when there is none.
 *
 * @param amount an integer, also negative
 * @throws EngineError `failed-precondition` when the bytes are no 64-bit integer or the sum is none.
 */
export function addToInteger(
  current: Uint8Array | undefined,
  amount: number,
): { readonly bytes: Uint8Array; readonly sum: number } {
  const sum = (current === undefined ? 0n : parseInteger(current)) + BigInt(amount);
  if (!isInt64(sum)) {
    throw new EngineError('failed-precondition', 'The sum does not fit a 64-bit integer');
  }
  return { bytes: new Uint8Array(Buffer.from(sum.toString())), sum: Number(sum) };
}

function parseInteger(bytes: Uint8Array): bigint {
  const text = Buffer.from(bytes).toString('latin1');
  // Anything longer than a 64-bit integer need not be parsed to be refused.
  if (text.length > 64 || !INTEGER.test(text)) {
    throw new EngineError('failed-precondition', 'The value is not an integer');
  }
  const value = BigInt(text);
  if (!isInt64(value)) {
    throw new EngineError('failed-precondition', 'The value does not fit a 64-bit integer');
  }
  return value;
}

function isInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}
