const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** Keys beyond these are forgotten, the longest known first: they are tried again too early, which costs a load. */
const maxItems = 10_000;

interface Failed {
  pauseMs: number;
  untilMs: number;
}

/** Which items are not refreshed behind for now, because it failed: a pause that doubles to a minute. */
export class RefreshBackoff {
  readonly #failed = new Map<string, Failed>();
  readonly #nowMs: () => number;

  /** @param nowMs a clock that is never set back, in milliseconds */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  allows(item: string): boolean {
    const failed = this.#failed.get(item);
    return failed === undefined || this.#nowMs() >= failed.untilMs;
  }

  failed(item: string): void {
    const before = this.#failed.get(item);
    const pauseMs = before === undefined ? firstPauseMs : Math.min(before.pauseMs * 2, longestPauseMs);
    this.#failed.delete(item);
    this.#failed.set(item, { pauseMs, untilMs: this.#nowMs() + pauseMs });
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > maxItems && oldest !== undefined) this.#failed.delete(oldest);
  }

  succeeded(item: string): void {
    this.#failed.delete(item);
  }
}
