import type { CallOutcome } from '../../clients/sdk/sdk-answer.js';
import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { withinTime } from '../../foundation/time/pause.js';
import { type CacheArguments, toCacheError } from '../options/cache-arguments.js';
import { notAnsweredWithin } from '../options/cache-call.js';
import type { DegradationLog } from '../options/degradation-log.js';
import { readEntry, type StoredEntry } from '../entry/envelope.js';
import { type Freshness, freshnessOf } from '../entry/windows.js';
import type { CacheStore } from '../remote/cache-store.js';
import { type Content, notFound } from './answer.js';

/** What the cache has for a key. */
export interface Found {
  /** False when the cache failed: it is not asked to store either, or its time limit would be waited for twice. */
  readonly answered: boolean;
  /** `expired`: there is nothing to hand out. */
  readonly freshness: Freshness;
  readonly content: Content;
  readonly entry?: Extract<StoredEntry, { kind: 'value' | 'not-found' }>;
}

/** A miss. */
export const nothing: Found = { answered: true, freshness: 'expired', content: notFound };
const unanswered: Found = { ...nothing, answered: false };

/** Reads the cache for `getOrSet` and what stands on it. Never rejects: a cache that fails has nothing. */
export class LookUp {
  readonly #store: CacheStore;
  readonly #arguments: CacheArguments;
  readonly #degradations: DegradationLog;

  constructor(store: CacheStore, args: CacheArguments, degradations: DegradationLog) {
    this.#store = store;
    this.#arguments = args;
    this.#degradations = degradations;
  }

  async find(
    operation: MomentoOperation,
    fullKey: string,
    timeoutSeconds: number | undefined,
  ): Promise<Found> {
    return this.#foundIn(operation, await this.#within(operation, this.#store.get(fullKey), timeoutSeconds));
  }

  async #within<T>(
    operation: MomentoOperation,
    read: Promise<T>,
    timeoutSeconds: number | undefined,
  ): Promise<CallOutcome<T>> {
    const safe = read.then(
      (value): CallOutcome<T> => ({ value }),
      (thrown: unknown): CallOutcome<T> => ({ thrown }),
    );
    if (timeoutSeconds === undefined) return safe;
    return (
      (await withinTime(safe, timeoutSeconds * 1000)) ?? {
        thrown: notAnsweredWithin(operation, timeoutSeconds),
      }
    );
  }

  #foundIn(operation: MomentoOperation, outcome: CallOutcome<Uint8Array | undefined>): Found {
    if ('thrown' in outcome) {
      this.#degradations.warn('read', toCacheError(operation, outcome.thrown));
      return unanswered;
    }
    return outcome.value === undefined ? nothing : this.#read(operation, readEntry(outcome.value));
  }

  #read(operation: MomentoOperation, entry: StoredEntry): Found {
    if (entry.kind !== 'value' && entry.kind !== 'not-found') return nothing;
    const freshness = freshnessOf(entry, Date.now());
    if (freshness === 'expired') return nothing;
    if (entry.kind === 'not-found') return { answered: true, freshness, content: notFound, entry };
    const { payload: bytes } = entry;
    try {
      const decoded = { value: this.#arguments.decode<unknown>(operation, bytes) };
      return { answered: true, freshness, content: { kind: 'bytes', bytes, decoded }, entry };
    } catch (error) {
      this.#degradations.warn('read', error);
      return nothing;
    }
  }
}
