import { isTtl, ttlDescription, wholeSeconds } from '../options/ttl.js';
import { Handle, type HandleContext } from './handle.js';

export interface RateLimitOptions {
  /** How much may pass in a window, for each subject: a whole number, 0 or more. */
  readonly limit: number;
  /** How long a window is, in seconds, more than 0. */
  readonly windowSeconds: number;
}

export interface RateLimitResult {
  readonly isAllowed: boolean;
  /** What may still pass in this window, 0 or more. */
  readonly remaining: number;
  /** How long the window goes on, in whole seconds, 1 or more; fits the header `Retry-After`. */
  readonly resetSeconds: number;
}

/**
 * A limit that all processes share: so much in a window of time, for each subject. Windows follow each other without a gap,
 * so that up to twice the limit may pass round the end of one.
 *
 * @example
 * const { isAllowed, resetSeconds } = await cache.rateLimit('login', { limit: 5, windowSeconds: 60 }).check(ip);
 */
export class CacheRateLimit {
  readonly #handle: Handle;
  readonly #options: RateLimitOptions;
  readonly #nowMs: () => number;

  /**
   * @param nowMs a wall clock, and no other: processes agree by it on which window it is
   * @throws MomentoCacheError `INVALID_ARGUMENT_ERROR`
   */
  constructor(
    context: HandleContext,
    name: string,
    options: RateLimitOptions,
    nowMs: () => number = () => Date.now(),
  ) {
    this.#handle = new Handle(context, 'rateLimit', name);
    this.#options = options;
    this.#nowMs = nowMs;
    const call = this.#handle.call('check');
    call.wholeNumber('limit', options.limit, 0);
    if (!isTtl(options.windowSeconds))
      throw call.invalid(`windowSeconds is ${String(options.windowSeconds)}, not ${ttlDescription}`);
  }

  /**
   * Counts, and tells whether it is within the limit. One request. What is refused counts as well.
   *
   * @param subject who or what is limited, such as a user's id or an address; a filled string
   * @param amount how much it counts: a whole number, 1 or more
   * @throws MomentoCacheError also when Momento fails: whether to let pass then is for the caller to say
   */
  async check(subject: string, amount = 1): Promise<RateLimitResult> {
    const call = this.#handle.call('check');
    call.filled('subject', subject);
    call.wholeNumber('amount', amount, 1);
    const { limit, windowSeconds } = this.#options;
    const windowMs = windowSeconds * 1000;
    const nowMs = this.#nowMs();
    const window = Math.floor(nowMs / windowMs);
    // The window is in the key, so that a count ends with it: each increment begins the TTL anew. As JSON, no name and
    // subject can make the key of others.
    const { context, name } = this.#handle;
    const key = `${context.keyPrefix}rate:${JSON.stringify([name, windowSeconds, window, subject])}`;
    const counted = await call.send((client, cacheName) =>
      client.increment(cacheName, key, amount, { ttl: wholeSeconds(windowSeconds) }),
    );
    const count = counted.value();
    return {
      isAllowed: count <= limit,
      remaining: Math.max(0, limit - count),
      resetSeconds: Math.max(1, Math.ceil(((window + 1) * windowMs - nowMs) / 1000)),
    };
  }
}
