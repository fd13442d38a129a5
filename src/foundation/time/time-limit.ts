import { pause } from './pause.js';

export class TimeLimitExceeded extends Error {
  override readonly name = 'TimeLimitExceeded';
}

/** A longer timer fires at once; this is 24 days. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * A bound on how long something may take, ended early by a parent signal. It holds the process while it runs: a boot that
 * waits for an answer must not end as an empty event loop.
 */
export class TimeLimit {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #release: () => void;

  constructor(limitMs: number, parent?: AbortSignal) {
    const abort = () => this.#controller.abort();
    this.#timer = setTimeout(abort, Math.min(limitMs, longestTimerMs));
    parent?.addEventListener('abort', abort, { once: true });
    this.#release = () => parent?.removeEventListener('abort', abort);
    if (parent?.aborted === true) abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isOver(): boolean {
    return this.signal.aborted;
  }

  /** The work's outcome, or a rejection with `TimeLimitExceeded`, whether or not the work listens to the signal. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(new TimeLimitExceeded());
      if (this.isOver) abort();
      this.signal.addEventListener('abort', abort, { once: true });
      void work.then(resolve, reject).finally(() => this.signal.removeEventListener('abort', abort));
    });
  }

  /** Waits, at most to the end of the limit. */
  pause(durationMs: number): Promise<void> {
    return pause(durationMs, { signal: this.signal, holdsProcess: true });
  }

  release(): void {
    clearTimeout(this.#timer);
    this.#release();
  }
}
