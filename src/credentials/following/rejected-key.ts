import type { CredentialProvider } from '@gomomento/sdk';
import { pause, withinTime } from '../../foundation/pause.js';
import { longestPollPauseMs, pollPauseMs, rejectedKeyPollDelaysMs } from './refresh-plan.js';

export interface RejectedKeyOptions {
  /** Aborted when nothing is to be looked for any more. */
  readonly closing: AbortSignal;
  /** Asks the source, past its caches. May reject. */
  readonly look: () => Promise<unknown>;
  readonly isInUse: (key: CredentialProvider) => boolean;
  /** Called when a look for another key begins. */
  readonly began: () => void;
  /** Called when it ends in vain. */
  readonly endedInVain: () => void;
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

  get isPolling(): boolean {
    return this.#poll !== undefined;
  }

  is(key: CredentialProvider): boolean {
    return this.#rejected === key;
  }

  /** Momento accepts the key after all: the rejection was a passing fault of its. */
  clear(key: CredentialProvider): void {
    if (this.is(key)) this.#rejected = undefined;
  }

  /** Ends when another key is in use, when there is none to be had, or when the time is over. Never rejects. */
  async renew(rejected: CredentialProvider, limitMs: number): Promise<void> {
    if (!this.#options.isInUse(rejected)) return;
    const isPaused = this.is(rejected) && Date.now() < this.#nextPollAt;
    if (!this.isPolling && isPaused) return;
    this.#poll ??= this.#pollForAnother(rejected).finally(() => {
      this.#poll = undefined;
    });
    await withinTime(this.#poll, limitMs);
  }

  async #pollForAnother(rejected: CredentialProvider): Promise<void> {
    const { closing, look, isInUse, began, endedInVain } = this.#options;
    if (!this.is(rejected)) this.#pauseMs = pollPauseMs;
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
    endedInVain();
  }
}
