import { Drops } from './drops.js';
import { hashOf, type KeyHash } from './invalidation/key-hash.js';
import { NearCache } from './near-cache.js';
import type { HeardChanges, Invalidation } from './invalidation/invalidation.js';
import type { NearCacheOptions } from '../options/cache.options.js';

/** Where nobody tells of changes, values of other processes are kept no longer. */
const untoldTtlSeconds = 5;
const toldTtlSeconds = 60;
export const defaultMaxItems = 10_000;

/** Of one cache; an app has a handful. */
const maxNearCaches = 100;

export interface NearLevelOptions {
  /** Tells the other processes, and is told by them; made when the first near cache wants it. */
  readonly invalidation: (heard: HeardChanges) => Invalidation;
  /** Milliseconds of a clock that is never set. @default performance.now */
  readonly now?: () => number;
}

interface Opened {
  readonly form: object;
  readonly options: NearCacheOptions;
  readonly cache: NearCache;
}

/** All near caches of one cache: what is changed is dropped from each of them, and told to the other processes. */
export class NearLevel implements HeardChanges {
  readonly #options: NearLevelOptions;
  readonly #now: () => number;
  readonly #drops: Drops;
  readonly #opened: Opened[] = [];
  #invalidation: Invalidation | undefined;
  #isClosed = false;

  constructor(options: NearLevelOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#drops = new Drops(this.#now);
  }

  get items(): number {
    return this.#opened.reduce((sum, { cache }) => sum + cache.items, 0);
  }

  get bytes(): number {
    return this.#opened.reduce((sum, { cache }) => sum + cache.bytes, 0);
  }

  /**
   * The near cache for these options; handles with equal ones share it.
   *
   * @param form what values are read with
   * @returns undefined: there are too many already, each for handles that nobody may have any more
   */
  open(form: object, options: NearCacheOptions): NearCache | undefined {
    const known = this.#opened.find((one) => one.form === form && areEqual(one.options, options));
    if (known !== undefined) return known.cache;
    if (this.#opened.length >= maxNearCaches) return undefined;
    const cache = this.#make(options);
    this.#opened.push({ form, options, cache });
    return cache;
  }

  /** Of keys that are being changed, or may have been. */
  drop(fullKeys: readonly string[]): void {
    for (const key of fullKeys) this.#drop(hashOf(key));
  }

  /** Lets the other processes know of changed keys. */
  tell(fullKeys: readonly string[]): void {
    this.#invalidation?.tell(fullKeys.map(hashOf));
  }

  changed(hashes: readonly KeyHash[]): void {
    for (const hash of hashes) this.#drop(hash);
  }

  anythingChanged(): void {
    this.#drops.addAll();
    for (const { cache } of this.#opened) cache.clear();
  }

  /** The connection is closed: nothing is handed out any more. */
  close(): void {
    this.#isClosed = true;
    for (const { cache } of this.#opened) cache.clear();
  }

  #drop(hash: KeyHash): void {
    this.#drops.add(hash);
    for (const { cache } of this.#opened) cache.drop(hash);
  }

  #make({
    maxItems = defaultMaxItems,
    maxBytes,
    ttlSeconds,
    invalidation = 'none',
  }: NearCacheOptions): NearCache {
    const parts = {
      maxItems,
      maxBytes: maxBytes ?? Number.MAX_SAFE_INTEGER,
      drops: this.#drops,
      now: this.#now,
    };
    const untoldMs = 1000 * Math.min(ttlSeconds ?? untoldTtlSeconds, untoldTtlSeconds);
    if (invalidation === 'none') {
      const ttlMs = 1000 * (ttlSeconds ?? untoldTtlSeconds);
      return new NearCache({ ...parts, ttlMs: () => (this.#isClosed ? 0 : ttlMs) });
    }
    const toldMs = 1000 * (ttlSeconds ?? toldTtlSeconds);
    const channel = (this.#invalidation ??= this.#options.invalidation(this));
    return new NearCache({
      ...parts,
      ttlMs: () => (this.#isClosed ? 0 : channel.checkHearing() ? toldMs : untoldMs),
    });
  }
}

function areEqual(a: NearCacheOptions, b: NearCacheOptions): boolean {
  return (
    a.maxItems === b.maxItems &&
    a.maxBytes === b.maxBytes &&
    a.ttlSeconds === b.ttlSeconds &&
    a.invalidation === b.invalidation
  );
}
