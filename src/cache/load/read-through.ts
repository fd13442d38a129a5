import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { withinTime } from '../../foundation/time/pause.js';
import { isEarlyRefreshDue } from '../entry/windows.js';
import type { Flight } from '../flights/flight.js';
import type { CacheArguments } from '../options/cache-arguments.js';
import type { CacheStore } from '../remote/cache-store.js';
import type { CacheWatch } from '../statistics/cache-watch.js';
import type { TagChanges } from '../tags/tag-changes.js';
import { TagMarkers } from '../tags/tag-markers.js';
import type { Answer } from './answer.js';
import type { CacheContext } from './cache-context.js';
import { Keeping } from './keeping.js';
import { Loading, type ReadRequest } from './loading.js';
import { answerOf, type Found, isNewer, LookUp } from './look-up.js';

/**
 * Reads a key, and loads it when the cache has nothing fresh: once for all who ask, in the order of CACHE.md §2. A failing
 * cache counts as a miss.
 */
export class ReadThrough {
  readonly #lookUp: LookUp;
  readonly #loading: Loading;
  readonly #keeping: Keeping;
  readonly #arguments: CacheArguments;
  readonly #context: CacheContext;
  readonly #watch: CacheWatch;
  readonly #tagChanges: TagChanges;

  constructor(store: CacheStore, args: CacheArguments, context: CacheContext) {
    const tags = new TagMarkers(store, context.tagsOf(args.cacheName), args.tagSeconds);
    this.#tagChanges = tags.changes;
    this.#lookUp = new LookUp(store, args, context, tags);
    this.#keeping = new Keeping(context.nearOf(args), args);
    this.#loading = new Loading(store, args, context, this.#lookUp, tags, this.#keeping);
    this.#arguments = args;
    this.#context = context;
    this.#watch = context.watchOf(args);
  }

  /** @throws what the loader throws, MomentoLoaderTimeoutError, MomentoReentrantLoadError */
  async get(request: ReadRequest): Promise<Answer> {
    const { flights, loading, inFlight } = this.#context;
    const { key, item } = request;
    loading.refuseOwn(key, item);
    let wanted = request;
    for (;;) {
      const now = wanted;
      const joined = flights.findRead(item, this.#arguments.form);
      const isOutrun = this.#join(joined);
      const flight =
        joined ??
        flights.read(item, this.#arguments.form, (self) => inFlight.track(() => this.#read(now, self)));
      try {
        const answer = await loading.waitFor(key, flight);
        if (joined === undefined || (answer.isUnshared !== true && !isOutrun)) {
          this.#watch.asked(key, joined === undefined ? answer.source : 'joined');
          // Its loader, if any, is that of the caller who began the read.
          return joined === undefined || answer.refresh === undefined
            ? answer
            : { ...answer, refresh: undefined };
        }
        wanted = withTagsOf(request, answer);
      } catch (error) {
        this.#watch.asked(key, joined === undefined ? 'loader' : 'joined');
        throw error;
      }
    }
  }

  async #read(request: ReadRequest, self: Flight<Answer>): Promise<Answer> {
    const { item } = request;
    let wanted = request;
    for (;;) {
      const now = wanted;
      this.#tagChanges.begin(self);
      const found = await this.#find(now, self);
      const joined = this.#context.flights.findLoad(item, this.#arguments.form);
      let isOutrun = false;
      const answer = await this.#answer(now, found, () => {
        isOutrun = this.#join(joined);
        return self.waitFor(joined ?? this.#load(now, found, self));
      });
      if (joined === undefined || (answer.isUnshared !== true && !isOutrun)) return answer;
      wanted = withTagsOf(request, answer);
    }
  }

  /** @returns whether the outcome may be older than an invalidation that has ended by now, so that one asks again after it */
  #join(flight: Flight<Answer> | undefined): boolean {
    if (flight === undefined) return false;
    flight.isJoined = true;
    return this.#tagChanges.hasOutrun(flight);
  }

  async #find(request: ReadRequest, self: Flight<Answer>): Promise<Found> {
    const { policy, together, operation, fullKey } = request;
    const keep = this.#keeping.begin(fullKey);
    const finding = this.#lookUp.find(request, policy.cacheTimeoutSeconds);
    const found = await (together === undefined ? finding : together.add(finding));
    if (found.freshness === 'fresh' && !self.isOutdated) this.#keeping.found(keep, operation, found);
    return found;
  }

  /** What is handed out for what was found; `load` is called when there is nothing that will do. */
  #answer(request: ReadRequest, found: Found, load: () => Promise<Answer>): Answer | Promise<Answer> {
    const { entry, freshness } = found;
    if (freshness === 'expired') return load();
    const stale = answerOf(found, 'stale');
    if (freshness === 'stale-if-error') return this.#orElse(load(), stale, request);
    const isEarly =
      freshness === 'fresh' &&
      request.policy.earlyRefresh &&
      entry !== undefined &&
      isEarlyRefreshDue(entry, Date.now(), Math.random);
    // What is leased is being refreshed by another process.
    const isRefreshed = (freshness === 'stale' || isEarly) && !found.isLeased;
    const refresh = isRefreshed ? this.#refreshBehind(request, found)?.outcome : undefined;
    return { ...stale, source: freshness === 'stale' ? 'stale' : 'cache', refresh };
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

  #load(request: ReadRequest, found: Found, reader: Flight<Answer>): Flight<Answer> {
    return this.#startLoad(request, (self) => this.#loading.run(request, found, self, reader));
  }

  #startLoad({ item }: ReadRequest, load: (self: Flight<Answer>) => Promise<Answer>): Flight<Answer> {
    const { flights, inFlight } = this.#context;
    const flight = flights.load(item, this.#arguments.form, (self) => inFlight.track(() => load(self)));
    this.#tagChanges.begin(flight);
    return flight;
  }

  /** At most one refresh of an item at a time, and after a failure none for a while. Whoever reads meanwhile gets what is stale. */
  #refreshBehind(request: ReadRequest, found: Found): Flight<Answer> | undefined {
    const { flights, backoff, degradations, signal } = this.#context;
    const { form } = this.#arguments;
    const { item, key } = request;
    if (signal.aborted || !backoff.allows(item) || flights.findLoad(item, form) !== undefined)
      return undefined;
    const startedAtMs = performance.now();
    const refresh = this.#startLoad(request, (self) => this.#refresh(request, found, self));
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
    return refresh;
  }

  /** Another process may have refreshed it meanwhile. */
  async #refresh(request: ReadRequest, found: Found, self: Flight<Answer>): Promise<Answer> {
    const now = await this.#find(request, self);
    if (!now.answered) return answerOf(found, 'stale');
    if (isNewer(now, found)) return answerOf(now, 'cache');
    return this.#loading.run(request, now, self, undefined);
  }

  /** A copy for one caller; a promise only with a schema that needs time. */
  valueOf<T>(operation: MomentoOperation, answer: Answer): T | Promise<T> {
    return this.#keeping.valueOf(operation, answer.content) as T | Promise<T>;
  }
}

/** Who asks again after a load knows more about tags that only the value tells: they are read before the next one. */
function withTagsOf(request: ReadRequest, { markerKeys }: Answer): ReadRequest {
  const isTold = typeof request.policy.tags === 'function' && markerKeys !== undefined;
  return isTold ? { ...request, markerKeys } : request;
}
