import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextRefreshDelayMs, rejectedKeyPollDelaysMs, rejectedKeyPolls } from './refresh-plan.js';

const regular = { intervalMs: 300_000, isFirst: false, failures: 0, validityLeftMs: undefined };
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('nextRefreshDelayMs', () => {
  it('spreads the first refresh over the whole interval, and later ones by a tenth', () => {
    expect(nextRefreshDelayMs({ ...regular, isFirst: true }, () => 0)).toBe(0);
    expect(nextRefreshDelayMs({ ...regular, isFirst: true }, () => 0.5)).toBe(150_000);
    expect(nextRefreshDelayMs(regular, () => 0)).toBeCloseTo(270_000);
    expect(nextRefreshDelayMs(regular, () => 0.5)).toBeCloseTo(300_000);
    fc.assert(
      fc.property(unit, (random) => {
        expect(Math.abs(nextRefreshDelayMs(regular, () => random) - 300_000)).toBeLessThanOrEqual(30_000);
      }),
    );
  });

  it('backs off from 1 s to 60 s, each between its half and its whole', () => {
    const most = [1, 2, 3, 6, 7, 8, 100].map((failures) =>
      nextRefreshDelayMs({ ...regular, failures }, () => 1),
    );
    expect(most).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000]);
    expect(nextRefreshDelayMs({ ...regular, failures: 3 }, () => 0)).toBe(2_000);
  });

  it.each([
    [3_600_000, 300_000],
    [400_000, 100_000],
    [40_000, 10_000],
    [1_000, 1_000],
    [0, 300_000],
    [-5_000, 300_000],
  ])('with %d ms of validity left asks after %d ms', (validityLeftMs, expected) => {
    expect(nextRefreshDelayMs({ ...regular, validityLeftMs }, () => 0.5)).toBe(expected);
  });

  it('tries at least four times before an expiry, also while the source fails', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10_000, max: 10_000_000 }),
        fc.boolean(),
        unit,
        (validityMs, isFailing, random) => {
          let leftMs = validityMs;
          let attempts = 0;
          for (; leftMs > 0; attempts += 1) {
            const failures = isFailing ? attempts : 0;
            leftMs -= nextRefreshDelayMs({ ...regular, failures, validityLeftMs: leftMs }, () => random);
          }
          expect(attempts).toBeGreaterThanOrEqual(4);
        },
      ),
    );
  });
});

describe('rejectedKeyPollDelaysMs', () => {
  it('come up to half a second apart after the first look, for longer than a call may take', () => {
    const delays = [...rejectedKeyPollDelaysMs()];
    expect(delays).toHaveLength(rejectedKeyPolls - 1);
    expect(delays.slice(0, 3)).toEqual([100, 150, 225]);
    expect(delays.toSorted((a, b) => a - b)).toEqual(delays);
    const totalMs = delays.reduce((sum, delay) => sum + delay, 0);
    expect(totalMs).toBeGreaterThan(5_000);
    expect(totalMs).toBeLessThan(10_000);
  });
});
