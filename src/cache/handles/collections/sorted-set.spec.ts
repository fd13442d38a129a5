import { MomentoErrorCode } from '@gomomento/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { useService } from '../../../../test/conformance/conformance.fixture.js';
import { newContext } from '../handles.fixture.js';
import { CacheSortedSet, type ScoredValue, type ScoreOrder } from './sorted-set.js';

const service = useService();

const newSortedSet = () => new CacheSortedSet(newContext(service), 'scores');

async function filled(scores: Readonly<Record<string, number>>): Promise<CacheSortedSet> {
  const sortedSet = newSortedSet();
  await sortedSet.addMany(Object.entries(scores));
  return sortedSet;
}

const valuesOf = (elements: readonly ScoredValue[]) => elements.map(({ value }) => value);

const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '__proto__', '\n', '\0'));

describe('a sorted set', () => {
  it('is empty while it does not exist', async () => {
    const scores = newSortedSet();
    expect(await scores.score('a')).toBeUndefined();
    expect(await scores.rank('a')).toBeUndefined();
    expect(await scores.byRank()).toEqual([]);
    expect(await scores.byScore({ min: 0 })).toEqual([]);
    expect(await scores.size()).toBe(0);
    await scores.remove('a');
    await scores.clear();
  });

  it('has each value at its place, whatever the strings are', async () => {
    const score = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, score)), text, async (entries, missing) => {
        const scores = newSortedSet();
        await scores.addMany(entries);
        const model = [...new Map(entries)].map(([value, of]) => ({ value, score: of }));
        const expected = model.toSorted(
          (a, b) => a.score - b.score || Buffer.compare(Buffer.from(a.value), Buffer.from(b.value)),
        );
        const found = await scores.byRank();
        expect(valuesOf(found)).toEqual(valuesOf(expected));
        expect(await scores.byScore()).toEqual(found);
        expect(await scores.byRank({ order: 'descending' })).toEqual(found.toReversed());
        expect(await scores.size()).toBe(expected.length);
        for (const value of [missing, ...valuesOf(expected).slice(-2)]) {
          const place = valuesOf(expected).indexOf(value);
          expect(await scores.rank(value)).toBe(place < 0 ? undefined : place);
          expect(await scores.rank(value, 'descending')).toBe(
            place < 0 ? undefined : expected.length - 1 - place,
          );
          expect(await scores.score(value)).toBe(found[place]?.score);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('gives any part that Array.prototype.slice gives, in both orders', async () => {
    const scores = await filled({ a: 1, b: 2, c: 3 });
    const places = [-4, -3, -1, 0, 1, 3, 4];
    for (const order of ['ascending', 'descending'] as const) {
      const all = order === 'ascending' ? ['a', 'b', 'c'] : ['c', 'b', 'a'];
      for (const start of places)
        for (const end of [undefined, ...places])
          expect(valuesOf(await scores.byRank({ start, end, order }))).toEqual(all.slice(start, end));
    }
  });

  it('gives those within bounds, which are included', async () => {
    const scores = await filled({ a: 1, b: 2, c: 3, d: 4 });
    const byScore = async (options: Parameters<CacheSortedSet['byScore']>[0]) =>
      valuesOf(await scores.byScore(options));
    expect(await byScore({ min: 2, max: 3 })).toEqual(['b', 'c']);
    expect(await byScore({ min: 2 })).toEqual(['b', 'c', 'd']);
    expect(await byScore({ max: 2 })).toEqual(['a', 'b']);
    expect(await byScore({ min: 0, max: 0 })).toEqual([]);
    expect(await byScore({ min: 2, order: 'descending', offset: 1, count: 1 })).toEqual(['c']);
  });

  it('adds, gives another score, counts and removes', async () => {
    const scores = newSortedSet();
    await scores.add('a', 1.5);
    await scores.add('a', 2.5);
    expect(await scores.score('a')).toBe(2.5);
    expect(await scores.increment('a')).toBe(3.5);
    expect(await scores.increment('a', -3.5)).toBe(0);
    expect(await scores.score('a')).toBe(0);
    expect(await scores.increment('new', 7)).toBe(7);
    await scores.add('other', 1);
    await scores.remove('a');
    await scores.remove(['other', 'none']);
    expect(await scores.byRank()).toEqual([{ value: 'new', score: 7 }]);
    await scores.clear();
    expect(await scores.size()).toBe(0);
  });

  it('asks nothing of Momento for no values', async () => {
    const before = service.momento.requestCount();
    await newSortedSet().addMany([]);
    await newSortedSet().remove([]);
    expect(service.momento.requestCount()).toBe(before);
  });

  it.each<[string, (scores: CacheSortedSet) => Promise<unknown>]>([
    ['a score that is no number', (scores) => scores.add('a', Number.NaN)],
    ['one among many', (scores) => scores.addMany([['a', '1' as unknown as number]])],
    ['half a character', (scores) => scores.add('\ud800', 1)],
    ['half a character among many', (scores) => scores.addMany([['\ud800', 1]])],
    ['half a character to ask for', (scores) => scores.score('\ud800')],
    ['half a character to rank', (scores) => scores.rank('\ud800')],
    ['half a character to remove', (scores) => scores.remove('\ud800')],
    ['half a character to count', (scores) => scores.increment('\ud800')],
    ['an amount of 0, which the SDK takes for 1', (scores) => scores.increment('a', 0)],
    ['an order that is none', (scores) => scores.rank('a', 'toString' as ScoreOrder)],
    ['half a place', (scores) => scores.byRank({ start: 0.5 })],
    ['half an end', (scores) => scores.byRank({ end: 0.5 })],
    ['a bound that is no number', (scores) => scores.byScore({ min: Number.NaN })],
    ['bounds in the wrong order', (scores) => scores.byScore({ min: 2, max: 1 })],
    ['an offset below 0', (scores) => scores.byScore({ offset: -1 })],
    ['a count of 0', (scores) => scores.byScore({ count: 0 })],
  ])('refuses %s before it asks Momento', async (_what, call) => {
    const before = service.momento.requestCount();
    await expect(call(newSortedSet())).rejects.toMatchObject({
      code: MomentoErrorCode.INVALID_ARGUMENT_ERROR,
    });
    expect(service.momento.requestCount()).toBe(before);
  });
});
