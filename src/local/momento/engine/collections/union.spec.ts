import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Aggregate, unionOf } from './union.js';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

const anySource = fc.record({
  scores: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: -99, max: 99 })),
  weight: fc.integer({ min: -3, max: 3 }),
});

/** Makes 0 of -0: which of the two a weight of 0 leads to is of no interest. */
const unsigned = (score: number | undefined) => (score === undefined ? undefined : score + 0);

const MODELS: Readonly<Record<Aggregate, (scores: number[]) => number>> = {
  sum: (scores) => scores.reduce((sum, score) => sum + score, 0),
  min: (scores) => Math.min(...scores),
  max: (scores) => Math.max(...scores),
};

describe('unionOf', () => {
  it.each(['sum', 'min', 'max'] as const)('aggregates the weighted scores of each value: %s', (aggregate) => {
    fc.assert(
      fc.property(fc.array(anySource, { maxLength: 4 }), (sources) => {
        const union = unionOf(
          sources.map(({ scores, weight }) => ({
            elements: Object.entries(scores).map(([value, score]) => ({ value: bytes(value), score })),
            weight,
          })),
          aggregate,
        );

        for (const value of ['a', 'b', 'c']) {
          const weighted = sources.flatMap(({ scores, weight }) => {
            const score = scores[value];
            return score === undefined ? [] : [score * weight];
          });
          const expected = weighted.length === 0 ? undefined : MODELS[aggregate](weighted);
          expect(unsigned(union.scoreOf(bytes(value)))).toBe(unsigned(expected));
        }
      }),
    );
  });

  it('counts what is no number as 0', () => {
    const element = (score: number) => [{ value: bytes('a'), score }];

    expect(unionOf([{ elements: element(Infinity), weight: 0 }], 'sum').scoreOf(bytes('a'))).toBe(0);
    const opposites = [Infinity, -Infinity].map((score) => ({ elements: element(score), weight: 1 }));
    expect(unionOf(opposites, 'sum').scoreOf(bytes('a'))).toBe(0);
  });
});
