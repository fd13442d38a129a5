import { LRUCache } from 'lru-cache';
import type { Drops } from './drops.js';
import { hashOf, type KeyHash } from './invalidation/key-hash.js';
import type { Shareable } from './shareable.js';

/** What is kept of a value. */
interface Kept {
  readonly shareable: Shareable;
  /** As it is stored. */
  readonly sizeBytes: number;
  /** When it was stored, as time of day; undefined: not known. */
  readonly createdAtMs: number | undefined;
  /** After how long it is not fresh any more, in milliseconds; Infinity: not known. */
  readonly freshMs: number;
  /** Keys whose change makes it invalid, beside its own: those of the markers of its tags. */
  readonly dependsOn: readonly string[];
}

/** What a caller needs to know of what is kept. */
export interface NearHit {
  readonly shareable: Shareable;
  readonly createdAtMs: number | undefined;
}

interface NearEntry extends NearHit {
  /** By the monotonic clock, as the others. */
  readonly keptAtMs: number;
  readonly freshUntilMs: number;
  /** When the read began that found it. */
  readonly readAtMs: number;
  /** Of its own key, and of those that it depends on. */
  readonly hashes: readonly KeyHash[];
}

export interface NearCacheOptions {
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly drops: Drops;
  /** How long a value is kept at this moment, in milliseconds. */
  readonly ttlMs: () => number;
  readonly now: () => number;
}

/** Of an entry, its places in the lists, and its hash: what `npm run bench` finds beside the key and the value. */
const overheadBytes = 330;

/** Keeps it, unless it may be old by now. */
export type Keep = (kept: Kept) => void;

/** Values of one cache in this process, each frozen or copied, for those who read it with one codec. */
export class NearCache {
  readonly #options: NearCacheOptions;
  readonly #entries: LRUCache<string, NearEntry>;
  /** The keys of the entries that hang on a key. Nearly always one. */
  readonly #dependants = new Map<KeyHash, string | Set<string>>();

  constructor(options: NearCacheOptions) {
    this.#options = options;
    this.#entries = new LRUCache({
      max: options.maxItems,
      maxSize: options.maxBytes,
      dispose: (entry, key) => this.#unlink(key, entry.hashes),
    });
  }

  get items(): number {
    return this.#entries.size;
  }

  /** An estimate. */
  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  /** What is kept and fresh. An app's busiest call: nothing is made. */
  get(fullKey: string): NearHit | undefined {
    // Asked first, because it may find that nothing kept can be relied on.
    const ttlMs = this.#options.ttlMs();
    const entry = this.#entries.get(fullKey);
    if (entry === undefined) return undefined;
    const nowMs = this.#options.now();
    if (nowMs < entry.freshUntilMs && nowMs - entry.keptAtMs < ttlMs) return entry;
    this.#entries.delete(fullKey);
    return undefined;
  }

  /** Called when a read or a load begins. @returns what keeps what it finds, unless that may be old by then */
  begin(fullKey: string): Keep {
    const { drops, now } = this.#options;
    const { stamp } = drops;
    const readAtMs = now();
    return ({ shareable, sizeBytes, createdAtMs, freshMs, dependsOn }) => {
      const hashes = [fullKey, ...dependsOn].map(hashOf);
      if (!hashes.every((hash) => drops.mayKeep(hash, stamp))) return;
      const former = this.#entries.peek(fullKey);
      if (former !== undefined && former.readAtMs > readAtMs) return;
      const keptAtMs = now();
      const freshUntilMs = keptAtMs + freshMs;
      const entry = { shareable, createdAtMs, keptAtMs, freshUntilMs, readAtMs, hashes };
      this.#entries.set(fullKey, entry, { size: sizeBytes + 2 * fullKey.length + overheadBytes });
      // What is larger than the whole is not kept.
      if (this.#entries.peek(fullKey) === entry) this.#link(fullKey, hashes);
    };
  }

  /** Forgets what hangs on a key. */
  drop(hash: KeyHash): void {
    const keys = this.#dependants.get(hash);
    if (keys === undefined) return;
    for (const key of typeof keys === 'string' ? [keys] : [...keys]) this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  #link(key: string, hashes: readonly KeyHash[]): void {
    for (const hash of hashes) {
      const others = this.#dependants.get(hash);
      if (others === undefined) this.#dependants.set(hash, key);
      else if (typeof others !== 'string') others.add(key);
      else if (others !== key) this.#dependants.set(hash, new Set([others, key]));
    }
  }

  #unlink(key: string, hashes: readonly KeyHash[]): void {
    for (const hash of hashes) {
      const keys = this.#dependants.get(hash);
      if (keys === key) this.#dependants.delete(hash);
      if (keys === undefined || typeof keys === 'string') continue;
      keys.delete(key);
      if (keys.size === 0) this.#dependants.delete(hash);
    }
  }
}
