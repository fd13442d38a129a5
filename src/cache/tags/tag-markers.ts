import { finish } from '../../clients/sdk/sdk-answer.js';
import type { TagMark } from '../entry/envelope.js';
import { itemId } from '../flights/flight.js';
import { documentedLimitSeconds, wholeSeconds } from '../options/ttl.js';
import type { CacheStore, StoreItem } from '../remote/cache-store.js';
import type { EvictionQueue } from '../remote/eviction-queue.js';
import {
  isUnchanged,
  type Marker,
  markerKeyOf,
  type Markers,
  marksOf,
  newMarker,
  noMarkers,
  readMarker,
} from './marker.js';
import type { TagChanges } from './tag-changes.js';

/** What all handles of a cache share. */
export interface CacheTags {
  readonly cacheName: string;
  readonly changes: TagChanges;
  /** Markers that are being made, by their keys: one for all who need it. */
  readonly making: Map<string, Promise<Marker>>;
  readonly evictions: EvictionQueue;
}

/** When a load began, for tags that are known only when it has ended. */
export interface LoadStart {
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  readonly tagEpoch: number;
  /** How long it took. */
  readonly loadMs: number;
}

/** By how much the clocks of two processes may differ. */
const clockSkewMs = 5_000;
/** What is made and gone again each time is given up. */
const maxTries = 3;

/** The markers of a cache's tags. What the store rejects with comes through. */
export class TagMarkers {
  readonly changes: TagChanges;
  readonly #store: CacheStore;
  readonly #tags: CacheTags;
  readonly #tagSeconds: number;

  constructor(store: CacheStore, tags: CacheTags, tagSeconds: number) {
    this.changes = tags.changes;
    this.#store = store;
    this.#tags = tags;
    this.#tagSeconds = tagSeconds;
  }

  /** One request for a hundred. */
  async read(markerKeys: readonly string[]): Promise<Markers> {
    const outcomes = await this.#store.getMany(markerKeys);
    return markersIn(markerKeys, outcomes.map(finish));
  }

  /** Values and markers, in one request for a hundred. */
  async readWith(
    fullKeys: readonly string[],
    markerKeys: readonly string[],
  ): Promise<{ readonly stored: readonly (Uint8Array | undefined)[]; readonly markers: Markers }> {
    const outcomes = await this.#store.getMany(
      markerKeys.length === 0 ? fullKeys : [...fullKeys, ...markerKeys],
    );
    const values = outcomes.map((outcome) => finish(outcome));
    const markers = markersIn(markerKeys, values.slice(fullKeys.length));
    return { stored: values.slice(0, fullKeys.length), markers };
  }

  /** What is known, and what is not known yet of what the values carry. */
  async complete(marks: readonly TagMark[], known: Markers): Promise<Markers> {
    const missing = new Set(marks.map(({ tag }) => markerKeyOf(tag)).filter((key) => !known.has(key)));
    return missing.size === 0 ? known : new Map([...known, ...(await this.read([...missing]))]);
  }

  /**
   * Whether a value with these marks may be handed out.
   *
   * @param tagEpoch from before the markers were read: an invalidation that has ended since may have come after that
   */
  areValid(marks: readonly TagMark[], markers: Markers, tagEpoch: number): boolean {
    const keys = marks.map(({ tag }) => markerKeyOf(tag));
    return marks.every((mark) => isUnchanged(mark, markers)) && !this.#areGone(keys, tagEpoch);
  }

  /** Makes the markers that are not there. @param known what was read of all of them */
  async ensure(markerKeys: readonly string[], known: Markers): Promise<ReadonlyMap<string, Marker>> {
    const made = markerKeys.map(async (key): Promise<[string, Marker]> => {
      const marker = known.get(key);
      return [key, typeof marker === 'object' ? marker : await this.#make(key, marker)];
    });
    return new Map(await Promise.all(made));
  }

  /** What a value carries that is written now. */
  async marksFor(markerKeys: readonly string[]): Promise<ReadonlyMap<string, Marker>> {
    return this.ensure(markerKeys, await this.read(markerKeys));
  }

  /**
   * What a value carries whose tags are known only now that it is loaded. What was read before the load is taken as it was;
   * of the others it must be certain that they were not invalidated meanwhile.
   *
   * @returns undefined: it is not certain, and the value must not be stored
   */
  async lateMarks(
    markerKeys: readonly string[],
    known: Markers,
    { startedAtMs, tagEpoch, loadMs }: LoadStart,
  ): Promise<readonly TagMark[] | undefined> {
    const before = new Map<string, Marker>();
    const late: string[] = [];
    for (const key of markerKeys) {
      const marker = known.get(key);
      if (typeof marker === 'object') before.set(key, marker);
      else late.push(key);
    }
    if (late.length === 0) return marksOf(markerKeys, before);
    // A marker that an invalidation wrote meanwhile could be gone again.
    if (loadMs >= this.#tagSeconds * 1000) return undefined;
    const markers = await this.marksFor(late);
    const isYoung = ({ invalidatedAtMs }: Marker) => invalidatedAtMs > startedAtMs - clockSkewMs;
    if ([...markers.values()].some(isYoung) || this.#areGone(late, tagEpoch)) return undefined;
    return marksOf(markerKeys, new Map([...before, ...markers]));
  }

  /**
   * Writes new markers, in one request for a hundred. What fails is tried again until it holds; until then values with
   * these tags are as good as gone in this process.
   *
   * @returns the failures; all of them are queued
   */
  async invalidate(markerKeys: readonly string[]): Promise<readonly unknown[]> {
    const { evictions, changes } = this.#tags;
    const outcomes = await this.#store.setMany(markerKeys.map((key) => this.#invalidation(key)));
    const failures: unknown[] = [];
    for (const [index, key] of markerKeys.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined && 'value' in outcome) evictions.cancel(this.#itemOf(key));
      else {
        failures.push(outcome?.thrown);
        // Values of other handles hang on it too, which may live for long.
        const lifeSeconds = Math.max(this.#tagSeconds, documentedLimitSeconds);
        evictions.add(this.#itemOf(key), lifeSeconds, () => this.#invalidateAgain(key));
      }
    }
    changes.changed(markerKeys);
    return failures;
  }

  async #invalidateAgain(key: string): Promise<void> {
    await this.#store.set(this.#invalidation(key));
    this.changes.changed([key]);
  }

  #areGone(markerKeys: readonly string[], tagEpoch: number): boolean {
    const isPending = markerKeys.some((key) => this.#tags.evictions.has(this.#itemOf(key)));
    return isPending || this.changes.isChangedSince(tagEpoch, markerKeys);
  }

  #make(key: string, seen: 'unreadable' | undefined): Promise<Marker> {
    const { making } = this.#tags;
    const made = making.get(key) ?? this.#write(key, seen).finally(() => making.delete(key));
    making.set(key, made);
    return made;
  }

  /** Whoever was first: all processes go by the marker that is there. */
  async #write(key: string, seen: 'unreadable' | undefined): Promise<Marker> {
    let there: Marker | 'unreadable' | undefined = seen;
    for (let tries = 0; tries < maxTries; tries += 1) {
      const { marker, value } = newMarker(0);
      const item = this.#item(key, value);
      if (there === 'unreadable') {
        // Whatever it is, nothing is valid by it: a new nonce makes that so for everybody.
        await this.#store.set(item);
        return marker;
      }
      if (await this.#store.setIfAbsent(item)) return marker;
      there = readMarker(await this.#store.get(key));
      if (typeof there === 'object') return there;
    }
    throw new Error(`the marker of a tag was gone ${maxTries} times right after it was there`);
  }

  #invalidation(key: string): StoreItem {
    return this.#item(key, newMarker(Date.now()).value);
  }

  #item(key: string, value: Uint8Array): StoreItem {
    return { key, value, ttlSeconds: wholeSeconds(this.#tagSeconds) };
  }

  #itemOf(key: string): string {
    return itemId(this.#tags.cacheName, key);
  }
}

function markersIn(markerKeys: readonly string[], stored: readonly (Uint8Array | undefined)[]): Markers {
  if (markerKeys.length === 0) return noMarkers;
  return new Map(markerKeys.map((key, index) => [key, readMarker(stored[index])]));
}
