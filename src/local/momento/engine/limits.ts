import { EngineError } from './engine-error.js';

/** The documented 5 MB, as the service lists them with a cache: 5,000,000 bytes in started KiB. */
export const MAX_ITEM_KB = 4_883;

/** The largest key plus value of one item, in bytes. */
const MAX_ITEM_BYTES = MAX_ITEM_KB * 1024;

/** The largest element of a collection, in bytes, a field and its value together: the documented 128 KB. */
const MAX_ELEMENT_BYTES = 128 * 1024;

/** @throws EngineError `size-limit-exceeded` when key and value together are larger than {@link MAX_ITEM_BYTES}. */
export function checkItemSize(key: Uint8Array, value: Uint8Array): void {
  const sizeBytes = key.byteLength + value.byteLength;
  if (sizeBytes > MAX_ITEM_BYTES) {
    throw new EngineError(
      'size-limit-exceeded',
      `The item has ${sizeBytes} bytes, which exceeds the request limit of ${MAX_ITEM_BYTES} bytes`,
    );
  }
}

/** @throws EngineError `element-size-limit-exceeded` when the parts of an element are together larger than {@link MAX_ELEMENT_BYTES}. */
export function checkElementSize(...parts: readonly Uint8Array[]): void {
  const sizeBytes = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (sizeBytes > MAX_ELEMENT_BYTES) {
    throw new EngineError(
      'element-size-limit-exceeded',
      `The element size of ${sizeBytes} bytes exceeds the limit of ${MAX_ELEMENT_BYTES} bytes`,
    );
  }
}

/** @throws EngineError `invalid-argument` when the TTL is not positive. */
export function checkTtl(ttlMilliseconds: number): void {
  if (!(ttlMilliseconds > 0)) {
    throw new EngineError('invalid-argument', 'The TTL must be positive');
  }
}
