import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScoreRange } from './ranking.js';
import type { Slice } from './slice.js';
import { type ScoredValue, SortedSet } from './sorted-set.js';

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const text = (value: Uint8Array) => Buffer.from(value).toString('latin1');
const pairs = (elements: readonly ScoredValue[]) => elements.map(({ value, score }) => [text(value), score]);

/** Bytes above 127 show whether values are compared as bytes. */
const anyValue = fc.constantFrom('', 'a', 'ab', 'b', '\u00ff');
const anyScore = fc.constantFrom(-Infinity, -1.5, 0, 1, 2, 1e300, Infinity);
const anyIndex = fc.option(fc.integer({ min: -7, max: 7 }), { nil: undefined });
const anySlice: fc.Arbitrary<Slice> = fc.record({ start: anyIndex, end: anyIndex });
const anyBound = fc.option(fc.record({ score: anyScore, exclusive: fc.boolean() }), { nil: undefined });
const anyRange: fc.Arbitrary<ScoreRange> = fc.record({ min: anyBound, max: anyBound });

/** Changes both, and answers what they say of it, which should be the same. */
type Change = (set: SortedSet, model: Map<string, number>) => [unknown, unknown];

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.array(fc.tuple(anyValue, anyScore), { maxLength: 3 }).map((elements): Change => (set, model) => {
    elements.forEach(([value, score]) => model.set(value, score));
    return [set.put(elements.map(([value, score]) => ({ value: bytes(value), score }))), undefined];
  }),
  anyValue.map((value): Change => (set, model) => {
    model.delete(value);
    return [set.delete(bytes(value)), undefined];
  }),
  fc.tuple(anyValue, anyScore).map(([value, amount]): Change => (set, model) => {
    const sum = (model.get(value) ?? 0) + amount;
    if (Number.isNaN(sum)) {
      return [sumOrRefused(set, value, amount), 'refused'];
    }
    model.set(value, sum);
    return [sumOrRefused(set, value, amount), sum];
  }),
);

function sumOrRefused(set: SortedSet, value: string, amount: number): number | 'refused' {
  try {
    return set.increment(bytes(value), amount);
  } catch {
    return 'refused';
  }
}

/** The elements as they should be ordered: by score, then by bytes. */
function ordered(model: ReadonlyMap<string, number>): [string, number][] {
  return [...model].toSorted(
    ([leftValue, left], [rightValue, right]) =>
      Number(left > right) - Number(left < right) || Buffer.compare(bytes(leftValue), bytes(rightValue)),
  );
}

function isWithin(score: number, { min, max }: ScoreRange): boolean {
  const isAbove = min === undefined || score > min.score || (!min.exclusive && score === min.score);
  const isBelow = max === undefined || score < max.score || (!max.exclusive && score === max.score);
  return isAbove && isBelow;
}

describe('SortedSet', () => {
  it('behaves as a map that is sorted anew for each question', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 40 }), anySlice, anyRange, (changes, slice, range) => {
        const set = new SortedSet();
        const model = new Map<string, number>();
        for (const change of changes) {
          const [said, expected] = change(set, model);
          expect(said).toBe(expected);
        }
        const ascending = ordered(model);
        const descending = ascending.toReversed();
        const within = ascending.filter(([, score]) => isWithin(score, range));

        expect(pairs(set.byRank(slice, 'ascending'))).toEqual(ascending.slice(slice.start, slice.end));
        expect(pairs(set.byRank(slice, 'descending'))).toEqual(descending.slice(slice.start, slice.end));
        expect(pairs(set.byScore(range, 'ascending'))).toEqual(within);
        expect(pairs(set.byScore(range, 'descending'))).toEqual(within.toReversed());
        expect(set.countByScore(range)).toBe(within.length);
        for (const [rank, [value, score]] of ascending.entries()) {
          expect(set.scoreOf(bytes(value))).toBe(score);
          expect(set.rankOf(bytes(value), 'ascending')).toBe(rank);
          expect(set.rankOf(bytes(value), 'descending')).toBe(ascending.length - 1 - rank);
        }
        expect(set.byteLength).toBe([...model.keys()].join('').length + 8 * model.size);
      }),
    );
  });

  it('knows neither rank nor score of a value that it has not', () => {
    const set = new SortedSet();

    expect([set.rankOf(bytes('a'), 'ascending'), set.scoreOf(bytes('a'))]).toEqual([undefined, undefined]);
  });

  it('refuses a score that is not a number, or a value of more than 128 KiB, and puts none of the others', () => {
    const set = new SortedSet();
    const good = { value: bytes('good'), score: 1 };

    expect(() => set.put([good, { value: bytes('a'), score: NaN }])).toThrow('not a number');
    expect(() => set.put([good, { value: new Uint8Array(128 * 1024 + 1), score: 1 }])).toThrow(
      'element size',
    );
    expect(() => set.increment(bytes('a'), NaN)).toThrow('not a number');
    expect(set.size).toBe(0);
  });
});
