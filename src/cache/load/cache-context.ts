import type { CacheClient } from '@gomomento/sdk';
import { InFlight } from '../../foundation/time/in-flight.js';
import type { CacheArguments } from '../options/cache-arguments.js';
import type { CacheBinding } from '../options/cache.options.js';
import { CacheRecords } from '../statistics/cache-records.js';
import type { CacheStats } from '../statistics/cache-stats.js';
import { CacheWatch } from '../statistics/cache-watch.js';
import { DegradationLog } from '../statistics/degradation-log.js';
import { EvictionQueue } from '../remote/eviction-queue.js';
import { itemId } from '../flights/flight.js';
import { ItemFlights } from '../flights/item-flights.js';
import type { Answer } from './answer.js';
import { LoadingKeys } from '../loaders/loading-keys.js';
import { RefreshBackoff } from '../loaders/refresh-backoff.js';
import { BatchingStore } from '../remote/batching/batching-store.js';
import { Breaker } from '../remote/breaker/breaker.js';
import { observed } from '../remote/breaker/observed-store.js';
import type { CacheStore } from '../remote/cache-store.js';
import { CountedStore } from '../remote/counted-store.js';
import { MomentoStore } from '../remote/momento-store.js';

export interface CacheContextOptions {
  /** Aborted when the connection closes. */
  readonly signal?: AbortSignal;
  /** Counts the loads under way, which the connection is not closed under. */
  readonly inFlight?: InFlight;
  /** Aborted when the connection begins to close, and everything is still usable. */
  readonly closing?: AbortSignal;
  readonly connectionName?: string;
  /** The time limit of a call, in milliseconds. @default 5,000, as the SDK has it by default */
  readonly callTimeoutMs?: number;
  /** The connection's, for what a handle and a call leave out. */
  readonly defaults?: CacheBinding;
  /** Another store than Momento, for tests. */
  readonly makeStore?: (client: CacheClient, cacheName: string) => CacheStore;
}

/** The ways to a cache: a request a call, or one for what a tick asks for. */
interface Stores {
  readonly single: CacheStore;
  readonly batching: BatchingStore;
}

/** What all caches of a connection share. */
export class CacheContext {
  readonly signal: AbortSignal;
  readonly inFlight: InFlight;
  readonly records: CacheRecords;
  readonly degradations: DegradationLog;
  readonly defaults: CacheBinding;
  readonly flights = new ItemFlights<Answer>();
  readonly loading = new LoadingKeys();
  readonly backoff = new RefreshBackoff();
  readonly evictions: EvictionQueue;
  readonly breaker: Breaker;
  readonly #makeStore: (client: CacheClient, cacheName: string) => CacheStore;
  readonly #callTimeoutMs: number;
  readonly #stores = new Map<string, Stores>();

  constructor(options: CacheContextOptions = {}) {
    this.signal = options.signal ?? new AbortController().signal;
    this.inFlight = options.inFlight ?? new InFlight();
    this.records = new CacheRecords(options.connectionName);
    this.signal.addEventListener('abort', () => this.records.close(), { once: true });
    this.degradations = new DegradationLog(this.records);
    this.defaults = options.defaults ?? {};
    this.evictions = new EvictionQueue({
      closing: options.closing ?? this.signal,
      inFlight: this.inFlight,
      degradations: this.degradations,
    });
    this.breaker = new Breaker({ onChange: (state) => this.degradations.sayBreaker(state) });
    this.#callTimeoutMs = options.callTimeoutMs ?? 5_000;
    this.#makeStore = options.makeStore ?? ((client, cacheName) => new MomentoStore(client, cacheName));
  }

  /** The stores of a cache, the same for all handles of it. */
  storesOf(client: CacheClient, cacheName: string): Stores {
    const known = this.#stores.get(cacheName);
    if (known !== undefined) return known;
    const { counters } = this.records.of(cacheName);
    const counted = new CountedStore(this.#makeStore(client, cacheName), counters);
    const single = observed(counted, this.breaker);
    const stores = {
      single,
      batching: new BatchingStore(single, { timeoutMs: this.#callTimeoutMs, inFlight: this.inFlight }),
    };
    this.#stores.set(cacheName, stores);
    return stores;
  }

  /** What a handle tells of its doings. */
  watchOf({ cacheName, keyPrefix }: Pick<CacheArguments, 'cacheName' | 'keyPrefix'>): CacheWatch {
    return new CacheWatch(this.records.of(cacheName), keyPrefix, this.records.logger);
  }

  /** How a cache has been used, by whatever handles. */
  statsOf(client: CacheClient, cacheName: string): CacheStats {
    const { counters, listeners } = this.records.of(cacheName);
    return {
      ...counters,
      ...this.storesOf(client, cacheName).batching.stats,
      pendingEvictions: this.evictions.countOf(itemId(cacheName, '')),
      breaker: this.breaker.state,
      listenerFailures: listeners.failures,
    };
  }
}
