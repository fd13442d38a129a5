import { longestTimerMs } from '../../foundation/time-limit.js';

/**
 * Calls once at a time that is set again and again. Its timer never holds the process; and because a frozen process (Lambda,
 * a sleeping laptop) has no timers, `check()` on use calls it as well when the time has passed.
 */
export class RefreshTimer {
  readonly #call: () => void;
  readonly #hasTimer: boolean;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;

  /** @param hasTimer false where use alone drives it */
  constructor(call: () => void, hasTimer: boolean) {
    this.#call = call;
    this.#hasTimer = hasTimer;
  }

  get dueAt(): Date | undefined {
    return Number.isFinite(this.#dueAt) ? new Date(this.#dueAt) : undefined;
  }

  set(delayMs: number): void {
    this.stop();
    this.#dueAt = Date.now() + delayMs;
    if (this.#hasTimer) this.#wait(delayMs);
  }

  /** Cheap enough to be asked at every use. */
  check(): void {
    if (Date.now() >= this.#dueAt) this.#fire();
  }

  #wait(delayMs: number): void {
    const isWhole = delayMs <= longestTimerMs;
    const next = () => (isWhole ? this.#fire() : this.#wait(this.#dueAt - Date.now()));
    this.#timer = setTimeout(next, Math.min(delayMs, longestTimerMs)).unref();
  }

  #fire(): void {
    this.stop();
    this.#call();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }
}
