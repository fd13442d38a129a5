import { bytesToText, textToBytes } from '../bytes.js';
import { checkElementSize } from '../limits.js';

/** Distinct elements. */
export class ByteSet {
  readonly type = 'set';
  readonly #elements = new Set<string>();
  #byteLength = 0;

  get size(): number {
    return this.#elements.size;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** In no order that a caller may rely on. */
  get elements(): Uint8Array[] {
    return Array.from(this.#elements, textToBytes);
  }

  has(element: Uint8Array): boolean {
    return this.#elements.has(bytesToText(element));
  }

  /** Adds all of the elements, or none. @throws EngineError `element-size-limit-exceeded`. */
  add(elements: readonly Uint8Array[]): void {
    elements.forEach((element) => checkElementSize(element));
    for (const element of elements) {
      const before = this.size;
      this.#elements.add(bytesToText(element));
      this.#byteLength += (this.size - before) * element.byteLength;
    }
  }

  delete(element: Uint8Array): void {
    if (this.#elements.delete(bytesToText(element))) {
      this.#byteLength -= element.byteLength;
    }
  }

  /** Up to so many different elements, chosen at random. */
  sample(limit: number): Uint8Array[] {
    const pool = [...this.#elements];
    const count = Math.min(limit, pool.length);
    // The beginning of a shuffle: each place gets one of those that have none yet.
    for (let place = 0; place < count; place += 1) {
      const chosen = place + Math.floor(Math.random() * (pool.length - place));
      [pool[place], pool[chosen]] = [pool[chosen] ?? '', pool[place] ?? ''];
    }
    return pool.slice(0, count).map(textToBytes);
  }

  /** Removes up to so many elements, chosen at random, and answers them. */
  pop(count: number): Uint8Array[] {
    const popped = this.sample(count);
    for (const element of popped) {
      this.delete(element);
    }
    return popped;
  }
}
