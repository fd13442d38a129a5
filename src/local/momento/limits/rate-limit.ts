const SECOND_MS = 1000;

/** So many operations in each second of the clock. */
export class RateLimit {
  #second = Number.NaN;
  #used = 0;

  constructor(
    readonly operationsPerSecond: number,
    private readonly now: () => number,
  ) {}

  /** Takes some of what is left of the current second; answers false, and takes nothing, when that is too little. */
  take(operations: number): boolean {
    const second = Math.floor(this.now() / SECOND_MS);
    if (second !== this.#second) {
      this.#second = second;
      this.#used = 0;
    }
    if (this.#used + operations > this.operationsPerSecond) {
      return false;
    }
    this.#used += operations;
    return true;
  }
}
