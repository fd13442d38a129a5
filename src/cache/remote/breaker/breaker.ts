import { MomentoErrorCode, SdkError } from '@gomomento/sdk';
import { MomentoError } from '../../../foundation/momento.errors.js';
import type { BreakerState } from '../../statistics/cache-events.js';

export interface BreakerOptions {
  /** Milliseconds of a clock that is never set. @default performance.now */
  readonly now?: (() => number) | undefined;
  /** Called after each change; must not throw. */
  readonly onChange?: ((state: BreakerState) => void) | undefined;
}

const failuresToOpen = 3;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
/** A trial that has not ended after this time is given up, and another call tries. */
const trialLimitMs = 10_000;

/**
 * Says whether a cache that does not answer is worth asking. After 3 failures in a row it is not, for 1 s (open); then one
 * call tries (half-open), whose failure doubles the pause, up to 30 s, and any success ends it.
 *
 * Calls that began before the last change of state and end after it: a success counts, because Momento has just answered;
 * a failure does not, because it is of the outage that is known, or of one that is over.
 */
export class Breaker {
  readonly #now: () => number;
  readonly #onChange: ((state: BreakerState) => void) | undefined;
  #state: BreakerState = 'closed';
  #epoch = 0;
  #failures = 0;
  #pauseMs = firstPauseMs;
  /** Open: when a call may try. Half-open: when the trial is given up. */
  #untilMs = 0;

  constructor({ now = () => performance.now(), onChange }: BreakerOptions = {}) {
    this.#now = now;
    this.#onChange = onChange;
  }

  /** Stays `open` when its pause is over, until a call asks to try. */
  get state(): BreakerState {
    return this.#state;
  }

  /** Another number after each change of state: keep it when a call begins, and give it to `failed`. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Whether to ask the cache. Who gets true after an outage is the one who tries, and has to say how it ended. */
  allows(): boolean {
    return this.#state === 'closed' || this.#allowsTrial();
  }

  succeeded(): void {
    this.#failures = 0;
    if (this.#state !== 'closed') this.#become('closed');
  }

  /** @param epoch the breaker's when the call began @default the call began after the last change of state */
  failed(epoch = this.#epoch): void {
    if (epoch !== this.#epoch || this.#state === 'open') return;
    if (this.#state === 'closed') {
      this.#failures += 1;
      if (this.#failures < failuresToOpen) return;
      this.#pauseMs = firstPauseMs;
    } else {
      this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
    }
    this.#untilMs = this.#now() + this.#pauseMs;
    this.#become('open');
  }

  #allowsTrial(): boolean {
    const nowMs = this.#now();
    if (nowMs < this.#untilMs) return false;
    this.#untilMs = nowMs + trialLimitMs;
    if (this.#state === 'open') this.#become('half-open');
    return true;
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#epoch += 1;
    this.#onChange?.(state);
  }
}

const outageCodes: ReadonlySet<string> = new Set([
  MomentoErrorCode.TIMEOUT_ERROR,
  MomentoErrorCode.SERVER_UNAVAILABLE,
]);

/** Whether Momento did not answer. Every other error is an answer, be it a refusal. */
export function isOutage(error: unknown): boolean {
  if (error instanceof SdkError) return outageCodes.has(error.errorCode());
  return error instanceof MomentoError && outageCodes.has(error.code);
}
