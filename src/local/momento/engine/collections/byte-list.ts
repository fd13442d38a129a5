import { copyBytes, equalBytes } from '../bytes.js';
import { checkElementSize } from '../limits.js';
import type { Slice } from './slice.js';

/** A run of elements, counted from the front. */
export interface ListRange {
  readonly beginIndex: number;
  readonly count: number;
}

/** Values in an order, with two ends. */
export class ByteList {
  readonly type = 'list';
  #values: Uint8Array[] = [];
  #byteLength = 0;

  get size(): number {
    return this.#values.length;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  slice({ start, end }: Slice): Uint8Array[] {
    return this.#values.slice(start, end);
  }

  /** Puts values before the first, in their order; then cuts the back to the size, unless that is 0. @throws EngineError `element-size-limit-exceeded`. */
  concatenateFront(values: readonly Uint8Array[], truncateBackToSize: number): void {
    values.forEach((value) => checkElementSize(value));
    const all = [...values.map(copyBytes), ...this.#values];
    this.#replace(truncateBackToSize === 0 ? all : all.slice(0, truncateBackToSize));
  }

  /** Puts values after the last; then cuts the front to the size, unless that is 0. @throws EngineError `element-size-limit-exceeded`. */
  concatenateBack(values: readonly Uint8Array[], truncateFrontToSize: number): void {
    values.forEach((value) => checkElementSize(value));
    for (const value of values) {
      this.#values.push(copyBytes(value));
      this.#byteLength += value.byteLength;
    }
    if (truncateFrontToSize > 0 && this.size > truncateFrontToSize) {
      this.#replace(this.#values.slice(-truncateFrontToSize));
    }
  }

  /** Removes the first element and answers it; of an empty list, no bytes. */
  popFront(): Uint8Array {
    return this.#without(this.#values.shift());
  }

  /** Removes the last element and answers it; of an empty list, no bytes. */
  popBack(): Uint8Array {
    return this.#without(this.#values.pop());
  }

  /** Removes every element that is equal to the value. */
  remove(value: Uint8Array): void {
    this.#replace(this.#values.filter((element) => !equalBytes(element, value)));
  }

  /** Keeps the elements of the slice and removes the others. */
  retain(slice: Slice): void {
    this.#replace(this.slice(slice));
  }

  /** Removes runs of elements, whose indexes are those from before the call. */
  erase(ranges: readonly ListRange[]): void {
    const isErased = (index: number) =>
      ranges.some(({ beginIndex, count }) => index >= beginIndex && index < beginIndex + count);
    this.#replace(this.#values.filter((_value, index) => !isErased(index)));
  }

  #replace(values: Uint8Array[]): void {
    this.#values = values;
    this.#byteLength = values.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  #without(popped: Uint8Array = new Uint8Array()): Uint8Array {
    this.#byteLength -= popped.byteLength;
    return popped;
  }
}
