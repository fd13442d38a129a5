import { connectionLogger } from '../foundation/connection-logger.js';
import { describeError } from '../foundation/text/describe-error.js';
import { LogThrottle } from '../foundation/log-throttle.js';
import { MomentoError } from '../foundation/momento.errors.js';

/** Warns that values are loaded instead of cached: each kind of failure apart, so that one does not hide behind another. */
export class DegradationLog {
  readonly #logger;
  readonly #throttle = new LogThrottle();

  constructor(connectionName?: string) {
    this.#logger = connectionLogger('CacheService', connectionName);
  }

  /** @param step what the cache was asked to do */
  warn(step: 'read' | 'store', error: unknown): void {
    const code = error instanceof MomentoError ? error.code : '';
    this.#throttle.say(`${step} ${code}`, `Going on without the cache: ${describeError(error)}`, (line) =>
      this.#logger.warn(line),
    );
  }
}
