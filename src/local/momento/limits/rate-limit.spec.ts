import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateLimit } from './rate-limit.js';

describe('RateLimit', () => {
  it('never lets more through in a second than its rate, and refuses nothing that fits', () => {
    const anyTake = fc.record({ passesMs: fc.nat({ max: 700 }), operations: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(fc.array(anyTake, { maxLength: 40 }), (takes) => {
        let nowMs = 0;
        const limit = new RateLimit(5, () => nowMs);
        const usedBySecond = new Map<number, number>();
        for (const { passesMs, operations } of takes) {
          nowMs += passesMs;
          const second = Math.floor(nowMs / 1000);
          const used = usedBySecond.get(second) ?? 0;
          const fits = used + operations <= 5;

          expect(limit.take(operations)).toBe(fits);
          usedBySecond.set(second, used + (fits ? operations : 0));
        }
      }),
    );
  });
});
