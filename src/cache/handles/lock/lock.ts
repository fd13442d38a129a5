import { MomentoLockError } from '../../../foundation/momento.errors.js';
import { quoteName } from '../../../foundation/text/redaction.js';
import { firstAbort } from '../../../foundation/time/first-abort.js';
import { isTtl, wholeSeconds } from '../../options/ttl.js';
import type { HandleCall, HandleContext } from '../handle.js';
import { LockHold } from './lock-hold.js';
import { daySeconds, LockRecord } from './lock-record.js';

export interface LockOptions {
  /**
   * How long the lock stays when this process dies, in seconds, more than 0 and at most 86,400 (a day); fractions are rounded
   * up. It is renewed every third of this time while the work runs. @default 10
   */
  readonly leaseSeconds?: number;
  /** How long to wait for a lock that somebody else holds, in seconds, 0 or more. @default 0 */
  readonly waitSeconds?: number;
}

/** What the work is given while it holds the lock. */
export interface HeldLock {
  /**
   * Aborted, with a `MomentoLockError` for the reason, when the lock may be lost: its lease could not be renewed, somebody took
   * it away, or the connection closes.
   */
  readonly signal: AbortSignal;
  /**
   * Larger than that of every holder before. Give it to what the lock protects, and let that refuse a smaller one than it has
   * seen. A safe integer.
   */
  readonly fencingNumber: number;
}

const firstWaitMs = 20;
const longestWaitMs = 200;

/**
 * A lock that one holder in all processes has at a time; it does not let its own holder in twice.
 *
 * It is for efficiency: it keeps work from being done twice, nearly always. A process that stands still for longer than its
 * lease, and goes on, does not know at once that somebody else holds the lock now. Where two holders at once would do harm,
 * what is protected must check the `fencingNumber`.
 *
 * It costs three requests, one for each renewal, and one for each look while it waits. It stands under the keys `lock:NAME` and
 * `lock-number:NAME`, with the cache's prefix before them.
 *
 * @example
 * await cache.lock('report').withLock(({ signal }) => writeReport(signal), { waitSeconds: 5 });
 */
export class CacheLock {
  readonly #context: HandleContext;
  readonly #record: LockRecord;

  /** @throws MomentoCacheError `INVALID_ARGUMENT_ERROR` when the name is not a filled string */
  constructor(context: HandleContext, name: string) {
    this.#context = context;
    this.#record = new LockRecord(context, name);
  }

  /**
   * Does the work while it holds the lock, and releases it, however the work ends. When the lock is lost meanwhile, the work
   * is told by its signal and not ended. Who waits is served in no particular order.
   *
   * @returns what the work returns
   * @throws MomentoLockError `lock-not-acquired` when somebody else held it for all of `waitSeconds`, or until the connection
   *   closed; `lock-lost` when it was lost before the work began
   * @throws MomentoCacheError when Momento fails before the work began
   * @throws what the work throws
   */
  async withLock<T>(work: (held: HeldLock) => T | Promise<T>, options: LockOptions = {}): Promise<T> {
    const { leaseSeconds = 10, waitSeconds = 0 } = options;
    const call = this.#record.handle.call('withLock');
    checkLease(call, leaseSeconds);
    if (typeof waitSeconds !== 'number' || !(waitSeconds >= 0))
      throw call.invalid(`waitSeconds is ${String(waitSeconds)}, not 0 or more`);
    const { signal, inFlight } = this.#context;
    const endsAtMs = performance.now() + waitSeconds * 1000;
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      const isLast = performance.now() >= endsAtMs;
      // Counted from the attempt on, so that the connection is not closed between it and the work.
      const done = await inFlight.track(() => this.#attempt(work, wholeSeconds(leaseSeconds)));
      if (done !== undefined) return done.value;
      if (isLast) throw this.#notAcquired(`was not got within ${waitSeconds} s`);
      const limitMs = Math.min(waitMs * (0.5 + Math.random() / 2), endsAtMs - performance.now());
      await firstAbort([signal], { limitMs, holdsProcess: true });
      if (signal.aborted) throw this.#notAcquired('the connection to Momento closes');
    }
  }

  /** @returns undefined when somebody else holds the lock */
  async #attempt<T>(
    work: (held: HeldLock) => T | Promise<T>,
    leaseSeconds: number,
  ): Promise<{ readonly value: T } | undefined> {
    const hold = new LockHold(this.#record, leaseSeconds);
    if (!(await hold.take())) return undefined;
    try {
      const fencingNumber = await this.#record.nextNumber();
      // The number may be larger than that of the next holder, when it was asked for too late.
      hold.throwIfLost();
      return { value: await work({ signal: hold.signal, fencingNumber }) };
    } finally {
      await hold.release();
    }
  }

  #notAcquired(reason: string): MomentoLockError {
    const name = quoteName(this.#record.handle.name);
    return new MomentoLockError(
      'lock-not-acquired',
      `The lock ${name} is held by somebody else, and ${reason}.`,
    );
  }
}

function checkLease(call: HandleCall, leaseSeconds: number): void {
  if (isTtl(leaseSeconds) && leaseSeconds <= daySeconds) return;
  throw call.invalid(
    `leaseSeconds is ${String(leaseSeconds)}, not a number of seconds above 0 and at most ${daySeconds}`,
  );
}
