import { MomentoErrorCode } from '@gomomento/sdk';
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { connectionLogger } from '../../../foundation/connection-logger.js';
import { LogThrottle } from '../../../foundation/log-throttle.js';
import { MomentoCacheError, MomentoLockError } from '../../../foundation/momento.errors.js';
import { describeError } from '../../../foundation/text/describe-error.js';
import { quoteName } from '../../../foundation/text/redaction.js';
import { pause } from '../../../foundation/time/pause.js';
import { TimeLimit } from '../../../foundation/time/time-limit.js';
import type { LockRecord } from './lock-record.js';

const logger = connectionLogger('CacheLock');
/** One for all locks: handles are made where they are used, and do not last. */
const throttle = new LogThrottle();

/**
 * One hold of a lock, from its take to its release: renews the lease, and says by its signal when it may be over. Time is
 * counted from when a request was sent, so that it ends here no later than in Momento.
 */
export class LockHold {
  readonly #record: LockRecord;
  readonly #leaseSeconds: number;
  readonly #token = randomUUID();
  readonly #lost = new AbortController();
  /** Aborted at the release, or when the lock is lost: nothing is renewed any more. */
  readonly #over = new AbortController();
  #endsAtMs = 0;
  #expiry: NodeJS.Timeout | undefined;
  #isGone = false;
  /** Why the last renewal failed. */
  #failure = '';

  /** @param leaseSeconds a whole number, from 1 to 86,400 */
  constructor(record: LockRecord, leaseSeconds: number) {
    this.#record = record;
    this.#leaseSeconds = leaseSeconds;
  }

  /** Aborted when the lock may be lost. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** @returns whether it was got, and is held from then on */
  async take(): Promise<boolean> {
    const sentAtMs = performance.now();
    try {
      if (!(await this.#record.take(this.#token, this.#leaseSeconds))) return false;
    } catch (error) {
      this.#endsAtMs = sentAtMs + this.#leaseMs;
      if (mayHaveHappened(error)) void this.#context.inFlight.track(() => this.release());
      throw error;
    }
    this.#extend(sentAtMs);
    const { signal } = this.#context;
    // A connection has a listener of each lock held, and that is no leak.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', this.#onClosing);
    if (signal.aborted) this.#onClosing();
    void this.#renew();
    return true;
  }

  /**
   * By the clock as well: after a standstill of the process an answer may come before the timer.
   *
   * @throws MomentoLockError `lock-lost`
   */
  throwIfLost(): void {
    if (performance.now() >= this.#endsAtMs) this.#onExpiry();
    this.signal.throwIfAborted();
  }

  /** Never rejects. When the first attempt fails, others follow behind, as long as the lease runs. */
  async release(): Promise<void> {
    this.#end();
    if (this.#isGone) return;
    const failure = await this.#tryRelease();
    if (failure !== undefined) void this.#context.inFlight.track(() => this.#releaseBehind(failure));
  }

  get #context() {
    return this.#record.handle.context;
  }

  get #leaseMs(): number {
    return this.#leaseSeconds * 1000;
  }

  /** Between attempts after a failure. */
  get #shortPauseMs(): number {
    return this.#leaseMs / 12;
  }

  readonly #onClosing = () => this.#lose('the connection to Momento closes');
  readonly #onExpiry = () =>
    this.#lose(`its lease of ${this.#leaseSeconds} s was not renewed in time${this.#failure}`);

  #extend(sentAtMs: number): void {
    clearTimeout(this.#expiry);
    this.#endsAtMs = sentAtMs + this.#leaseMs;
    this.#failure = '';
    this.#expiry = setTimeout(this.#onExpiry, this.#endsAtMs - performance.now()).unref();
  }

  async #renew(): Promise<void> {
    let delayMs = this.#leaseMs / 3;
    for (;;) {
      await pause(delayMs, { signal: this.#over.signal });
      if (this.#over.signal.aborted) return;
      const sentAtMs = performance.now();
      try {
        const isKept = await this.#limited((signal) =>
          this.#record.keep(this.#token, this.#leaseSeconds, signal),
        );
        if (this.#over.signal.aborted) return;
        if (!isKept) {
          this.#isGone = true;
          this.#lose('it is not there any more, or somebody else holds it');
          return;
        }
        this.#extend(sentAtMs);
        delayMs = this.#leaseMs / 3;
      } catch (error) {
        this.#failure = `: ${describeError(error)}`;
        delayMs = this.#shortPauseMs;
      }
    }
  }

  #lose(reason: string): void {
    this.#end();
    const sentence = `The lock ${this.#quotedName} was lost: ${reason}.`;
    this.#say('lost', sentence);
    this.#lost.abort(new MomentoLockError('lock-lost', sentence));
  }

  #end(): void {
    clearTimeout(this.#expiry);
    this.#context.signal.removeEventListener('abort', this.#onClosing);
    this.#over.abort();
  }

  /** @returns what it failed with */
  async #tryRelease(): Promise<{ readonly error: unknown } | undefined> {
    try {
      await this.#limited((signal) => this.#record.release(this.#token, signal));
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  async #releaseBehind(failure: { readonly error: unknown }): Promise<void> {
    const { signal } = this.#context;
    let last: typeof failure | undefined = failure;
    while (last !== undefined && !signal.aborted && performance.now() + this.#shortPauseMs < this.#endsAtMs) {
      await pause(this.#shortPauseMs, { signal });
      last = await this.#tryRelease();
    }
    if (last === undefined) return;
    this.#say(
      'unreleased',
      `The lock ${this.#quotedName} could not be released; it is free when its lease of ${this.#leaseSeconds} s is over: ${describeError(last.error)}`,
    );
  }

  /** An answer that does not come must leave time for another attempt. */
  async #limited<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limitMs = this.#leaseMs / 6;
    const limit = new TimeLimit(limitMs);
    try {
      return await limit.race(work(limit.signal));
    } catch (error) {
      throw limit.isOver ? new Error(`no answer within ${Math.round(limitMs)} ms`) : error;
    } finally {
      limit.release();
    }
  }

  get #quotedName(): string {
    return quoteName(this.#record.handle.name);
  }

  #say(kind: string, line: string): void {
    throttle.say(`${kind} ${this.#record.handle.key}`, line, (text) => logger.warn(text));
  }
}

/** Whether a request may have been carried out although it failed. */
function mayHaveHappened(error: unknown): boolean {
  return error instanceof MomentoCacheError && uncertain.has(error.code);
}

const uncertain: ReadonlySet<MomentoErrorCode> = new Set([
  MomentoErrorCode.TIMEOUT_ERROR,
  MomentoErrorCode.CANCELLED_ERROR,
  MomentoErrorCode.SERVER_UNAVAILABLE,
  MomentoErrorCode.INTERNAL_SERVER_ERROR,
  MomentoErrorCode.UNKNOWN_ERROR,
]);
