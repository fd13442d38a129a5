import type { KeyHash } from './invalidation/key-hash.js';

/** Nothing of a key is kept for so long after a change: a read of Momento's right after a write may still be the old value. */
const quietMs = 2_000;
/** Keys in their quiet time; with more, everything is quiet. */
const maxQuiet = 100_000;
const buckets = 4_096;

/**
 * What has been changed lately in a cache, in this process and in the others that tell: whether what a read or a load found may
 * be kept. A read that began before a change of its key is not.
 */
export class Drops {
  readonly #now: () => number;
  /** Of each bucket of keys, the number of its last drop. */
  readonly #lastDrop = new Float64Array(buckets);
  /** In the order of their ends. */
  readonly #quietUntilMs = new Map<KeyHash, number>();
  #allQuietUntilMs = 0;
  #drops = 0;
  #lastOfAll = 0;

  /** @param now milliseconds of a clock that is never set */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The moment, for a read that begins. */
  get stamp(): number {
    return this.#drops;
  }

  add(key: KeyHash): void {
    this.#drops += 1;
    this.#lastDrop[bucketOf(key)] = this.#drops;
    const nowMs = this.#now();
    this.#forgetOver(nowMs);
    this.#quietUntilMs.delete(key);
    if (this.#quietUntilMs.size >= maxQuiet) this.#quietenAll(nowMs);
    else this.#quietUntilMs.set(key, nowMs + quietMs);
  }

  /** Something was changed, and nobody knows what. */
  addAll(): void {
    this.#drops += 1;
    this.#lastOfAll = this.#drops;
    this.#quietenAll(this.#now());
  }

  /** @param stamp when the read began, or the load */
  mayKeep(key: KeyHash, stamp: number): boolean {
    if (this.#lastOfAll > stamp || (this.#lastDrop[bucketOf(key)] ?? 0) > stamp) return false;
    const nowMs = this.#now();
    return nowMs >= this.#allQuietUntilMs && nowMs >= (this.#quietUntilMs.get(key) ?? 0);
  }

  #quietenAll(nowMs: number): void {
    this.#quietUntilMs.clear();
    this.#allQuietUntilMs = nowMs + quietMs;
  }

  #forgetOver(nowMs: number): void {
    for (const [key, untilMs] of this.#quietUntilMs) {
      if (untilMs > nowMs) return;
      this.#quietUntilMs.delete(key);
    }
  }
}

/** By the first 12 bits. */
function bucketOf(key: KeyHash): number {
  return (key.charCodeAt(0) << 4) | (key.charCodeAt(1) >> 4);
}
