import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEntry, type Windows } from './envelope.js';
import { freshnessOf, isEarlyRefreshDue, jittered } from './windows.js';

const createdAtMs = 1_700_000_000_000;
/** Fresh for 10 s, stale for 20 s more, usable for 30 s more. */
const entry: Windows = {
  createdAtMs,
  freshUntilMs: createdAtMs + 10_000,
  staleUntilMs: createdAtMs + 30_000,
  usableUntilMs: createdAtMs + 60_000,
  loadMs: 400,
  tags: [],
};
const plain = (): Windows => ({ ...entry, ...readEntry(Uint8Array.of(0x7b)) });
const dayMs = 86_400_000;

describe('the freshness of an entry', () => {
  it.each([
    [0, 'fresh'],
    [9_999, 'fresh'],
    [10_000, 'stale'],
    [29_999, 'stale'],
    [30_000, 'stale-if-error'],
    [59_999, 'stale-if-error'],
    [60_000, 'expired'],
    [Infinity, 'expired'],
  ])('%d ms after its creation is %s', (ageMs, freshness) => {
    expect(freshnessOf(entry, createdAtMs + ageMs)).toBe(freshness);
  });

  it('skips windows of no length', () => {
    const only = { ...entry, staleUntilMs: entry.freshUntilMs, usableUntilMs: entry.freshUntilMs };
    expect(freshnessOf(only, entry.freshUntilMs)).toBe('expired');
    const usable = { ...entry, staleUntilMs: entry.freshUntilMs };
    expect(freshnessOf(usable, entry.freshUntilMs)).toBe('stale-if-error');
  });

  it('does not depend on the time of creation, which may be in the future', () => {
    const now = createdAtMs + 5_000;
    for (const created of [now + dayMs, undefined, Infinity, -Infinity])
      expect(freshnessOf({ ...entry, createdAtMs: created }, now)).toBe('fresh');
  });

  it('of a plain value is fresh at any time', () => {
    expect(freshnessOf(plain(), createdAtMs + 365 * dayMs)).toBe('fresh');
  });
});

describe('an early refresh', () => {
  const at = (leftMs: number) => entry.freshUntilMs - leftMs;

  // δ = 0.4 s: P = e^(−left/δ).
  it.each([
    [2_000, 0.007],
    [400, 0.368],
    [4_000, 0],
    [1, 0.998],
  ])('with %d ms left is due with a probability of %d', (leftMs, probability) => {
    // A random number is below the threshold with the threshold's own probability.
    const threshold = Math.exp(-leftMs / 400);
    expect(threshold).toBeCloseTo(probability, 3);
    expect(isEarlyRefreshDue(entry, at(leftMs), () => threshold * (1 - 1e-9))).toBe(true);
    expect(isEarlyRefreshDue(entry, at(leftMs), () => threshold * (1 + 1e-9))).toBe(false);
  });

  it('is due at the threshold itself', () => {
    expect(isEarlyRefreshDue(entry, at(400), () => Math.exp(-1))).toBe(true);
  });

  it('is not due before half of the fresh time has passed, however long the load took', () => {
    const slow = { ...entry, loadMs: dayMs };
    expect(isEarlyRefreshDue(slow, at(5_001), () => Number.MIN_VALUE)).toBe(false);
    expect(isEarlyRefreshDue(slow, at(5_000), () => Number.MIN_VALUE)).toBe(true);
  });

  it('is always due when the fresh time is over, and never before when the time of the load is not known', () => {
    const unknown = { ...entry, loadMs: 0 };
    for (const random of [0, Number.MIN_VALUE, 1 - Number.EPSILON]) {
      expect(isEarlyRefreshDue(unknown, at(1), () => random)).toBe(false);
      for (const one of [entry, unknown, { ...entry, createdAtMs: undefined }]) {
        expect(isEarlyRefreshDue(one, at(0), () => random)).toBe(true);
        expect(isEarlyRefreshDue(one, at(-dayMs), () => random)).toBe(true);
      }
    }
  });

  it('is never due for what has no end or no known beginning, or was created in the future', () => {
    const now = at(1);
    const never = [
      plain(),
      { ...entry, freshUntilMs: Infinity },
      { ...entry, createdAtMs: undefined },
      { ...entry, createdAtMs: now + 1 },
      { ...entry, createdAtMs: now + dayMs },
      { ...entry, createdAtMs: Infinity },
    ];
    for (const one of never) expect(isEarlyRefreshDue(one, now, () => 0)).toBe(false);
  });

  it('is asked of chance only when it matters', () => {
    let asked = 0;
    const random = () => {
      asked += 1;
      return 0.5;
    };
    for (const leftMs of [10_000, 5_001, 0, -1]) isEarlyRefreshDue(entry, at(leftMs), random);
    expect(asked).toBe(0);
    isEarlyRefreshDue(entry, at(5_000), random);
    expect(asked).toBe(1);
  });
});

describe('a jittered TTL', () => {
  it.each([
    [0, 0.9, 600],
    [0.25, 0, 600],
    [0.25, 0.5, 525],
    [1, 0.75, 150],
  ])('with a share of %d and a random number of %d is %d s of 600', (share, random, ttlSeconds) => {
    expect(jittered(600, share, () => random)).toBe(ttlSeconds);
  });

  it('is above 0, at most the TTL, and shorter by the share at most', () => {
    const ttl = fc.double({ min: 1e-3, max: 1e9, noNaN: true });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const random = fc.oneof(
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.constant(1 - 2 ** -53),
    );
    fc.assert(
      fc.property(ttl, share, random, (ttlSeconds, ttlJitter, chance) => {
        const seconds = jittered(ttlSeconds, ttlJitter, () => chance);
        expect(seconds).toBeGreaterThan(0);
        expect(seconds).toBeLessThanOrEqual(ttlSeconds);
        expect(seconds).toBeGreaterThanOrEqual(ttlSeconds * (1 - ttlJitter));
      }),
    );
  });
});
