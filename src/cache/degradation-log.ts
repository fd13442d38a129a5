import { Logger } from '@nestjs/common';
import { describeError } from '../foundation/describe-error.js';

/** One line at most in this time: a cache that is away fails thousands of times a second. */
const quietMs = 10_000;

/** Warns that values are loaded instead of cached, and counts what it does not say. */
export class DegradationLog {
  readonly #logger = new Logger('CacheService');
  #quietUntil = 0;
  #unsaid = 0;

  warn(error: unknown): void {
    const now = Date.now();
    if (now < this.#quietUntil) {
      this.#unsaid += 1;
      return;
    }
    const more = this.#unsaid > 0 ? ` (${this.#unsaid} more since the last warning)` : '';
    this.#logger.warn(`Going on without the cache${more}: ${describeError(error)}`);
    this.#quietUntil = now + quietMs;
    this.#unsaid = 0;
  }
}
