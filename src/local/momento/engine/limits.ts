import { EngineError } from './engine-error.js';

/** The largest key plus value of one item, in bytes: the documented 5 MB. */
const MAX_ITEM_BYTES = 5 * 1024 * 1024;

/** The largest element of a collection, in bytes, a field and its value together: the documented 128 KB. */
const MAX_ELEMENT_BYTES = 128 * 1024;

/** @throws EngineError `size-limit-exceeded` when key and value together are larger than {@link MAX_ITEM_BYTES}. */
export function checkItemSize(key: Uint8Array, value: Uint8Array): void {
  checkSize('item', key.byteLength + value.byteLength, MAX_ITEM_BYTES);
}

/** @throws EngineError `size-limit-exceeded` when the parts of an element together are larger than {@link MAX_ELEMENT_BYTES}. */
export function checkElementSize(...parts: readonly Uint8Array[]): void {
  const sizeBytes = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  checkSize('element', sizeBytes, MAX_ELEMENT_BYTES);
}

/** @throws EngineError `invalid-argument` when the TTL is not positive. */
export function checkTtl(ttlMilliseconds: number): void {
  if (!(ttlMilliseconds > 0)) {
    throw new EngineError('invalid-argument', 'The TTL must be positive');
  }
}

function checkSize(what: string, sizeBytes: number, maxBytes: number): void {
  if (sizeBytes > maxBytes) {
    // The SDK tells a size limit from a rate limit by the words "request limit".
    throw new EngineError(
      'size-limit-exceeded',
      `The ${what} has ${sizeBytes} bytes, which exceeds the request limit of ${maxBytes} bytes`,
    );
  }
}
