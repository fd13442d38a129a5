import { longestTimerMs } from '../../foundation/time/time-limit.js';

/**
 * Calls once at a time that is set again and again. Its timer never holds the process; and because a frozen process (Lambda,
 * a sleeping laptop) has no timers, `check()` on use calls it as well when the time has passed.
 */
export class RefreshTimer {
  readonly #call: () => void;
  readonly #hasTimer: boolean;
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;
  /** The same moment as time of day: the monotonic clock of a machine that sleeps may stand still meanwhile. */
  #dueAtTimeOfDay = Number.POSITIVE_INFINITY;

  /** @param hasTimer false where use alone drives it */
  constructor(call: () => void, hasTimer: boolean) {
    this.#call = call;
    this.#hasTimer = hasTimer;
  }

  get dueAt(): Date | undefined {
    return Number.isFinite(this.#dueAtTimeOfDay) ? new Date(this.#dueAtTimeOfDay) : undefined;
  }

  set(delayMs: number): void {
    this.stop();
    this.#dueAtMs = performance.now() + delayMs;
    this.#dueAtTimeOfDay = Date.now() + delayMs;
    if (this.#hasTimer) this.#wait(delayMs);
  }

  /** Cheap enough to be asked at every use. */
  check(nowMs = performance.now(), timeOfDay = Date.now()): void {
    if (nowMs >= this.#dueAtMs || timeOfDay >= this.#dueAtTimeOfDay) this.#fire();
  }

  #wait(delayMs: number): void {
    const isWhole = delayMs <= longestTimerMs;
    const next = () => (isWhole ? this.#fire() : this.#wait(this.#dueAtMs - performance.now()));
    this.#timer = setTimeout(next, Math.min(delayMs, longestTimerMs)).unref();
  }

  #fire(): void {
    this.stop();
    this.#call();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    this.#dueAtTimeOfDay = Number.POSITIVE_INFINITY;
  }
}
