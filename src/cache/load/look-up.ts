import type { CallOutcome } from '../../clients/sdk/sdk-answer.js';
import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { withinTime } from '../../foundation/time/pause.js';
import { type CacheArguments, toCacheError } from '../options/cache-arguments.js';
import { notAnsweredWithin } from '../options/cache-call.js';
import type { DegradationLog } from '../statistics/degradation-log.js';
import { readEntry, type StoredEntry } from '../entry/envelope.js';
import { type Freshness, freshnessOf } from '../entry/windows.js';
import type { EvictionQueue } from '../remote/eviction-queue.js';
import type { Breaker } from '../remote/breaker/breaker.js';
import type { CacheStore } from '../remote/cache-store.js';
import { type Content, notFound } from './answer.js';

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

  constructor(store: CacheStore, args: CacheArguments, { degradations, breaker, evictions }: LookUpContext) {
    this.#evictions = evictions;
    this.#store = store;
    this.#arguments = args;
    this.#degradations = degradations;
    this.#breaker = breaker;
  }

  async find(wanted: Wanted, timeoutSeconds: number | undefined): Promise<Found> {
    if (!this.#breaker.allows()) return unanswered;
    const { epoch } = this.#breaker;
    const read = this.#store.get(wanted.fullKey).then(
      (value): CallOutcome<Uint8Array | undefined> => ({ value }),
      (thrown: unknown): CallOutcome<Uint8Array | undefined> => ({ thrown }),
    );
    if (timeoutSeconds === undefined) return this.#foundIn(wanted, await read);
    const outcome = await withinTime(read, timeoutSeconds * 1000);
    if (outcome !== undefined) return this.#foundIn(wanted, outcome);
    this.#breaker.failed(epoch);
    return this.#foundIn(wanted, { thrown: notAnsweredWithin(wanted.operation, timeoutSeconds) });
  }

  #foundIn(wanted: Wanted, outcome: CallOutcome<Uint8Array | undefined>): Found {
    if ('thrown' in outcome) {
      this.#degradations.warn('read', toCacheError(wanted.operation, outcome.thrown));
      return unanswered;
    }
    return outcome.value === undefined ? absent : this.read(wanted, outcome.value);
  }

  /** What stored bytes are to this handle. */
  read(wanted: Wanted, stored: Uint8Array): Found {
    const entry = readEntry(stored);
    if (entry.kind !== 'lease') return this.#usable(wanted, entry);
    const former = entry.former && readEntry(entry.former);
    return { ...(former === undefined ? nothing : this.#usable(wanted, former)), isLeased: true };
  }

  #usable({ operation, item }: Wanted, entry: StoredEntry): Found {
    // What is still to be evicted is as good as gone, however often it is read.
    const isGone = this.#evictions.has(item);
    if (isGone || (entry.kind !== 'value' && entry.kind !== 'not-found')) return nothing;
    const freshness = freshnessOf(entry, Date.now());
    if (freshness === 'expired') return nothing;
    if (entry.kind === 'not-found') return { ...nothing, freshness, entry };
    const { payload: bytes } = entry;
    try {
      const decoded = { value: this.#arguments.decode<unknown>(operation, bytes) };
      return { ...nothing, freshness, content: { kind: 'bytes', bytes, decoded }, entry };
    } catch (error) {
      this.#degradations.warn('read', error);
      return nothing;
    }
  }
}
