import type { CacheClient } from '@gomomento/sdk';
import { InFlight } from '../../foundation/time/in-flight.js';
import type { CacheBinding } from '../options/cache.options.js';
import { DegradationLog } from '../options/degradation-log.js';
import { EvictionQueue } from '../remote/eviction-queue.js';
import { ItemFlights } from '../flights/item-flights.js';
import type { Answer } from './answer.js';
import { LoadingKeys } from '../loaders/loading-keys.js';
import { RefreshBackoff } from '../loaders/refresh-backoff.js';
import { BatchingStore } from '../remote/batching/batching-store.js';
import { Breaker } from '../remote/breaker/breaker.js';
import { observed } from '../remote/breaker/observed-store.js';
import type { CacheStore } from '../remote/cache-store.js';
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
  readonly batching: CacheStore;
}

/** What all caches of a connection share. */
export class CacheContext {
  readonly signal: AbortSignal;
  readonly inFlight: InFlight;
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
    this.degradations = new DegradationLog(options.connectionName);
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
    const single = observed(this.#makeStore(client, cacheName), this.breaker);
    const stores = {
      single,
      batching: new BatchingStore(single, { timeoutMs: this.#callTimeoutMs, inFlight: this.inFlight }),
    };
    this.#stores.set(cacheName, stores);
    return stores;
  }
}
