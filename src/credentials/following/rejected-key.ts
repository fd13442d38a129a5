import type { CredentialProvider } from '@gomomento/sdk';
import { pause, withinTime } from '../../foundation/time/pause.js';
import { longestPollPauseMs, pollPauseMs, rejectedKeyPollDelaysMs } from './refresh-plan.js';

/** What is looked through for another key. */
export interface KeySearch {
  /** Asks the source, past its caches. May reject. */
  refreshNow(): Promise<unknown>;
  isInUse(key: CredentialProvider): boolean;
  /** A look for another key has ended without one. */
  noteNoOther(): void;
}

/**
 * - `replaced`: another key is in use
 * - `same`: the source was asked and gave the rejected key again, or Momento accepts that key after all: try it once more
 * - `none`: there is no other key to be found at the moment, or the time is over
 */
export type Renewal = 'replaced' | 'same' | 'none';

interface Look {
  /** Ends with the source's first answer. Never rejects. */
  readonly first: Promise<void>;
  /** Ends when another key is in use, when the rejected one is accepted again, or after the last answer. Never rejects. */
  readonly whole: Promise<void>;
  /** Whether a call that was made once more was rejected again: the others need not be. */
  isConfirmed: boolean;
}

/**
 * Looks for another key after Momento rejected the one in use: one look at a time however many calls were rejected, a
 * bounded number of times, and then not again for a while that doubles.
 */
export class RejectedKey {
  readonly #search: KeySearch;
  #rejected: CredentialProvider | undefined;
  #look: Look | undefined;
  /** Aborted when there is nothing to look for any more. */
  #settled = new AbortController();
  #isStopped = false;
  #nextLookAtMs = Number.NEGATIVE_INFINITY;
  #pauseMs = pollPauseMs;

  constructor(search: KeySearch) {
    this.#search = search;
  }

  get isLooking(): boolean {
    return this.#look !== undefined;
  }

  is(key: CredentialProvider): boolean {
    return this.#rejected === key;
  }

  /** Momento accepts the key after all: the rejection was a passing fault of its own, and nobody has to wait any more. */
  clear(key: CredentialProvider): void {
    if (!this.is(key)) return;
    this.#rejected = undefined;
    this.#settled.abort();
  }

  stop(): void {
    this.#isStopped = true;
    this.#settled.abort();
  }

  /**
   * Ends when another key is in use, when none is found, or when the time is over. Never rejects.
   *
   * @param wasRepeated whether the call was made once more already since its rejection: one that passes costs no more than that
   */
  async renew(rejected: CredentialProvider, limitMs: number, wasRepeated: boolean): Promise<Renewal> {
    if (!this.#search.isInUse(rejected)) return 'replaced';
    const isPaused = this.is(rejected) && performance.now() < this.#nextLookAtMs;
    if (this.#isStopped || (!this.isLooking && isPaused)) return 'none';
    this.#look ??= this.#begin(rejected);
    if (wasRepeated) this.#look.isConfirmed = true;
    const { first, whole, isConfirmed } = this.#look;
    const hasEnded = await withinTime(
      (isConfirmed ? whole : first).then(() => true),
      limitMs,
    );
    if (!this.#search.isInUse(rejected)) return 'replaced';
    return hasEnded === true && (!isConfirmed || !this.is(rejected)) ? 'same' : 'none';
  }

  #begin(rejected: CredentialProvider): Look {
    if (!this.is(rejected)) this.#pauseMs = pollPauseMs;
    this.#rejected = rejected;
    this.#settled = new AbortController();
    const first = this.#ask();
    const whole = this.#goOn(rejected, first, this.#settled.signal).finally(() => {
      this.#look = undefined;
    });
    return { first, whole, isConfirmed: false };
  }

  async #goOn(rejected: CredentialProvider, first: Promise<void>, settled: AbortSignal): Promise<void> {
    await first;
    for (const delayMs of rejectedKeyPollDelaysMs()) {
      if (!this.#search.isInUse(rejected)) return;
      await pause(delayMs, { signal: settled });
      if (settled.aborted) return;
      await this.#ask();
    }
    if (!this.#search.isInUse(rejected)) return;
    this.#nextLookAtMs = performance.now() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPollPauseMs);
    this.#search.noteNoOther();
  }

  async #ask(): Promise<void> {
    await this.#search.refreshNow().catch(() => undefined);
  }
}
