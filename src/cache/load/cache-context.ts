import type { CacheClient, TopicClient } from '@gomomento/sdk';
import type { CacheFigures, ConnectionTelemetry } from '../../foundation/telemetry.js';
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
import { noInvalidation } from '../near/invalidation/invalidation.js';
import { TopicInvalidation } from '../near/invalidation/topic-invalidation.js';
import { HandleNear, type Near, noNear } from '../near/handle-near.js';
import { NearLevel } from '../near/near-level.js';
import type { Answer } from './answer.js';
import { LoadingKeys } from '../loaders/loading-keys.js';
import { RefreshBackoff } from '../loaders/refresh-backoff.js';
import { BatchingStore } from '../remote/batching/batching-store.js';
import { Breaker } from '../remote/breaker/breaker.js';
import { ObservedStore } from '../remote/breaker/observed-store.js';
import type { CacheStore } from '../remote/cache-store.js';
import { SharedTopics } from '../../topics/shared/shared-topics.js';
import { TagChanges } from '../tags/tag-changes.js';
import type { CacheTags } from '../tags/tag-markers.js';
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
  /** Tells near caches of other processes what is changed; without it they are not told. */
  readonly topicClient?: TopicClient;
  /** The subscriptions by which they are told. @default its own, of that client */
  readonly topics?: SharedTopics;
  /** Who is told how the caches are used. */
  readonly telemetry?: ConnectionTelemetry | undefined;
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
  readonly closing: AbortSignal;
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
  readonly #near = new Map<string, NearLevel>();
  readonly #topicClient: TopicClient | undefined;
  readonly #topics: SharedTopics | undefined;
  readonly #tags = new Map<string, CacheTags>();

  constructor(options: CacheContextOptions = {}) {
    this.signal = options.signal ?? new AbortController().signal;
    this.inFlight = options.inFlight ?? new InFlight();
    this.records = new CacheRecords(options.connectionName);
    this.signal.addEventListener('abort', () => this.#close(), { once: true });
    this.degradations = new DegradationLog(this.records);
    this.defaults = options.defaults ?? {};
    this.closing = options.closing ?? this.signal;
    this.#topicClient = options.topicClient;
    this.#topics = options.topics ?? (options.topicClient && new SharedTopics(options.topicClient));
    this.evictions = new EvictionQueue({
      closing: this.closing,
      inFlight: this.inFlight,
      degradations: this.degradations,
    });
    this.breaker = new Breaker({ onChange: (state) => this.degradations.sayBreaker(state) });
    this.#callTimeoutMs = options.callTimeoutMs ?? 5_000;
    this.#makeStore = options.makeStore ?? ((client, cacheName) => new MomentoStore(client, cacheName));
    options.telemetry?.observe({ caches: () => this.#figures(), breaker: () => this.breaker.state });
  }

  #close(): void {
    this.records.close();
    for (const level of this.#near.values()) level.close();
  }

  /** The stores of a cache, the same for all handles of it. */
  storesOf(client: CacheClient, cacheName: string): Stores {
    const known = this.#stores.get(cacheName);
    if (known !== undefined) return known;
    const { counters } = this.records.of(cacheName);
    const single = new ObservedStore(this.#makeStore(client, cacheName), { breaker: this.breaker, counters });
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

  /** What a handle keeps in this process; with equal options it is the same. */
  nearOf(args: CacheArguments): Near {
    const { cacheName, keyPrefix, form, nearCache } = args;
    if (nearCache === undefined) return noNear;
    const level = this.#near.get(cacheName) ?? this.#makeNearLevel(cacheName);
    const cache = level.open(form, nearCache);
    if (cache !== undefined) return new HandleNear(cache, keyPrefix, this.watchOf(args));
    this.degradations.warn(
      'keep',
      new Error('make a handle with a codec, schema or near cache of its own once'),
    );
    return noNear;
  }

  #makeNearLevel(cacheName: string): NearLevel {
    const { closing, inFlight, degradations } = this;
    const [client, topics] = [this.#topicClient, this.#topics];
    const level = new NearLevel({
      invalidation: (heard) =>
        client === undefined || topics === undefined
          ? noInvalidation
          : new TopicInvalidation({ client, topics, cacheName, heard, closing, inFlight, degradations }),
    });
    if (this.signal.aborted) level.close();
    this.#near.set(cacheName, level);
    // Who is told of markers drops what hangs on them.
    this.tagsOf(cacheName).changes.listen((markerKeys) => {
      level.drop(markerKeys);
      level.tell(markerKeys);
    });
    return level;
  }

  /** Changes items of a cache: nothing that is loaded or kept meanwhile may outlast the change. */
  async change<R>(cacheName: string, fullKeys: readonly string[], change: () => Promise<R>): Promise<R> {
    const items = fullKeys.map((key) => itemId(cacheName, key));
    const near = this.#near.get(cacheName);
    if (near === undefined) return this.flights.change(items, change);
    near.drop(fullKeys);
    try {
      return await this.flights.change(items, change);
    } finally {
      // Also when it failed: what was not answered may have been carried out.
      near.drop(fullKeys);
      near.tell(fullKeys);
    }
  }

  /** How a cache has been used, by whatever handles. */
  statsOf(client: CacheClient, cacheName: string): CacheStats {
    return this.#statsIn(cacheName, this.storesOf(client, cacheName));
  }

  /** Of all caches that have been used. */
  #figures(): CacheFigures[] {
    return Array.from(this.#stores, ([cacheName, stores]) => ({
      cacheName,
      ...this.#statsIn(cacheName, stores),
    }));
  }

  #statsIn(cacheName: string, { batching }: Stores): CacheStats {
    const { counters, listeners } = this.records.of(cacheName);
    const near = this.#near.get(cacheName);
    return {
      ...counters,
      nearItems: near?.items ?? 0,
      nearBytes: near?.bytes ?? 0,
      ...batching.stats,
      pendingEvictions: this.evictions.countOf(itemId(cacheName, '')),
      breaker: this.breaker.state,
      listenerFailures: listeners.failures,
    };
  }

  /** What the handles of a cache know of its tags. */
  tagsOf(cacheName: string): CacheTags {
    const known = this.#tags.get(cacheName);
    if (known !== undefined) return known;
    const { evictions } = this;
    const tags = { cacheName, changes: new TagChanges(), making: new Map(), evictions };
    this.#tags.set(cacheName, tags);
    return tags;
  }
}
