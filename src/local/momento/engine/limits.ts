import { EngineError } from './engine-error.js';

/** The largest key plus value of one item, in bytes: the documented 5 MB. */
const MAX_ITEM_BYTES = 5 * 1024 * 1024;

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

/** @throws EngineError `invalid-argument` when the TTL is not positive. */
export function checkTtl(ttlMilliseconds: number): void {
  if (!(ttlMilliseconds > 0)) {
    throw new EngineError('invalid-argument', 'The TTL must be positive');
  }
}
