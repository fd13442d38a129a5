import type { CacheArguments } from '../options/cache-arguments.js';
import type { MomentoOperation } from '../../foundation/momento.errors.js';
import type { CachePolicy } from '../options/cache-policy.js';
import type { CacheLoader } from '../options/cache.options.js';
import { bytesOf, type Packed, packNotFound, packValue } from '../entry/pack.js';
import type { CacheStore } from '../remote/cache-store.js';
import type { Flight } from '../flights/flight.js';
import { SchemaMisfit } from '../../foundation/values/standard-schema.js';
import { MomentoLoadedValueError } from '../loaders/loader.errors.js';
import { runLoader } from '../loaders/run-loader.js';
import type { CacheWatch } from '../statistics/cache-watch.js';
import { noMarkers } from '../tags/marker.js';
import { type LoadTags, TagsOfLoads } from '../tags/tags-of-loads.js';
import type { TagChanges } from '../tags/tag-changes.js';
import type { TagMarkers } from '../tags/tag-markers.js';
import { ageSecondsOf, type Answer, type Content, notFound } from './answer.js';
import type { CacheContext } from './cache-context.js';
import type { Keeping } from './keeping.js';
import { answerOf, type Found, isNewer, type LookUp } from './look-up.js';
import { Slots } from './slots.js';
import type { Together } from './together.js';

/** One caller's wish. */
export interface ReadRequest {
  readonly operation: MomentoOperation;
  /** As the caller wrote it. */
  readonly key: string;
  readonly fullKey: string;
  /** As `itemId` names it. */
  readonly item: string;
  readonly loader: CacheLoader<unknown>;
  readonly policy: CachePolicy;
  /** Of the tags that are known before the load. */
  readonly markerKeys: readonly string[];
  /** Of the requests that want their loads to be one. */
  readonly together?: Together;
}

/** A loaded value, as it is handed out, and as it is stored when it is. */
interface Loaded {
  readonly content: Content;
  readonly packed: Packed | undefined;
  readonly tags: LoadTags;
}

const noTags: LoadTags = { marks: [] };

/** What the schema gives back, for the first caller and for the functions of the options. */
interface Fitted {
  readonly value: unknown;
}

/** What a loader gave, and what is known of it. */
interface LoadedRaw {
  readonly value: unknown;
  readonly fitted: Fitted | undefined;
  readonly loadMs: number;
  readonly tags: LoadTags;
}

/** Loads a value: takes a slot for it, runs the loader, and fills the slot. */
export class Loading {
  readonly #arguments: CacheArguments;
  readonly #context: CacheContext;
  readonly #lookUp: LookUp;
  readonly #watch: CacheWatch;
  readonly #slots: Slots;
  readonly #tagChanges: TagChanges;
  readonly #tags: TagsOfLoads;
  readonly #keeping: Keeping;

  constructor(
    store: CacheStore,
    args: CacheArguments,
    context: CacheContext,
    lookUp: LookUp,
    markers: TagMarkers,
    keeping: Keeping,
  ) {
    this.#keeping = keeping;
    this.#tagChanges = markers.changes;
    this.#tags = new TagsOfLoads(markers, args, context.degradations);
    this.#arguments = args;
    this.#context = context;
    this.#lookUp = lookUp;
    this.#watch = context.watchOf(args);
    this.#slots = new Slots(store, context, this.#watch.counters);
  }

  /**
   * @param before what the cache had, and will not do
   * @param reader who waits for the load; undefined: it runs behind
   * @throws what the loader throws, and what the functions of the options throw
   */
  async run(
    request: ReadRequest,
    before: Found,
    self: Flight<Answer>,
    reader: Flight<Answer> | undefined,
  ): Promise<Answer> {
    const keep = this.#keeping.begin(request.fullKey);
    const found = request.markerKeys.length === 0 ? before : await this.#withMarkers(request, before);
    const slot = await this.#slots.open(request, found, {
      read: (bytes) => this.#lookUp.read(request, bytes),
      isWanted: (now) => isNewer(now, found),
    });
    if ('found' in slot) return answerOf(slot.found, 'cache');
    noteTags(request, found, [self, reader]);
    let loaded: Loaded | undefined;
    let isShared = false;
    try {
      loaded = await this.#load(request, found, self, reader === undefined);
    } finally {
      // A change of the key in this process ends the wish to store; the slot is given back all the same.
      if (self.isOutdated && loaded?.packed !== undefined) this.#watch.counters.fenced += 1;
      const filling = slot.fill(self.isOutdated ? undefined : loaded?.packed);
      self.storing = filling.then(() => undefined);
      isShared = await filling;
    }
    const { content, packed, tags } = loaded;
    const isJoined = self.isJoined || reader?.isJoined === true;
    if (isShared && isJoined && found.answered && request.policy.singleFlight === 'fleet')
      isShared = await this.#tags.areUnchanged(request.operation, tags.marks);
    const { markerKeys } = tags;
    if (isShared && packed !== undefined && !self.isOutdated)
      this.#keeping.loaded(keep, request.operation, content, packed, markerKeys);
    return { source: 'loader', content, createdAtMs: Date.now(), markerKeys, isUnshared: !isShared };
  }

  /** Those that are not there are made, so that the load comes after them. */
  async #withMarkers(request: ReadRequest, found: Found): Promise<Found> {
    if (!found.answered) return found;
    const markers = await this.#tags.prepare(request, found.markers ?? noMarkers);
    return markers === undefined ? { ...found, answered: false } : { ...found, markers };
  }

  async #load(request: ReadRequest, found: Found, self: Flight<Answer>, isBehind: boolean): Promise<Loaded> {
    const { loading, signal } = this.#context;
    const { operation, key, item, loader, policy } = request;
    const previous = this.#previousOf(operation, found);
    const context = { key, signal, ...(previous instanceof Promise ? await previous : previous) };
    const limit = { name: key, timeoutSeconds: policy.loaderTimeoutSeconds };
    const start = { startedAtMs: Date.now(), tagEpoch: this.#tagChanges.epoch };
    const startedAtMs = performance.now();
    const value = await this.#watch.load({ key, isBehind, isOfMany: request.together !== undefined }, () =>
      loading.run(item, self, isBehind, () => runLoader(loader, context, limit)),
    );
    const loadMs = performance.now() - startedAtMs;
    const isToFit = this.#arguments.schema !== undefined && value !== undefined;
    const fitted = isToFit ? await this.#fitted(request, value) : undefined;
    const known = found.answered ? (found.markers ?? noMarkers) : undefined;
    const tags =
      policy.tags === undefined
        ? noTags
        : await this.#tags.tagsOf(request, fitted === undefined ? value : fitted.value, known, {
            ...start,
            loadMs,
          });
    return this.#prepare(request, { value, fitted, loadMs, tags });
  }

  /**
   * What callers get of a loaded value where there is a schema; undefined when the codec does not write it.
   *
   * @throws MomentoLoadedValueError; what the schema throws
   */
  async #fitted({ operation, key }: ReadRequest, value: unknown): Promise<Fitted | undefined> {
    let bytes: Uint8Array;
    try {
      bytes = bytesOf(this.#arguments.encode(operation, value));
    } catch {
      return undefined;
    }
    try {
      return { value: await this.#arguments.valueIn(operation, bytes) };
    } catch (error) {
      throw error instanceof SchemaMisfit ? new MomentoLoadedValueError(key, error) : error;
    }
  }

  #prepare({ operation, policy }: ReadRequest, { value, fitted, loadMs, tags }: LoadedRaw): Loaded {
    const { marks } = tags;
    if (value === undefined) {
      const { notFoundSeconds } = policy;
      const isRemembered = notFoundSeconds > 0 && marks !== undefined;
      const packed = isRemembered ? packNotFound(notFoundSeconds, marks) : undefined;
      return { content: notFound, packed, tags };
    }
    const storeIf = policy.storeIf as ((value: unknown) => boolean) | undefined;
    const read = fitted === undefined ? value : fitted.value;
    const isToStore = storeIf === undefined || storeIf(read);
    const ttlSeconds = this.#arguments.ttlSeconds(operation, read, policy);
    try {
      const encoded = this.#arguments.encode(operation, value);
      const packed =
        isToStore && marks !== undefined
          ? packValue(encoded, { policy, ttlSeconds, loadMs, tags: marks })
          : undefined;
      return { content: { kind: 'bytes', bytes: bytesOf(encoded), decoded: fitted }, packed, tags };
    } catch (error) {
      this.#context.degradations.warn('store', error);
      return { content: { kind: 'unencoded', value }, packed: undefined, tags };
    }
  }

  #previousOf(operation: MomentoOperation, { content, entry, freshness }: Found) {
    if (freshness === 'expired' || content.kind !== 'bytes') return {};
    const ageSeconds = ageSecondsOf(entry?.createdAtMs ?? Date.now());
    const copy = this.#arguments.valueIn(operation, content.bytes);
    const asPrevious = (value: unknown) => ({ previous: { value, ageSeconds } });
    return copy instanceof Promise ? copy.then(asPrevious) : asPrevious(copy);
  }
}

/** What the outcome of a load hangs on is known now, unless only the value tells. What was found may be handed out instead. */
function noteTags(
  { policy, markerKeys }: ReadRequest,
  found: Found,
  flights: readonly (Flight<Answer> | undefined)[],
): void {
  if (typeof policy.tags === 'function') return;
  const keys = found.markerKeys === undefined ? markerKeys : [...markerKeys, ...found.markerKeys];
  for (const flight of flights) if (flight !== undefined) flight.markerKeys = keys;
}
