import type { CredentialProvider } from '@gomomento/sdk';
import { pause } from './pause.js';
import { longestPollPauseMs, pollPauseMs, rejectedKeyPollDelaysMs } from './refresh-plan.js';

export interface RejectedKeyOptions {
  /** Aborted when nothing is to be looked for any more. */
  readonly closing: AbortSignal;
  /** Asks the source, past its caches. May reject. */
  look(): Promise<unknown>;
  isInUse(key: CredentialProvider): boolean;
  /** Called when a look for another key begins. */
  began(): void;
}

/**
 * Looks for another key after Momento rejected the one in use: one look at a time however many calls were rejected, a
 * bounded number of times, and then not again for a while that doubles.
 */
export class RejectedKey {
  readonly #options: RejectedKeyOptions;
  #rejected: CredentialProvider | undefined;
  #poll: Promise<void> | undefined;
  #nextPollAt = 0;
  #pauseMs = pollPauseMs;

  constructor(options: RejectedKeyOptions) {
    this.#options = options;
  }

  is(key: CredentialProvider): boolean {
    return this.#rejected === key;
  }

  /** @returns whether another key is in use, at the latest when the time is over */
  async renew(rejected: CredentialProvider, limitMs: number): Promise<boolean> {
    if (this.#options.isInUse(rejected) && (this.#poll !== undefined || Date.now() >= this.#nextPollAt)) {
      this.#poll ??= this.#pollForAnother(rejected).finally(() => {
        this.#poll = undefined;
      });
      const waiting = new AbortController();
      const limit = pause(limitMs, { signal: waiting.signal, holdsProcess: true });
      await Promise.race([this.#poll, limit]).finally(() => waiting.abort());
    }
    return !this.#options.isInUse(rejected);
  }

  /** Ends when another key is in use, or when it was looked for often enough. Never rejects. */
  async #pollForAnother(rejected: CredentialProvider): Promise<void> {
    const { closing, look, isInUse, began } = this.#options;
    if (this.#rejected !== rejected) this.#pauseMs = pollPauseMs;
    this.#rejected = rejected;
    began();
    for (const delayMs of rejectedKeyPollDelaysMs()) {
      await pause(delayMs, { signal: closing });
      if (closing.aborted) return;
      await look().catch(() => undefined);
      if (!isInUse(rejected)) return;
    }
    this.#nextPollAt = Date.now() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPollPauseMs);
  }
}
