import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTtl, ttlDescription, wholeSeconds } from './ttl.js';

describe('a TTL', () => {
  it('is rounded up to whole seconds', () => {
    expect([59.37, 1.5, 0.001, 1, 60].map(wholeSeconds)).toEqual([60, 2, 1, 1, 60]);
  });

  it('that can be asked for becomes one that the SDK takes: whole, above 0, and at most a second longer', () => {
    const ttls = fc.double({ min: Number.MIN_VALUE, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(ttls, (ttlSeconds) => {
        expect(isTtl(ttlSeconds)).toBe(true);
        const whole = wholeSeconds(ttlSeconds);
        expect(Number.isInteger(whole)).toBe(true);
        expect(whole).toBeGreaterThan(0);
        expect(whole - ttlSeconds).toBeLessThanOrEqual(1);
        expect(whole).toBeGreaterThanOrEqual(ttlSeconds);
      }),
    );
  });

  it.each([0, -1, Number.NaN, Infinity, -Infinity, Number.MAX_VALUE, '60', null, undefined, 60n])(
    'of %s cannot be asked for',
    (ttlSeconds) => {
      expect(isTtl(ttlSeconds)).toBe(false);
    },
  );

  it('longer than a day is left to Momento, which lets some accounts', () => {
    expect(isTtl(7 * 86_400)).toBe(true);
    expect(ttlDescription).toMatch(/above 0.*at most 86400 s, 24 hours, unless/);
  });
});
