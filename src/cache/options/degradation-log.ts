import { connectionLogger } from '../../foundation/connection-logger.js';
import { describeError } from '../../foundation/text/describe-error.js';
import { LogThrottle } from '../../foundation/log-throttle.js';
import { MomentoError } from '../../foundation/momento.errors.js';

const sentences = {
  read: 'Going on without the cache',
  store: 'Going on without the cache',
  load: 'Going on with a stale value, since the loader failed',
  evict: 'A value that was to be evicted is still cached',
  lost: 'Values that were to be evicted stay cached until their TTL is over',
  refresh: 'A value was not refreshed and goes stale, since the loader failed',
} as const;

/** Warns that values are loaded instead of cached: each kind of failure apart, so that one does not hide behind another. */
export class DegradationLog {
  readonly #logger;
  readonly #throttle = new LogThrottle();
  #isOpen = false;

  constructor(connectionName?: string) {
    this.#logger = connectionLogger('CacheService', connectionName);
  }

  /** @param step what failed: the cache, or a loader while there was something stale to hand out */
  warn(step: keyof typeof sentences, error: unknown): void {
    const code = error instanceof MomentoError ? error.code : '';
    this.#throttle.say(`${step} ${code}`, `${sentences[step]}: ${describeError(error)}`, (line) =>
      this.#logger.warn(line),
    );
  }

  /** Once a change, whatever else is said. */
  sayBreaker(state: 'open' | 'half-open' | 'closed'): void {
    if (state === 'open' && !this.#isOpen)
      this.#logger.warn('Momento does not answer: values are loaded without the cache until it does.');
    if (state === 'closed') this.#logger.log('Momento answers again: values are cached again.');
    this.#isOpen = state !== 'closed';
  }
}
