import { MomentoErrorCode, type TopicSubscribe } from '@gomomento/sdk';
import type { StreamTiming } from './stream-timing.js';

/** So many refusals in a row make a subscription `failed`, although it is still tried. */
const refusalsUntilFailed = 5;

/** What mostly passes by itself. */
const passing: ReadonlySet<string> = new Set([
  MomentoErrorCode.SERVER_UNAVAILABLE,
  MomentoErrorCode.INTERNAL_SERVER_ERROR,
  MomentoErrorCode.TIMEOUT_ERROR,
]);

/** What passes when another key is found, or the stream before has made room. */
const secondChance: ReadonlySet<string> = new Set([
  MomentoErrorCode.AUTHENTICATION_ERROR,
  MomentoErrorCode.LIMIT_EXCEEDED_ERROR,
]);

/** One second at most then, with the times that are the default. */
const mostDoublingsOfAccepted = 1;

/** What goes wrong with the streams of one subscription: how long it pauses for it, and when it is told. */
export class StreamTrouble {
  readonly #timing: StreamTiming;
  /** Streams lost or refused since one was steady. */
  #failures = 0;
  /** They set the pauses. */
  #doublings = 0;
  #refusalsInARow = 0;
  #isTold = false;

  constructor(timing: StreamTiming) {
    this.#timing = timing;
  }

  get hasFailed(): boolean {
    return this.#refusalsInARow >= refusalsUntilFailed;
  }

  /**
   * A stream is over that lived for so long. It was accepted, so the next one is asked for soon, however often this happens:
   * Momento holds messages for about five seconds.
   */
  noteLost(livedMs: number): void {
    if (livedMs >= this.#timing.steadyAfterMs) this.#failures = 0;
    this.#failures += 1;
    this.#doublings = Math.min(this.#failures, mostDoublingsOfAccepted);
  }

  /** A stream was refused, or did not answer in time. */
  noteRefused(): void {
    this.#failures += 1;
    this.#doublings += 1;
    this.#refusalsInARow += 1;
  }

  /** A stream is live. @returns whether there was trouble that had been told */
  noteLive(): boolean {
    const wasTold = this.#isTold;
    this.#isTold = false;
    this.#refusalsInARow = 0;
    return wasTold;
  }

  /** Longer with each failure, and at random, so that the subscriptions of a fleet do not all come at once. */
  nextPauseMs(): number {
    const { shortestPauseMs, longestPauseMs, random } = this.#timing;
    const upToMs = Math.min(longestPauseMs, shortestPauseMs * 2 ** Math.max(this.#doublings, 1));
    return shortestPauseMs + random() * (upToMs - shortestPauseMs);
  }

  /** Whether it is to be told now: once for each trouble, and only when it does not pass at once. */
  mustTell(error: TopicSubscribe.Error): boolean {
    const isLasting =
      this.#failures >= refusalsUntilFailed || this.#refusalsInARow >= refusalsUntilTold(error.errorCode());
    if (this.#isTold || !isLasting) return false;
    this.#isTold = true;
    return true;
  }
}

function refusalsUntilTold(code: MomentoErrorCode): number {
  if (passing.has(code)) return refusalsUntilFailed;
  return secondChance.has(code) ? 2 : 1;
}
