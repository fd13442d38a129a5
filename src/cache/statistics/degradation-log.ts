import { LogThrottle } from '../../foundation/log-throttle.js';
import { MomentoCacheError, MomentoError } from '../../foundation/momento.errors.js';
import { describeError } from '../../foundation/text/describe-error.js';
import type { BreakerState } from './cache-events.js';
import type { CacheRecords } from './cache-records.js';

const sentences = {
  read: 'Going on without the cache',
  store: 'Going on without the cache',
  load: 'Going on with a stale value, since the loader failed',
  evict: 'A value that was to be evicted is still cached',
  lost: 'Values that were to be evicted stay cached until their TTL is over',
  keep: 'Going on without another near cache, since there are too many of one cache',
  tell: 'Near caches of other processes may keep what was changed here for a while',
  hear: 'The near cache does not hear of changes in other processes, and keeps values for a shorter time',
  refresh: 'A value was not refreshed and goes stale, since the loader failed',
} as const;

/**
 * Warns that values are loaded instead of cached: each kind of failure apart, so that one does not hide behind another. What
 * is told to listeners is told each time.
 */
export class DegradationLog {
  readonly #records: CacheRecords;
  readonly #throttle = new LogThrottle();
  #isOpen = false;

  constructor(records: CacheRecords) {
    this.#records = records;
  }

  /** @param step what failed: the cache, or a loader while there was something stale to hand out */
  warn(step: keyof typeof sentences, error: unknown): void {
    const code = error instanceof MomentoError ? error.code : '';
    this.#throttle.say(`${step} ${code}`, `${sentences[step]}: ${describeError(error)}`, (line) =>
      this.#records.logger.warn(line),
    );
    // What a loader fails with is told where it runs, and says nothing of this cache.
    if (step === 'load' || step === 'refresh') return;
    this.#records.tellError(step, error, error instanceof MomentoCacheError ? error.operation : undefined);
  }

  /** Once a change, whatever else is said. */
  sayBreaker(state: BreakerState): void {
    const { logger } = this.#records;
    if (state === 'open' && !this.#isOpen)
      logger.warn('Momento does not answer: values are loaded without the cache until it does.');
    if (state === 'closed') logger.log('Momento answers again: values are cached again.');
    this.#isOpen = state !== 'closed';
    this.#records.tellBreaker(state);
  }
}
