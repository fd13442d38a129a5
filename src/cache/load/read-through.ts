import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { withinTime } from '../../foundation/time/pause.js';
import { isEarlyRefreshDue } from '../entry/windows.js';
import type { Flight } from '../flights/flight.js';
import type { CacheArguments } from '../options/cache-arguments.js';
import type { CacheStore } from '../remote/cache-store.js';
import type { CacheWatch } from '../statistics/cache-watch.js';
import { type Answer, takeValue } from './answer.js';
import type { CacheContext } from './cache-context.js';
import { Loading, type ReadRequest } from './loading.js';
import { type Found, isNewer, LookUp } from './look-up.js';

/**
 * Reads a key, and loads it when the cache has nothing fresh: once for all who ask, in the order of CACHE.md §2. A failing
 * cache counts as a miss.
 */
export class ReadThrough {
  readonly #lookUp: LookUp;
  readonly #loading: Loading;
  readonly #arguments: CacheArguments;
  readonly #context: CacheContext;
  readonly #watch: CacheWatch;

  constructor(store: CacheStore, args: CacheArguments, context: CacheContext) {
    this.#lookUp = new LookUp(store, args, context);
    this.#loading = new Loading(store, args, context, this.#lookUp);
    this.#arguments = args;
    this.#context = context;
    this.#watch = context.watchOf(args);
  }

  /** @throws what the loader throws, MomentoLoaderTimeoutError, MomentoReentrantLoadError */
  async get(request: ReadRequest): Promise<Answer> {
    const { flights, loading, inFlight } = this.#context;
    const { key, item } = request;
    loading.refuseOwn(key, item);
    for (;;) {
      const joined = flights.findRead(item, this.#arguments.codec);
      const flight =
        joined ??
        flights.read(item, this.#arguments.codec, (self) => inFlight.track(() => this.#read(request, self)));
      try {
        const answer = await loading.waitFor(key, flight);
        if (joined !== undefined && answer.isUnshared === true) continue;
        this.#watch.asked(key, joined === undefined ? answer.source : 'joined');
        return answer;
      } catch (error) {
        this.#watch.asked(key, joined === undefined ? 'loader' : 'joined');
        throw error;
      }
    }
  }

  async #read(request: ReadRequest, self: Flight<Answer>): Promise<Answer> {
    const { item } = request;
    for (;;) {
      const found = await this.#find(request);
      const joined = this.#context.flights.findLoad(item, this.#arguments.codec);
      const answer = await this.#answer(request, found, () =>
        self.waitFor(joined ?? this.#load(request, found)),
      );
      if (joined === undefined || answer.isUnshared !== true) return answer;
    }
  }

  #find(request: ReadRequest): Promise<Found> {
    const { policy, together } = request;
    const found = this.#lookUp.find(request, policy.cacheTimeoutSeconds);
    return together === undefined ? found : together.add(found);
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
    // What is leased is being refreshed by another process.
    if ((freshness === 'stale' || isEarly) && !found.isLeased) this.#refreshBehind(request, found);
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

  #load(request: ReadRequest, found: Found): Flight<Answer> {
    const { flights, inFlight } = this.#context;
    return flights.load(request.item, this.#arguments.codec, (self) =>
      inFlight.track(() => this.#loading.run(request, found, self, false)),
    );
  }

  /** At most one refresh of an item at a time, and after a failure none for a while. Whoever reads meanwhile gets what is stale. */
  #refreshBehind(request: ReadRequest, found: Found): void {
    const { flights, inFlight, backoff, degradations, signal } = this.#context;
    const { codec } = this.#arguments;
    const { item, key } = request;
    if (signal.aborted || !backoff.allows(item) || flights.findLoad(item, codec) !== undefined) return;
    const startedAtMs = performance.now();
    const refresh = flights.load(item, codec, (self) =>
      inFlight.track(() => this.#refresh(request, found, self)),
    );
    refresh.outcome.then(
      ({ source }) => {
        backoff.succeeded(item);
        return this.#watch.refreshed(key, startedAtMs, { source });
      },
      (error: unknown) => {
        backoff.failed(item);
        degradations.warn('refresh', error);
        this.#watch.refreshed(key, startedAtMs, { error });
      },
    );
  }

  /** Another process may have refreshed it meanwhile. */
  async #refresh(request: ReadRequest, found: Found, self: Flight<Answer>): Promise<Answer> {
    const now = await this.#find(request);
    if (!now.answered)
      return { source: 'stale', content: found.content, createdAtMs: found.entry?.createdAtMs };
    if (isNewer(now, found))
      return { source: 'cache', content: now.content, createdAtMs: now.entry?.createdAtMs };
    return this.#loading.run(request, now, self, true);
  }

  /** A copy for one caller. */
  valueOf<T>(operation: MomentoOperation, answer: Answer): T {
    return takeValue(answer.content, (bytes) => this.#arguments.decode(operation, bytes)) as T;
  }
}
