import { connectionLogger } from '../../foundation/connection-logger.js';
import { Listeners } from '../../foundation/events/listeners.js';
import type { BreakerState, CacheErrorStep, CacheEvents } from './cache-events.js';
import { type CacheCounters, startCounters } from './cache-stats.js';

/** What is kept of one cache of a connection, whatever handles come and go. */
export interface CacheRecord {
  readonly cacheName: string;
  readonly counters: CacheCounters;
  readonly listeners: Listeners<CacheEvents>;
}

/** The records of a connection's caches: one for each name that is used. */
export class CacheRecords {
  readonly logger;
  readonly #records = new Map<string, CacheRecord>();
  #isClosed = false;

  constructor(connectionName?: string) {
    this.logger = connectionLogger('CacheService', connectionName);
  }

  of(cacheName: string): CacheRecord {
    const known = this.#records.get(cacheName);
    if (known !== undefined) return known;
    const listeners = new Listeners<CacheEvents>(this.logger);
    if (this.#isClosed) listeners.close();
    const record = { cacheName, counters: startCounters(), listeners };
    this.#records.set(cacheName, record);
    return record;
  }

  tellBreaker(state: BreakerState): void {
    for (const { cacheName, listeners } of this.#records.values())
      listeners.emit('breaker', () => ({ cacheName, state }));
  }

  /** @param about whose error it is; undefined: it may be of any cache */
  tellError(
    step: CacheErrorStep,
    error: unknown,
    about: { readonly cacheName: string; readonly target?: string } | undefined,
  ): void {
    const records = about === undefined ? this.#records.values() : [this.of(about.cacheName)];
    for (const { cacheName, listeners } of records)
      listeners.emit('error', () => ({
        cacheName,
        ...(about?.target === undefined ? {} : { key: about.target }),
        step,
        error,
      }));
  }

  /** Nobody is told any more; counts stay. */
  close(): void {
    this.#isClosed = true;
    for (const { listeners } of this.#records.values()) listeners.close();
  }
}
