import { randomBytes } from 'node:crypto';
import { firstAbort } from '../../foundation/time/first-abort.js';
import { writeLease, writeNotFound } from '../entry/envelope.js';
import type { Packed } from '../entry/pack.js';
import type { CacheStore, HashedValue } from '../remote/cache-store.js';
import type { Found } from './look-up.js';

/** The right to load a key for the whole fleet, until somebody changes the key or the time is over. */
export interface Lease {
  readonly key: string;
  /** Of the lease as it is stored: what has another hash by now is somebody else's. */
  readonly hash: Uint8Array;
  /** What was there before, as long as a window may still hand it out. */
  readonly former: { readonly bytes: Uint8Array; readonly usableUntilMs: number } | undefined;
}

/** What became of a wish for a lease. */
export type Claim =
  | { readonly kind: 'lease'; readonly lease: Lease }
  /** Somebody else has loaded meanwhile. */
  | { readonly kind: 'found'; readonly found: Found }
  /** Somebody else loads, and takes longer than is waited for. */
  | { readonly kind: 'none' };

/** How a handle sees what is stored. */
export interface HandleView {
  readonly read: (bytes: Uint8Array) => Found | Promise<Found>;
  /** Whether it makes the load unnecessary. */
  readonly isWanted: (found: Found) => boolean;
}

export interface ClaimOptions extends HandleView {
  /** Whether a read a moment ago found nothing at all, so that there is nothing to read first. */
  readonly isAbsent: boolean;
  readonly leaseSeconds: number;
  readonly waitSeconds: number;
  readonly signal: AbortSignal;
}

/** By which nothing that is stored is found: no value has it. */
const noHash = new Uint8Array(16);
const longGone = { createdAtMs: 0, freshUntilMs: 0, staleUntilMs: 0, usableUntilMs: 0, loadMs: 0, tags: [] };
const shortestPauseMs = 20;
const longestPauseMs = 200;

/**
 * Leases in the place of the values themselves (CACHE.md §5, after Facebook's memcache): who misses leaves one there, and may
 * store what it loads only in place of it. A change by anybody in between takes it away.
 */
export class Leases {
  readonly #store: CacheStore;

  constructor(store: CacheStore) {
    this.#store = store;
  }

  /** @throws what the store rejects with */
  async claim(key: string, options: ClaimOptions): Promise<Claim> {
    const { isAbsent, waitSeconds, signal, read, isWanted } = options;
    const endAtMs = performance.now() + waitSeconds * 1000;
    let pauseMs = shortestPauseMs;
    let there = isAbsent ? undefined : await this.#store.getWithHash(key);
    for (;;) {
      const found = there && (await read(there.bytes));
      if (found !== undefined && isWanted(found)) return { kind: 'found', found };
      if (found?.isLeased !== true) {
        const lease = await this.#take(key, options, there, found);
        if (lease !== undefined) return { kind: 'lease', lease };
      }
      if (performance.now() >= endAtMs || signal.aborted) return { kind: 'none' };
      // What was changed under the hand is looked at again at once, and a lease of somebody else's after a pause.
      if (found?.isLeased === true) {
        await firstAbort([signal], { limitMs: pauseMs * (0.5 + Math.random() / 2) });
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
      there = await this.#store.getWithHash(key);
    }
  }

  /** Stores in place of the lease. @returns false when it was fenced: the key was changed meanwhile */
  async commit({ key, hash }: Lease, { value, ttlSeconds }: Omit<Packed, 'freshSeconds'>): Promise<boolean> {
    return (await this.#store.setIfPresentAndHashEqual({ key, value, ttlSeconds }, hash)) !== undefined;
  }

  /** Gives it back, with what was there before: nothing is to be stored. @returns as `commit` does */
  async release(lease: Lease): Promise<boolean> {
    const { former } = lease;
    const leftSeconds = former === undefined ? 0 : (former.usableUntilMs - Date.now()) / 1000;
    // Momento cannot delete by hash: something that nobody hands out takes the place for a second.
    const packed =
      former === undefined || leftSeconds <= 0
        ? { value: writeNotFound(longGone), ttlSeconds: 1 }
        : { value: former.bytes, ttlSeconds: Math.ceil(leftSeconds) };
    return this.commit(lease, packed);
  }

  async #take(
    key: string,
    { leaseSeconds }: ClaimOptions,
    there: HashedValue | undefined,
    found: Found | undefined,
  ): Promise<Lease | undefined> {
    const isUsable = there !== undefined && found?.entry !== undefined && found.freshness !== 'expired';
    const former = isUsable ? { bytes: there.bytes, usableUntilMs: found.entry.usableUntilMs } : undefined;
    const value = writeLease(randomBytes(16), former?.bytes);
    const item = { key, value, ttlSeconds: leaseSeconds };
    // Where it was deleted meanwhile, the lease would bring back what was there before.
    const hash = await (isUsable
      ? this.#store.setIfPresentAndHashEqual(item, there.hash)
      : this.#store.setIfAbsentOrHashEqual(item, there?.hash ?? noHash));
    return hash && { key, hash, former };
  }
}
