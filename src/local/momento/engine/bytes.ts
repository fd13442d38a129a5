import { createHash } from 'node:crypto';

const HASH_BYTES = 16;

/** Bytes as a string of one character a byte: the key of a `Map`, and the most compact way to keep small values. */
export function bytesToText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The bytes of which {@link bytesToText} made this string. */
export function textToBytes(byteText: string): Uint8Array {
  return new Uint8Array(Buffer.from(byteText, 'latin1'));
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.byteLength === right.byteLength && Buffer.compare(left, right) === 0;
}

/** A copy with a buffer of its own: a view would keep the whole request it came in alive. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** The hash that `getWithHash` and the `setIfHash` family speak of: opaque, equal for equal values. */
export function hashOf(value: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(value).digest().subarray(0, HASH_BYTES));
}
