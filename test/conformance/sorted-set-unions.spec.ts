import { CollectionTtl, MomentoErrorCode, SortedSetAggregate } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { type Cache, answerOf, useService } from './conformance.fixture.js';

const service = useService();

/** A cache with x = { a: 1, b: 2 } and y = { b: 10, c: 30 }. */
async function cacheWithSources(): Promise<Cache> {
  const cache = service.newCache();
  await cache.sortedSetPutElements('x', { a: 1, b: 2 });
  await cache.sortedSetPutElements('y', { b: 10, c: 30 });
  return cache;
}

const source = (sortedSetName: string, weight = 1) => ({ sortedSetName, weight });

async function scoresIn(cache: Cache, key: string): Promise<unknown> {
  const [, elements] = Object(await answerOf(cache.sortedSetFetchByRank(key)));
  return Array.isArray(elements) && elements.map(({ value, score }) => [value, score]);
}

describe('sortedSetUnionStore', () => {
  it.each([
    // aggregate, weight of y, the union in order
    [undefined, 1, { a: 1, b: 12, c: 30 }],
    [SortedSetAggregate.SUM, 0.5, { a: 1, b: 7, c: 15 }],
    [SortedSetAggregate.MIN, 1, { a: 1, b: 2, c: 30 }],
    [SortedSetAggregate.MAX, 1, { a: 1, b: 10, c: 30 }],
    [SortedSetAggregate.MAX, -1, { c: -30, a: 1, b: 2 }],
  ])('aggregate %s, weight %d', async (aggregate, weight, expected) => {
    const cache = await cacheWithSources();
    const options = aggregate === undefined ? {} : { aggregate };

    expect(
      await answerOf(cache.sortedSetUnionStore('union', [source('x'), source('y', weight)], options)),
    ).toEqual(['Success', 3]);
    expect(await scoresIn(cache, 'union')).toEqual(Object.entries(expected));
  });

  it('takes a source that does not exist for an empty one', async () => {
    const cache = await cacheWithSources();

    expect(await answerOf(cache.sortedSetUnionStore('union', [source('x'), source('none')]))).toEqual([
      'Success',
      2,
    ]);
  });

  it('replaces the destination, which is a source only when named as one', async () => {
    const cache = await cacheWithSources();
    await cache.sortedSetUnionStore('x', [source('y')]);
    expect(await scoresIn(cache, 'x')).toEqual([
      ['b', 10],
      ['c', 30],
    ]);
    await cache.sortedSetUnionStore('x', [source('x'), source('y')]);
    expect(await scoresIn(cache, 'x')).toEqual([
      ['b', 20],
      ['c', 60],
    ]);
  });

  it('replaces a destination of any type', async () => {
    const cache = await cacheWithSources();
    await cache.set('union', 'a scalar');

    expect(await answerOf(cache.sortedSetUnionStore('union', [source('x')]))).toEqual(['Success', 2]);
  });

  it('deletes the destination when the union is empty', async () => {
    const cache = await cacheWithSources();

    expect(await answerOf(cache.sortedSetUnionStore('x', [source('none')]))).toEqual(['Success', 0]);
    expect(await answerOf(cache.keyExists('x'))).toEqual(['Success', false]);
  });

  it('sets the TTL anew', async () => {
    const cache = await cacheWithSources();
    const ttl = new CollectionTtl(30, false);
    await cache.sortedSetUnionStore('x', [source('x')], { ttl });

    expect(await answerOf(cache.itemGetTtl('x'))).toEqual(['Hit', 30_000]);
  });

  it.each([
    ['no sources', (cache: Cache) => cache.sortedSetUnionStore('union', [])],
    ['no name', (cache: Cache) => cache.sortedSetUnionStore('', [source('x')])],
    ['a source without name', (cache: Cache) => cache.sortedSetUnionStore('union', [source('')])],
    ['a weight that is no number', (cache: Cache) => cache.sortedSetUnionStore('union', [source('x', NaN)])],
  ])('bad arguments: %s', async (_what, run) => {
    expect(await answerOf(run(await cacheWithSources()))).toBe(MomentoErrorCode.INVALID_ARGUMENT_ERROR);
  });

  it('a source of another type, a missing cache', async () => {
    const cache = await cacheWithSources();
    await cache.set('scalar', 'v');

    expect(await answerOf(cache.sortedSetUnionStore('x', [source('y'), source('scalar')]))).toBe(
      MomentoErrorCode.FAILED_PRECONDITION_ERROR,
    );
    expect(await scoresIn(cache, 'x')).toEqual(Object.entries({ a: 1, b: 2 }));
    expect(await answerOf(service.missingCache().sortedSetUnionStore('x', [source('y')]))).toBe(
      MomentoErrorCode.CACHE_NOT_FOUND_ERROR,
    );
  });
});
