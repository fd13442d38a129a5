import type { Windows } from './envelope.js';

/** In this order: handed out; handed out and refreshed behind; handed out when the loader fails; a miss. */
export type Freshness = 'fresh' | 'stale' | 'stale-if-error' | 'expired';

/**
 * Only the ends of the windows count, and not the time of creation: the clock of the process that wrote the entry may be
 * ahead. For how long such an entry can be too fresh is bounded by its TTL at Momento.
 *
 * @param nowMs epoch milliseconds
 */
export function freshnessOf(entry: Windows, nowMs: number): Freshness {
  if (nowMs < entry.freshUntilMs) return 'fresh';
  if (nowMs < entry.staleUntilMs) return 'stale';
  if (nowMs < entry.usableUntilMs) return 'stale-if-error';
  return 'expired';
}

/**
 * Whether this read refreshes a fresh entry before its time is over (XFetch): each read decides by chance, more often the
 * closer the end is and the longer the load took, so that one of many readers goes first and the others do not wait.
 * Not before half of the fresh time has passed; always when it is over.
 *
 * @param nowMs epoch milliseconds
 * @param random a number of at least 0 and below 1, as `Math.random` gives it
 */
export function isEarlyRefreshDue(entry: Windows, nowMs: number, random: () => number): boolean {
  const leftMs = entry.freshUntilMs - nowMs;
  if (leftMs <= 0) return true;
  // Without the time of creation nobody knows the half. Created in the future: the first half has not begun.
  if (entry.createdAtMs === undefined || nowMs - entry.createdAtMs < leftMs) return false;
  return -entry.loadMs * Math.log(random()) >= leftMs;
}

/**
 * A fresh time shortened by chance, so that values that were stored together do not expire together.
 *
 * @param ttlJitter 0 to 1: the largest share that is taken away
 * @param random a number of at least 0 and below 1, as `Math.random` gives it
 */
export function jittered(ttlSeconds: number, ttlJitter: number, random: () => number): number {
  return ttlSeconds * (1 - ttlJitter * random());
}
