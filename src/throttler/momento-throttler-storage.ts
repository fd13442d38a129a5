import { MomentoErrorCode } from '@gomomento/sdk';
import { Logger } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { createHash } from 'node:crypto';
import type { CacheService } from '../cache/cache.service.js';
import type { CacheDictionary } from '../cache/handles/collections/dictionary.js';
import { LogThrottle } from '../foundation/log-throttle.js';
import { jsonCodec } from '../foundation/momento.codecs.js';
import { MomentoCacheError, MomentoError } from '../foundation/momento.errors.js';
import { describeError } from '../foundation/text/describe-error.js';
import { LocalWindows } from './local-windows.js';
import { type Outcome, Patience } from './patience.js';
import {
  type CheckedOptions,
  checkedOptions,
  type MomentoThrottlerOptions,
} from './throttler-storage.options.js';

/** As `@nestjs/throttler` has it, which does not export it in all its versions. */
type Counted = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Fields of the dictionary of a key: how often it was hit, and until when it is blocked, as a time of day. */
const hits = 'hits';
const until = 'until';

/** A guard's keys are hashes already; those of an app's own may be as long as who is limited likes. */
const longestKey = 128;

/**
 * Counts requests for `@nestjs/throttler` in all processes together: a window of time begins with its first request, and neither
 * it nor a block is made longer by later ones. One request to Momento a request; the first one that is refused needs a second, and
 * those that follow, while it is blocked, none.
 *
 * @example
 * ThrottlerModule.forRootAsync({
 *   inject: [CacheService],
 *   useFactory: (cache: CacheService) => ({
 *     throttlers: [{ ttl: seconds(60), limit: 100 }],
 *     storage: new MomentoThrottlerStorage(cache),
 *   }),
 * });
 */
export class MomentoThrottlerStorage implements ThrottlerStorage {
  readonly #cache: CacheService;
  readonly #options: CheckedOptions;
  readonly #patience: Patience;
  readonly #local = new LocalWindows();
  readonly #logger = new Logger('MomentoThrottlerStorage');
  readonly #throttle = new LogThrottle();
  /** Made at the first request: a cache without a name fails there. */
  #counts: CacheService | undefined;

  /**
   * @param cache whose cache and connection are used
   * @throws MomentoConfigurationError `invalid-options`
   */
  constructor(cache: CacheService, options: MomentoThrottlerOptions = {}) {
    this.#cache = cache;
    this.#options = checkedOptions(options);
    this.#patience = new Patience(this.#options.timeoutMs);
  }

  /**
   * @param ttl how long a window is, in milliseconds, more than 0; rounded up to whole seconds
   * @param blockDuration how long is blocked who exceeds the limit, in milliseconds, rounded up to whole seconds; 0: for what is left
   * of the window
   * @returns times in whole seconds; where another process began the window, its end as late as it can be
   * @throws MomentoCacheError for wrong arguments alone
   */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<Counted> {
    const id = idOf(throttlerName, key);
    const knownMs = this.#local.blockedMs(id);
    if (knownMs > 0) return blocked(limit + 1, knownMs, knownMs);
    const sentAtMs = performance.now();
    const windowSeconds = wholeSeconds(ttl);
    const counts = this.#countsOf(id);
    const counted = await this.#patience.ask(() =>
      counts.increment(hits, 1, { ttlSeconds: windowSeconds, refreshTtl: false }),
    );
    if (!('value' in counted)) return this.#withoutMomento(counted, windowSeconds);
    const { value: totalHits } = counted;
    if (totalHits > limit && blockDuration > 0) {
      const blockMs = await this.#blockMs(counts, totalHits, limit, wholeSeconds(blockDuration) * 1000);
      if (blockMs > 0) this.#local.block(id, blockMs);
      return blocked(totalHits, blockMs, blockMs);
    }
    const leftMs = this.#local.leftMs(id, windowSeconds * 1000, sentAtMs, totalHits === 1);
    if (totalHits > limit) return blocked(totalHits, leftMs, leftMs);
    return { totalHits, timeToExpire: shownSeconds(leftMs), isBlocked: false, timeToBlockExpire: 0 };
  }

  /** How long who has exceeded the limit is blocked. Who is the first to see it begins the block; the rest are told by Momento. */
  async #blockMs(
    counts: CacheDictionary<number>,
    totalHits: number,
    limit: number,
    durationMs: number,
  ): Promise<number> {
    if (totalHits > limit + 1) {
      const begun = await this.#patience.ask(() => counts.get(until));
      if ('value' in begun && begun.value !== undefined)
        return Math.min(Math.max(0, begun.value - Date.now()), durationMs);
    }
    // With the hits, in case the window has ended meanwhile: without them the next one would pass. The TTL begins anew: the
    // block ends when all of it is gone, and with it the hits.
    const entries = [
      [hits, totalHits],
      [until, Date.now() + durationMs],
    ] as const;
    const begun = await this.#patience.ask(() => counts.setMany(entries, { ttlSeconds: durationMs / 1000 }));
    // In this process it holds all the same.
    if ('thrown' in begun) this.#say('A block is not known to other processes', begun.thrown);
    return durationMs;
  }

  /** @throws MomentoCacheError for wrong arguments */
  #withoutMomento({ thrown }: Extract<Outcome<number>, { thrown: unknown }>, windowSeconds: number): Counted {
    if (thrown instanceof MomentoCacheError && thrown.code === MomentoErrorCode.INVALID_ARGUMENT_ERROR)
      throw thrown;
    const isOpen = this.#options.fails === 'open';
    this.#say(isOpen ? 'Requests pass without being counted' : 'Requests are refused', thrown);
    if (isOpen) return { totalHits: 0, timeToExpire: windowSeconds, isBlocked: false, timeToBlockExpire: 0 };
    return blocked(0, 1_000, 1_000);
  }

  #countsOf(id: string): CacheDictionary<number> {
    if (this.#counts === undefined) {
      const { cacheName, arguments: args } = this.#cache;
      this.#counts = this.#cache.cache(cacheName, args.bindingWithin(this.#options.keyPrefix, jsonCodec));
    }
    return this.#counts.collections.dictionary<number>(id);
  }

  #say(what: string, error: unknown): void {
    const code = error instanceof MomentoError ? error.code : '';
    this.#throttle.say(`${what} ${code}`, `${what}: ${describeError(error)}`, (line) =>
      this.#logger.warn(line),
    );
  }
}

/** As JSON, no throttler and key can make the id of others, and each is a string of whole characters. */
function idOf(throttlerName: string, key: string): string {
  const short = key.length > longestKey ? createHash('sha256').update(key).digest('hex') : key;
  return JSON.stringify([throttlerName, short]);
}

function blocked(totalHits: number, expireMs: number, blockExpireMs: number): Counted {
  return {
    totalHits,
    timeToExpire: shownSeconds(expireMs),
    isBlocked: true,
    timeToBlockExpire: shownSeconds(blockExpireMs),
  };
}

/** Of what is not over, at least one. */
function shownSeconds(durationMs: number): number {
  return Math.max(1, Math.ceil(durationMs / 1000));
}

function wholeSeconds(durationMs: number): number {
  return Math.ceil(durationMs / 1000);
}
