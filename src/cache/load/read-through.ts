import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { withinTime } from '../../foundation/time/pause.js';
import { type CacheArguments, toCacheError } from '../options/cache-arguments.js';
import type { CacheContext } from './cache-context.js';
import type { CachePolicy } from '../options/cache-policy.js';
import type { CacheLoader } from '../options/cache.options.js';
import { bytesOf, packNotFound, packValue } from '../entry/pack.js';
import { isEarlyRefreshDue } from '../entry/windows.js';
import type { CacheStore, StoreItem } from '../remote/cache-store.js';
import { ageSecondsOf, type Answer, type Content, notFound, takeValue } from './answer.js';
import { type Flight, itemId } from '../flights/flight.js';
import { type Found, LookUp, nothing } from './look-up.js';
import { runLoader } from './run-loader.js';

/** One caller's wish. */
export interface ReadRequest {
  readonly operation: MomentoOperation;
  /** As the caller wrote it. */
  readonly key: string;
  readonly fullKey: string;
  readonly loader: CacheLoader<unknown>;
  readonly policy: CachePolicy;
}

/** A loaded value, as it is handed out, and as it is stored when it is. */
interface Loaded {
  readonly content: Content;
  readonly item: StoreItem | undefined;
}

/**
 * Reads a key, and loads it when the cache has nothing fresh: once for all who ask, in the order of CACHE.md §2. A failing
 * cache counts as a miss.
 */
export class ReadThrough {
  readonly #lookUp: LookUp;
  readonly #store: CacheStore;
  readonly #arguments: CacheArguments;
  readonly #context: CacheContext;

  constructor(store: CacheStore, args: CacheArguments, context: CacheContext) {
    this.#lookUp = new LookUp(store, args, context.degradations);
    this.#store = store;
    this.#arguments = args;
    this.#context = context;
  }

  /** @throws what the loader throws, MomentoLoaderTimeoutError, MomentoReentrantLoadError */
  async get(request: ReadRequest): Promise<Answer> {
    const { flights, loading, inFlight } = this.#context;
    const item = itemId(request.operation.cacheName, request.fullKey);
    loading.refuseOwn(request.key, item);
    const flight =
      flights.findRead(item, this.#arguments.codec) ??
      flights.read(item, this.#arguments.codec, (self) =>
        inFlight.track(() => this.#read(request, item, self)),
      );
    return loading.waitFor(request.key, flight);
  }

  async #read(request: ReadRequest, item: string, self: Flight<Answer>): Promise<Answer> {
    const { operation, fullKey, policy } = request;
    const cached = await this.#lookUp.find(operation, fullKey, policy.cacheTimeoutSeconds);
    // What is still to be evicted is as good as gone.
    const found = this.#context.evictions.has(item) ? { ...nothing, answered: cached.answered } : cached;
    return this.#answer(request, found, () => self.waitFor(this.#load(request, item, found)));
  }

  /** What is handed out for what was found; `load` is called when there is nothing that will do. */
  #answer(request: ReadRequest, found: Found, load: () => Promise<Answer>): Answer | Promise<Answer> {
    const { entry, content, freshness } = found;
    if (freshness === 'expired') return load();
    const stale: Answer = { source: 'stale', content, createdAtMs: entry?.createdAtMs };
    if (freshness === 'stale-if-error') return this.#orElse(load(), stale, request);
    const isEarly =
      freshness === 'fresh' &&
      request.policy.earlyRefresh &&
      entry !== undefined &&
      isEarlyRefreshDue(entry, Date.now(), Math.random);
    if (freshness === 'stale' || isEarly) this.#refreshBehind(request, found);
    return freshness === 'stale' ? stale : { ...stale, source: 'cache' };
  }

  /** What is loaded; what is stale when that fails or takes longer than the soft limit. The load goes on then. */
  async #orElse(load: Promise<Answer>, stale: Answer, { policy }: ReadRequest): Promise<Answer> {
    const { loaderSoftTimeoutSeconds } = policy;
    const safe = load.catch((error: unknown) => {
      this.#context.degradations.warn('load', error);
      return stale;
    });
    if (loaderSoftTimeoutSeconds === undefined) return safe;
    return (await withinTime(safe, loaderSoftTimeoutSeconds * 1000)) ?? stale;
  }

  #load(request: ReadRequest, item: string, found: Found): Flight<Answer> {
    const { flights, inFlight } = this.#context;
    const { codec } = this.#arguments;
    return (
      flights.findLoad(item, codec) ??
      flights.load(item, codec, (self) => inFlight.track(() => this.#run(request, item, found, self, false)))
    );
  }

  /** At most one refresh of an item at a time, and after a failure none for a while. Whoever reads meanwhile gets what is stale. */
  #refreshBehind(request: ReadRequest, found: Found): void {
    const { flights, inFlight, backoff, degradations, signal } = this.#context;
    const { codec } = this.#arguments;
    const item = itemId(request.operation.cacheName, request.fullKey);
    if (signal.aborted || !backoff.allows(item) || flights.findLoad(item, codec) !== undefined) return;
    const refresh = flights.load(item, codec, (self) =>
      inFlight.track(() => this.#refresh(request, item, found, self)),
    );
    refresh.outcome.then(
      () => backoff.succeeded(item),
      (error: unknown) => {
        backoff.failed(item);
        degradations.warn('refresh', error);
      },
    );
  }

  /** Another process may have refreshed it meanwhile. */
  async #refresh(request: ReadRequest, item: string, found: Found, self: Flight<Answer>): Promise<Answer> {
    const { operation, fullKey, policy } = request;
    const now = await this.#lookUp.find(operation, fullKey, policy.cacheTimeoutSeconds);
    const { content, entry } = now;
    if (!now.answered)
      return { source: 'stale', content: found.content, createdAtMs: found.entry?.createdAtMs };
    if (now.freshness === 'fresh' && entry?.createdAtMs !== found.entry?.createdAtMs)
      return { source: 'cache', content, createdAtMs: entry?.createdAtMs };
    return this.#run(request, item, now, self, true);
  }

  async #run(
    request: ReadRequest,
    item: string,
    found: Found,
    self: Flight<Answer>,
    isBehind: boolean,
  ): Promise<Answer> {
    const { loading, signal } = this.#context;
    const { operation, key, loader, policy } = request;
    const previous = this.#previousOf(operation, found);
    const startedAtMs = performance.now();
    const value = await loading.run(item, self, isBehind, () =>
      runLoader(
        loader,
        { key, signal, ...previous },
        { name: key, timeoutSeconds: policy.loaderTimeoutSeconds },
      ),
    );
    const { content, item: toStore } = this.#prepare(request, value, performance.now() - startedAtMs);
    if (toStore !== undefined && found.answered && !self.isOutdated) {
      self.storing = this.#storeLoaded(operation, item, toStore);
      await self.storing;
    }
    return { source: 'loader', content, createdAtMs: Date.now() };
  }

  /** What is handed out of a loaded value, and what is stored. @throws what the functions of the options throw */
  #prepare(request: ReadRequest, value: unknown, loadMs: number): Loaded {
    const { operation, fullKey, policy } = request;
    if (value === undefined) {
      const { notFoundSeconds } = policy;
      const item = notFoundSeconds > 0 ? { key: fullKey, ...packNotFound(notFoundSeconds) } : undefined;
      return { content: notFound, item };
    }
    const storeIf = policy.storeIf as ((value: unknown) => boolean) | undefined;
    const isToStore = storeIf === undefined || storeIf(value);
    const ttlSeconds = this.#arguments.ttlSeconds(operation, value, policy);
    try {
      const encoded = this.#arguments.encode(operation, value);
      const item = isToStore
        ? { key: fullKey, ...packValue(encoded, { policy, ttlSeconds, loadMs }) }
        : undefined;
      return { content: { kind: 'bytes', bytes: bytesOf(encoded) }, item };
    } catch (error) {
      this.#context.degradations.warn('store', error);
      return { content: { kind: 'unencoded', value }, item: undefined };
    }
  }

  #previousOf(operation: MomentoOperation, { content, entry, freshness }: Found) {
    if (freshness === 'expired' || content.kind !== 'bytes') return {};
    const value = this.#arguments.decode<unknown>(operation, content.bytes);
    return { previous: { value, ageSeconds: ageSecondsOf(entry?.createdAtMs ?? Date.now()) } };
  }

  /** Never rejects. */
  async #storeLoaded(operation: MomentoOperation, item: string, toStore: StoreItem): Promise<void> {
    try {
      await this.#store.set(toStore);
      this.#context.evictions.cancel(item);
    } catch (error) {
      this.#context.degradations.warn('store', toCacheError(operation, error));
    }
  }

  /** A copy for one caller. */
  valueOf<T>(operation: MomentoOperation, answer: Answer): T {
    return takeValue(answer.content, (bytes) => this.#arguments.decode(operation, bytes)) as T;
  }
}
