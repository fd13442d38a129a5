import { pause } from '../../foundation/time/pause.js';

export interface CallRateOptions {
  /** How many calls may begin within a second. */
  readonly perSecond: number;
  /** How many may wait, at most. */
  readonly mostWaiting: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
}

/** What `turn` comes to. */
export type Turn = 'yours' | 'too-many-wait' | 'ended';

/** Lets calls begin, so many in whichever second; the others wait, in their order. */
export class CallRate {
  readonly #options: CallRateOptions;
  /** When the latest calls began, `perSecond` of them at most. */
  readonly #begunAtMs: number[] = [];
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: CallRateOptions) {
    this.#options = options;
  }

  /** Waits for the turn of a call, which begins at once then. Never rejects. */
  async turn(): Promise<Turn> {
    if (this.#waiting === 0 && this.#begin()) return 'yours';
    if (this.#waiting >= this.#options.mostWaiting) return 'too-many-wait';
    this.#waiting += 1;
    const turn = this.#last.then(() => this.#wait());
    this.#last = turn;
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** By the clock, not by a plan: timers that were late together must not begin their calls together. */
  async #wait(): Promise<Turn> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      if (this.#begin()) return 'yours';
      await pause(Math.ceil(this.#freeInMs), { signal, holdsProcess: true });
    }
    return 'ended';
  }

  #begin(): boolean {
    if (this.#freeInMs > 0) return false;
    this.#begunAtMs.push(this.#options.now());
    if (this.#begunAtMs.length > this.#options.perSecond) this.#begunAtMs.shift();
    return true;
  }

  get #freeInMs(): number {
    const { perSecond, now } = this.#options;
    const [first] = this.#begunAtMs;
    return first === undefined || this.#begunAtMs.length < perSecond ? 0 : first + 1_000 - now();
  }
}
