/** What holds bytes of a cache, and can let go of some. */
export interface ByteHolder {
  readonly heldBytes: number;
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

  /** To be called after each write. */
  makeRoom(): void {
    if (this.maxBytes === Infinity) {
      return;
    }
    for (const holder of this.#holders) {
      const excessBytes = this.#heldBytes() - this.maxBytes;
      if (excessBytes <= 0) {
        return;
      }
      holder.release(excessBytes);
    }
  }

  #heldBytes(): number {
    return this.#holders.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  }
}
