import { bytesToText, copyBytes, textToBytes } from '../bytes.js';
import { addToInteger } from '../items/integer.js';
import { checkElementSize } from '../limits.js';

export interface DictionaryEntry {
  readonly field: Uint8Array;
  readonly value: Uint8Array;
}

/** Values by field. */
export class ByteDictionary {
  readonly type = 'dictionary';
  readonly #values = new Map<string, Uint8Array>();
  #byteLength = 0;

  get size(): number {
    return this.#values.size;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** In the order in which the fields were first set. */
  get entries(): DictionaryEntry[] {
    return Array.from(this.#values, ([field, value]) => ({ field: textToBytes(field), value }));
  }

  get(field: Uint8Array): Uint8Array | undefined {
    return this.#values.get(bytesToText(field));
  }

  /** Sets all of the fields, or none. @throws EngineError `element-size-limit-exceeded`. */
  set(entries: readonly DictionaryEntry[]): void {
    for (const { field, value } of entries) {
      checkElementSize(field, value);
    }
    for (const { field, value } of entries) {
      this.#set(field, value);
    }
  }

  delete(field: Uint8Array): void {
    const mapKey = bytesToText(field);
    const current = this.#values.get(mapKey);
    if (current !== undefined) {
      this.#values.delete(mapKey);
      this.#byteLength -= field.byteLength + current.byteLength;
    }
  }

  /**
   * Adds to the decimal integer of a field, starting from 0, and answers the sum.
   *
   * @throws EngineError `failed-precondition` when the field holds no 64-bit integer or the sum is none.
   */
  increment(field: Uint8Array, amount: number): number {
    const { bytes, sum } = addToInteger(this.get(field), amount);
    this.set([{ field, value: bytes }]);
    return sum;
  }

  #set(field: Uint8Array, value: Uint8Array): void {
    const mapKey = bytesToText(field);
    const current = this.#values.get(mapKey);
    this.#byteLength += value.byteLength - (current?.byteLength ?? -field.byteLength);
    this.#values.set(mapKey, copyBytes(value));
  }
}
