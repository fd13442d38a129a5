import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { SchemaMisfit } from '../../foundation/values/standard-schema.js';
import { isEnvelope, type TagMark } from '../entry/envelope.js';
import { freshEntryIn } from '../entry/fresh-value.js';
import { itemId } from '../flights/flight.js';
import type { CacheContext } from '../load/cache-context.js';
import type { Keep } from '../near/near-cache.js';
import { handOut, shareable } from '../near/shareable.js';
import { type CacheArguments, toCacheError } from '../options/cache-arguments.js';
import type { EvictionQueue } from '../remote/eviction-queue.js';
import type { CacheWatch } from '../statistics/cache-watch.js';
import { markerKeyOf, type Markers, noMarkers } from '../tags/marker.js';
import type { TagMarkers } from '../tags/tag-markers.js';

type Stored = Uint8Array | undefined;

/** One key that is read, on whose behalf. */
export interface Reading {
  readonly operation: MomentoOperation;
  /** As the caller wrote it. */
  readonly key: string;
  readonly fullKey: string;
  /** Of the tags' changes, from before it was read. */
  readonly epoch: number;
  /** Undefined: nothing is kept in this process. */
  readonly keep: Keep | undefined;
}

/** What is stored and may be handed out. */
interface Fresh {
  readonly payload: Uint8Array;
  readonly createdAtMs: number | undefined;
  readonly freshUntilMs: number;
  readonly tags: readonly TagMark[];
}

const noTags: readonly TagMark[] = [];

/** What stored bytes are worth to whoever reads them without a loader: what is fresh, and whose tags are valid. */
export class FreshValues {
  readonly #arguments: CacheArguments;
  readonly #tags: TagMarkers;
  readonly #watch: CacheWatch;
  readonly #evictions: EvictionQueue;

  constructor(args: CacheArguments, tags: TagMarkers, context: CacheContext) {
    this.#arguments = args;
    this.#tags = tags;
    this.#watch = context.watchOf(args);
    this.#evictions = context.evictions;
  }

  /** At once, unless it has tags, whose markers are another request, or a schema that needs time. */
  read<T>(reading: Reading, stored: Stored): T | undefined | Promise<T | undefined> {
    const tags = stored === undefined ? noTags : tagsIn(stored);
    if (tags.length === 0) return this.readWith<T>(reading, stored, noMarkers);
    return this.#tags.complete(tags, noMarkers).then(
      (markers) => this.readWith<T>(reading, stored, markers),
      (error: unknown) => {
        throw toCacheError(reading.operation, error);
      },
    );
  }

  /** @param markers those of all its tags; those that are missing make it invalid */
  readWith<T>(reading: Reading, stored: Stored, markers: Markers): T | undefined | Promise<T | undefined> {
    const { operation, key, epoch } = reading;
    const fresh = stored === undefined ? undefined : this.#freshIn(stored, epoch, markers);
    if (fresh === undefined) return this.#missed(key);
    try {
      const value = this.#arguments.valueIn(operation, fresh.payload);
      if (!(value instanceof Promise)) return this.#found(reading, fresh, value) as T;
      return value.then(
        (fitting) => this.#found(reading, fresh, fitting) as T,
        (error: unknown) => this.#unfit(key, error),
      );
    } catch (error) {
      return this.#unfit(key, error);
    }
  }

  /** What is known, and the markers of the values' tags that are not, in one request for a hundred. */
  async markersOf(stored: readonly Stored[], known: Markers): Promise<Markers> {
    const marks = stored.flatMap((one) => (one === undefined ? noTags : tagsIn(one)));
    return marks.length === 0 ? known : this.#tags.complete(marks, known);
  }

  #freshIn(stored: Uint8Array, epoch: number, markers: Markers): Fresh | undefined {
    if (!isEnvelope(stored))
      return { payload: stored, createdAtMs: undefined, freshUntilMs: Infinity, tags: noTags };
    const entry = freshEntryIn(stored);
    if (entry === undefined) return undefined;
    return entry.tags.length === 0 || this.#tags.areValid(entry.tags, markers, epoch) ? entry : undefined;
  }

  /** A value that does not fit the schema is none. */
  #unfit(key: string, error: unknown): undefined {
    if (!(error instanceof SchemaMisfit)) throw error;
    return this.#missed(key);
  }

  #missed(key: string): undefined {
    this.#watch.asked(key, 'loader');
  }

  /** @returns the value for this caller */
  #found({ key, operation, fullKey, keep }: Reading, fresh: Fresh, value: unknown): unknown {
    this.#watch.asked(key, 'cache');
    const made = keep === undefined ? undefined : shareable(value);
    if (keep === undefined || made === undefined) return value;
    // What is still to be evicted is read as it is, and not kept.
    if (!this.#evictions.has(itemId(operation.cacheName, fullKey))) {
      const { payload, createdAtMs, freshUntilMs, tags } = fresh;
      keep({
        shareable: made,
        sizeBytes: payload.length,
        createdAtMs,
        freshMs: freshUntilMs - Date.now(),
        dependsOn: tags.map(({ tag }) => markerKeyOf(tag)),
      });
    }
    return handOut(made);
  }
}

function tagsIn(stored: Uint8Array): readonly TagMark[] {
  return isEnvelope(stored) ? (freshEntryIn(stored)?.tags ?? noTags) : noTags;
}
