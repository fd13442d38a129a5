import type { CallOutcome } from '../../clients/sdk/sdk-answer.js';
import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { SchemaMisfit } from '../../foundation/values/standard-schema.js';
import { withinTime } from '../../foundation/time/pause.js';
import { type CacheArguments, toCacheError } from '../options/cache-arguments.js';
import { notAnsweredWithin } from '../options/cache-call.js';
import type { DegradationLog } from '../statistics/degradation-log.js';
import { readEntry, type StoredEntry } from '../entry/envelope.js';
import { type Freshness, freshnessOf } from '../entry/windows.js';
import type { EvictionQueue } from '../remote/eviction-queue.js';
import type { Breaker } from '../remote/breaker/breaker.js';
import type { CacheStore } from '../remote/cache-store.js';
import { markerKeyOf, type Markers, noMarkers } from '../tags/marker.js';
import type { TagMarkers } from '../tags/tag-markers.js';
import { type Answer, type Content, notFound } from './answer.js';

/** What the cache has for a key. */
export interface Found {
  /** False when the cache failed: it is not asked to store either, or its time limit would be waited for twice. */
  readonly answered: boolean;
  /** Whether there is nothing at all under the key. */
  readonly isAbsent: boolean;
  /** Whether a process of the fleet is loading it at this moment. */
  readonly isLeased: boolean;
  /** `expired`: there is nothing to hand out. */
  readonly freshness: Freshness;
  readonly content: Content;
  readonly entry?: Extract<StoredEntry, { kind: 'value' | 'not-found' }>;
  /** Keys of the markers of its tags, all of which are valid; undefined: it has none. */
  readonly markerKeys?: readonly string[];
  /** The markers that were read with it, those of what is not valid included. */
  readonly markers?: Markers;
}

/** A miss. */
const nothing: Found = {
  answered: true,
  isAbsent: false,
  isLeased: false,
  freshness: 'expired',
  content: notFound,
};
const absent: Found = { ...nothing, isAbsent: true };
const unanswered: Found = { ...nothing, answered: false };

/** What is found, as it is handed out. */
export function answerOf({ content, entry, markerKeys }: Found, source: Answer['source']): Answer {
  return { source, content, createdAtMs: entry?.createdAtMs, markerKeys };
}

/** Whether it is fresh, and not the fresh value that was found before. */
export function isNewer(now: Found, before: Found): boolean {
  const isSame = before.freshness === 'fresh' && now.entry?.createdAtMs === before.entry?.createdAtMs;
  return now.freshness === 'fresh' && !isSame;
}

/** What is looked for, on whose behalf. */
interface Wanted {
  readonly operation: MomentoOperation;
  readonly fullKey: string;
  /** As `itemId` names it. */
  readonly item: string;
  /** Of the tags that are known beforehand: read with the value. */
  readonly markerKeys: readonly string[];
}

interface LookUpContext {
  readonly evictions: EvictionQueue;
  readonly degradations: DegradationLog;
  readonly breaker: Breaker;
}

/** Reads the cache for `getOrSet` and what stands on it. Never rejects: a cache that fails has nothing. */
export class LookUp {
  readonly #store: CacheStore;
  readonly #arguments: CacheArguments;
  readonly #degradations: DegradationLog;
  readonly #breaker: Breaker;
  readonly #evictions: EvictionQueue;
  readonly #tags: TagMarkers;

  constructor(
    store: CacheStore,
    args: CacheArguments,
    { degradations, breaker, evictions }: LookUpContext,
    tags: TagMarkers,
  ) {
    this.#tags = tags;
    this.#evictions = evictions;
    this.#store = store;
    this.#arguments = args;
    this.#degradations = degradations;
    this.#breaker = breaker;
  }

  async find(wanted: Wanted, timeoutSeconds: number | undefined): Promise<Found> {
    if (!this.#breaker.allows()) return unanswered;
    const { epoch } = this.#breaker;
    const read = this.#look(wanted);
    if (timeoutSeconds === undefined) return this.#foundIn(wanted, await read);
    const outcome = await withinTime(read, timeoutSeconds * 1000);
    if (outcome !== undefined) return this.#foundIn(wanted, outcome);
    this.#breaker.failed(epoch);
    return this.#foundIn(wanted, { thrown: notAnsweredWithin(wanted.operation, timeoutSeconds) });
  }

  /** In one request, and a second one when the value has tags that are not known beforehand. */
  #look(wanted: Wanted): Promise<CallOutcome<Found>> {
    const { fullKey, markerKeys } = wanted;
    const { epoch } = this.#tags.changes;
    const see = (stored: Uint8Array | undefined, markers: Markers) => {
      const found = stored === undefined ? absent : this.#read(wanted, stored);
      const seen =
        found instanceof Promise
          ? found.then((one) => this.#checked(one, markers, epoch))
          : this.#checked(found, markers, epoch);
      return seen instanceof Promise ? outcomeOf(seen) : { value: seen };
    };
    if (markerKeys.length === 0)
      return this.#store.getThen(fullKey, (outcome) =>
        'value' in outcome ? see(outcome.value, noMarkers) : outcome,
      );
    return this.#tags
      .readWith([fullKey], markerKeys)
      .then(({ stored: [stored], markers }) => see(stored, markers), failed);
  }

  #foundIn(wanted: Wanted, outcome: CallOutcome<Found>): Found {
    if ('value' in outcome) return outcome.value;
    this.#degradations.warn('read', toCacheError(wanted.operation, outcome.thrown));
    return unanswered;
  }

  /** What stored bytes are to this handle; a promise for tags, and for a schema that needs time. Rejects when tags cannot be read. */
  read(wanted: Wanted, stored: Uint8Array): Found | Promise<Found> {
    const { epoch } = this.#tags.changes;
    const check = (one: Found) => this.#checked(one, noMarkers, epoch);
    const found = this.#read(wanted, stored);
    return found instanceof Promise ? found.then(check) : check(found);
  }

  /** @param epoch from before it was read */
  #checked(found: Found, known: Markers, epoch: number): Found | Promise<Found> {
    if (hasTags(found)) return this.#withValidTags(found, known, epoch);
    return known === noMarkers ? found : { ...found, markers: known };
  }

  /** Invalid tags make it a miss, whatever its windows are. */
  async #withValidTags(found: Tagged, known: Markers, epoch: number): Promise<Found> {
    const { tags } = found.entry;
    const markers = await this.#tags.complete(tags, known);
    if (!this.#tags.areValid(tags, markers, epoch)) return { ...nothing, isLeased: found.isLeased, markers };
    return { ...found, markers, markerKeys: tags.map(({ tag }) => markerKeyOf(tag)) };
  }

  #read(wanted: Wanted, stored: Uint8Array): Found | Promise<Found> {
    const entry = readEntry(stored);
    if (entry.kind !== 'lease') return this.#usable(wanted, entry);
    const former = entry.former === undefined ? nothing : this.#usable(wanted, readEntry(entry.former));
    return former instanceof Promise ? former.then(leased) : leased(former);
  }

  #usable({ operation, item }: Wanted, entry: StoredEntry): Found | Promise<Found> {
    // What is still to be evicted is as good as gone, however often it is read.
    const isGone = this.#evictions.has(item);
    if (isGone || (entry.kind !== 'value' && entry.kind !== 'not-found')) return nothing;
    const freshness = freshnessOf(entry, Date.now());
    if (freshness === 'expired') return nothing;
    if (entry.kind === 'not-found') return { ...nothing, freshness, entry };
    const { payload: bytes } = entry;
    try {
      const value = this.#arguments.valueIn(operation, bytes);
      if (!(value instanceof Promise)) return usable(entry, freshness, value);
      return value.then(
        (fitting) => usable(entry, freshness, fitting),
        (error: unknown) => this.#unusable(error),
      );
    } catch (error) {
      return this.#unusable(error);
    }
  }

  /** A value that does not fit is a miss, as after a change of the schema; what else fails is worth a line. */
  #unusable(error: unknown): Found {
    if (!(error instanceof SchemaMisfit)) this.#degradations.warn('read', error);
    return nothing;
  }
}

function usable(entry: Extract<StoredEntry, { kind: 'value' }>, freshness: Freshness, value: unknown): Found {
  return {
    ...nothing,
    freshness,
    content: { kind: 'bytes', bytes: entry.payload, decoded: { value } },
    entry,
  };
}

function leased(former: Found): Found {
  return { ...former, isLeased: true };
}

type Tagged = Found & Required<Pick<Found, 'entry'>>;

function hasTags(found: Found): found is Tagged {
  return found.entry !== undefined && found.entry.tags.length > 0;
}

async function outcomeOf<T>(work: Promise<T>): Promise<CallOutcome<T>> {
  return work.then((value) => ({ value }), failed);
}

function failed(thrown: unknown): { readonly thrown: unknown } {
  return { thrown };
}
