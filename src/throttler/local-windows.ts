import { LRUCache } from 'lru-cache';

/** What is known in this process of the window of a key. Milliseconds of a clock that is never set. */
interface LocalWindow {
  readonly endsAtMs: number;
  /** 0: not blocked. */
  readonly blockedUntilMs: number;
}

/** What is forgotten costs a request, and a time that is told later than it is. */
const maxKeys = 10_000;

/** What this process knows of windows and blocks, so that who is blocked costs no request. */
export class LocalWindows {
  readonly #windows = new LRUCache<string, LocalWindow>({ max: maxKeys });

  /** How long the key is still blocked, in milliseconds; 0 when that is not known. */
  blockedMs(key: string): number {
    return this.#leftMs(this.#windows.get(key)?.blockedUntilMs);
  }

  block(key: string, durationMs: number): void {
    const untilMs = performance.now() + durationMs;
    this.#windows.set(key, { endsAtMs: untilMs, blockedUntilMs: untilMs });
  }

  /**
   * How long the window goes on at most, in milliseconds.
   *
   * @param sentAtMs before the hit was counted, so that the window did not begin earlier, if this hit began it
   */
  leftMs(key: string, windowMs: number, sentAtMs: number, isFirst: boolean): number {
    const knownMs = isFirst ? 0 : this.#leftMs(this.#windows.get(key)?.endsAtMs);
    if (knownMs > 0) return knownMs;
    // Where another process began it, it can only end sooner.
    const endsAtMs = (isFirst ? sentAtMs : performance.now()) + windowMs;
    this.#windows.set(key, { endsAtMs, blockedUntilMs: 0 });
    return this.#leftMs(endsAtMs);
  }

  #leftMs(untilMs = 0): number {
    return Math.max(0, untilMs - performance.now());
  }
}
