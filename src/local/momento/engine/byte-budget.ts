import { EngineError } from './engine-error.js';

/** What holds bytes of a cache, and can let go of some. */
export interface ByteHolder {
  readonly heldBytes: number;
  /** Of these, the bytes that it cannot let go of. */
  readonly pinnedBytes: number;
  /** Lets go of so many bytes, or of as many as it can. */
  release(bytes: number): void;
}

/** The bytes that one cache may hold, shared by all that it holds. Who joins first lets go first. */
export class ByteBudget {
  readonly #holders: ByteHolder[] = [];

  constructor(readonly maxBytes = Infinity) {}

  join(holder: ByteHolder): void {
    this.#holders.push(holder);
  }

  /** To be called before so many bytes are held that cannot be let go of again. @throws EngineError `size-limit-exceeded` */
  pin(addedBytes: number): void {
    if (this.maxBytes === Infinity) {
      return;
    }
    if (this.#sum('pinnedBytes') + addedBytes > this.maxBytes) {
      throw new EngineError(
        'size-limit-exceeded',
        `What the cache cannot evict would exceed the request limit of ${this.maxBytes} bytes`,
      );
    }
    this.makeRoom(addedBytes);
  }

  /** To be called after each write. @param addedBytes what is about to be held besides */
  makeRoom(addedBytes = 0): void {
    if (this.maxBytes === Infinity) {
      return;
    }
    for (const holder of this.#holders) {
      const excessBytes = this.#sum('heldBytes') + addedBytes - this.maxBytes;
      if (excessBytes <= 0) {
        return;
      }
      holder.release(excessBytes);
    }
  }

  #sum(bytes: 'heldBytes' | 'pinnedBytes'): number {
    return this.#holders.reduce((sum, holder) => sum + holder[bytes], 0);
  }
}
