import { longestTimerMs } from './time-limit.js';

/**
 * Counts what is under way: calls, topic handlers, background work. One of these for each thing that must not be closed
 * under work that uses it.
 */
export class InFlight {
  readonly #whenIdle = new Set<() => void>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Counts the work until it has ended, however it ends. @returns the work's own outcome */
  async track<T>(work: () => T | Promise<T>): Promise<T> {
    this.begin();
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  /** For what is too frequent to pay for another promise: `end()` follows, once, however the work ends. */
  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) for (const notify of this.#whenIdle) notify();
  }

  /** Resolves when nothing is under way, or when the time is over; true when nothing is. */
  async drain(limitMs?: number): Promise<boolean> {
    if (this.#count === 0) return true;
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        this.#whenIdle.delete(settle);
        resolve(this.#count === 0);
      };
      const timer = limitMs === undefined ? undefined : setTimeout(settle, Math.min(limitMs, longestTimerMs));
      this.#whenIdle.add(settle);
    });
  }
}
