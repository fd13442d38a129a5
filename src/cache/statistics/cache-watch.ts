import { Logger } from '@nestjs/common';
import { describeError } from '../../foundation/text/describe-error.js';
import { quoteName } from '../../foundation/text/redaction.js';
import type { CacheEvents } from './cache-events.js';
import type { CacheRecord } from './cache-records.js';
import type { CacheCounters } from './cache-stats.js';

/** How a call that asked for a key ended; `loader`: there was nothing that would do. */
export type AskOutcome = 'near' | 'cache' | 'stale' | 'loader' | 'joined';

/** What is loaded, on whose behalf. */
interface WatchedLoad {
  readonly key: string;
  readonly isBehind: boolean;
  /** Whether it has a loader with others, which says the line for all. */
  readonly isOfMany: boolean;
}

/** What a handle tells of its doings: counted for its cache, and told to whom it concerns. Never throws. */
export class CacheWatch {
  readonly counters: CacheCounters;
  readonly #record: CacheRecord;
  readonly #keyPrefix: string;
  readonly #logger: Logger;

  constructor(record: CacheRecord, keyPrefix: string, logger: Logger) {
    this.counters = record.counters;
    this.#record = record;
    this.#keyPrefix = keyPrefix;
    this.#logger = logger;
  }

  /** A key was asked for. Once for each caller and key. */
  asked(key: string, outcome: AskOutcome): void {
    const { counters } = this;
    const { listeners } = this.#record;
    switch (outcome) {
      case 'near':
        counters.nearHits += 1;
        return listeners.emit('hit', () => ({ ...this.#about(key), source: outcome }));
      case 'cache':
        counters.hits += 1;
        return listeners.emit('hit', () => ({ ...this.#about(key), source: outcome }));
      case 'stale':
        counters.stale += 1;
        return listeners.emit('stale', () => this.#about(key));
      case 'loader':
        counters.misses += 1;
        return listeners.emit('miss', () => this.#about(key));
      case 'joined':
      default:
        counters.joined += 1;
        return undefined;
    }
  }

  /** Runs a loader. @returns the loader's own outcome */
  async load<T>({ key, isBehind, isOfMany }: WatchedLoad, loader: () => Promise<T>): Promise<T> {
    const startedAtMs = performance.now();
    const end = (failure: { readonly error?: unknown }) => {
      const durationMs = performance.now() - startedAtMs;
      this.#record.listeners.emit('load', () => ({ ...this.#about(key), durationMs, isBehind, ...failure }));
      if (!isOfMany) this.logLoad([key], durationMs, failure);
    };
    this.counters.loads += 1;
    try {
      const value = await loader();
      end({});
      return value;
    } catch (error) {
      this.counters.loadFailures += 1;
      end({ error });
      throw error;
    }
  }

  /** Says at Nest's level `debug` that a loader has run; without it, nothing is built. */
  logLoad(keys: readonly string[], durationMs: number, failure: { readonly error?: unknown } = {}): void {
    if (!Logger.isLevelEnabled('debug')) return;
    const [first] = keys;
    const names = keys.length > 1 ? `${quoteName(first)} and ${keys.length - 1} more` : quoteName(first);
    const ms = `${durationMs.toFixed(1)} ms`;
    this.#logger.debug(
      'error' in failure
        ? `Failed to load ${names} from the loader, after ${ms}: ${describeError(failure.error)}`
        : `Loaded ${names} from the loader in ${ms}.`,
    );
  }

  /** A refresh behind has ended. */
  refreshed(
    key: string,
    startedAtMs: number,
    outcome: Pick<CacheEvents['refresh'], 'source' | 'error'>,
  ): void {
    this.#record.listeners.emit('refresh', () => ({
      ...this.#about(key),
      durationMs: performance.now() - startedAtMs,
      ...outcome,
    }));
  }

  /** A delete has held. */
  evicted(key: string): void {
    this.#record.listeners.emit('evict', () => this.#about(key));
  }

  #about(key: string) {
    return { cacheName: this.#record.cacheName, keyPrefix: this.#keyPrefix, key };
  }
}
