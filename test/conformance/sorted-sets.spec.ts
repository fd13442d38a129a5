import { CollectionTtl, MomentoErrorCode, SortedSetOrder } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { type Cache, answerOf, useService } from './conformance.fixture.js';
import { describeCalls } from './describe-calls.js';

const service = useService();

const element = (value: string, score: number) => ({ value, score });
const give = (cache: Cache, key: string, scores: Record<string, number>, ttlSeconds = 60) =>
  cache.sortedSetPutElements(key, scores, { ttl: CollectionTtl.of(ttlSeconds) });

/** The values of a fetch, in one string. */
async function valuesOf(response: Promise<unknown>): Promise<string> {
  const [, elements] = Object(await answerOf(response));
  return Array.isArray(elements) ? elements.map(({ value }) => value).join('') : 'no elements';
}

describe('Sorted sets', () => {
  // Given { a: 1, b: 2 }
  describeCalls(service, {
    given: (cache, key, ttlSeconds) => give(cache, key, { b: 2, a: 1 }, ttlSeconds),
    contents: (cache, key) => answerOf(cache.sortedSetFetchByRank(key)),
    otherType: (cache, key) => cache.setAddElement(key, 'a set'),
    calls: {
      sortedSetFetchByRank: {
        run: (cache, key) => cache.sortedSetFetchByRank(key, { startRank: 1 }),
        answers: ['Hit', [element('b', 2)]],
        whenMissing: 'Miss',
        badArguments: {
          'no name': (cache) => cache.sortedSetFetchByRank(''),
          'an end before the start': (cache) =>
            cache.sortedSetFetchByRank('key', { startRank: 2, endRank: 1 }),
          'a negative end before the start': (cache) =>
            cache.sortedSetFetchByRank('key', { startRank: -1, endRank: -2 }),
        },
        ttl: 'kept',
      },
      sortedSetFetchByScore: {
        run: (cache, key) => cache.sortedSetFetchByScore(key, { minScore: 2 }),
        answers: ['Hit', [element('b', 2)]],
        whenMissing: 'Miss',
        badArguments: {
          'no name': (cache) => cache.sortedSetFetchByScore(''),
          'a minimum above the maximum': (cache) =>
            cache.sortedSetFetchByScore('key', { minScore: 2, maxScore: 1 }),
          'a negative offset': (cache) => cache.sortedSetFetchByScore('key', { offset: -1 }),
          'a count of 0': (cache) => cache.sortedSetFetchByScore('key', { count: 0 }),
        },
        ttl: 'kept',
      },
      sortedSetGetRank: {
        run: (cache, key) => cache.sortedSetGetRank(key, 'b'),
        answers: ['Hit', 1],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.sortedSetGetRank('', 'b') },
        ttl: 'kept',
      },
      sortedSetGetScore: {
        run: (cache, key) => cache.sortedSetGetScore(key, 'b'),
        answers: ['Hit', 2],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.sortedSetGetScore('', 'b') },
        ttl: 'kept',
      },
      sortedSetGetScores: {
        run: (cache, key) => cache.sortedSetGetScores(key, ['b', 'none', 'a']),
        answers: ['Hit', { a: 1, b: 2 }],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.sortedSetGetScores('', ['b']) },
        ttl: 'kept',
      },
      sortedSetLength: {
        run: (cache, key) => cache.sortedSetLength(key),
        answers: ['Hit', 2],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.sortedSetLength('') },
        ttl: 'kept',
      },
      sortedSetLengthByScore: {
        run: (cache, key) => cache.sortedSetLengthByScore(key, { maxScore: 1 }),
        answers: ['Hit', 1],
        whenMissing: 'Miss',
        badArguments: {
          'no name': (cache) => cache.sortedSetLengthByScore(''),
          'a minimum above the maximum': (cache) =>
            cache.sortedSetLengthByScore('key', { minScore: 2, maxScore: 1 }),
        },
        ttl: 'kept',
      },
      sortedSetPutElement: {
        run: (cache, key, ttl) => cache.sortedSetPutElement(key, 'c', 1.5, { ttl }),
        answers: 'Success',
        leaves: ['Hit', [element('a', 1), element('c', 1.5), element('b', 2)]],
        whenMissing: 'Success',
        creates: ['Hit', [element('c', 1.5)]],
        badArguments: {
          'no name': (cache) => cache.sortedSetPutElement('', 'c', 1),
          'a score that is no number': (cache) => cache.sortedSetPutElement('key', 'c', NaN),
        },
        ttl: 'refreshable',
      },
      sortedSetPutElements: {
        run: (cache, key, ttl) => cache.sortedSetPutElements(key, { a: 9, c: -1 }, { ttl }),
        answers: 'Success',
        leaves: ['Hit', [element('c', -1), element('b', 2), element('a', 9)]],
        whenMissing: 'Success',
        creates: ['Hit', [element('c', -1), element('a', 9)]],
        badArguments: { 'no name': (cache) => cache.sortedSetPutElements('', { a: 1 }) },
        ttl: 'refreshable',
      },
      sortedSetIncrementScore: {
        run: (cache, key, ttl) => cache.sortedSetIncrementScore(key, 'a', 4.5, { ttl }),
        answers: ['Success', 5.5],
        leaves: ['Hit', [element('b', 2), element('a', 5.5)]],
        whenMissing: ['Success', 4.5],
        creates: ['Hit', [element('a', 4.5)]],
        badArguments: { 'no name': (cache) => cache.sortedSetIncrementScore('', 'a') },
        ttl: 'refreshable',
      },
      sortedSetRemoveElement: {
        run: (cache, key) => cache.sortedSetRemoveElement(key, 'a'),
        answers: 'Success',
        leaves: ['Hit', [element('b', 2)]],
        whenMissing: 'Success',
        badArguments: { 'no name': (cache) => cache.sortedSetRemoveElement('', 'a') },
        ttl: 'kept',
      },
      sortedSetRemoveElements: {
        run: (cache, key) => cache.sortedSetRemoveElements(key, ['a', 'none']),
        answers: 'Success',
        leaves: ['Hit', [element('b', 2)]],
        whenMissing: 'Success',
        badArguments: { 'no name': (cache) => cache.sortedSetRemoveElements('', ['a']) },
        ttl: 'kept',
      },
    },
  });

  it.each([
    // startRank, endRank (exclusive), of abcdef in ascending order, in descending order
    [2, 4, 'cd', 'dc'],
    [2, undefined, 'cdef', 'dcba'],
    [undefined, 2, 'ab', 'fe'],
    [-2, undefined, 'ef', 'ba'],
    [undefined, -4, 'ab', 'fe'],
    [4, 99, 'ef', 'ba'],
    [99, undefined, '', ''],
  ])('fetches the ranks from %s to %s', async (startRank, endRank, ascending, descending) => {
    const cache = service.newCache();
    const bounds = {
      ...(startRank !== undefined && { startRank }),
      ...(endRank !== undefined && { endRank }),
    };
    await give(cache, 'z', { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 });

    expect(await valuesOf(cache.sortedSetFetchByRank('z', bounds))).toBe(ascending);
    expect(
      await valuesOf(cache.sortedSetFetchByRank('z', { ...bounds, order: SortedSetOrder.Descending })),
    ).toBe(descending);
  });

  it.each([
    // what of { a: 1, b: 2, c: 3, d: 4 }, in ascending order, in descending order
    [{ minScore: 2, maxScore: 3 }, 'bc', 'cb'],
    [{ minScore: 2.5 }, 'cd', 'dc'],
    [{ maxScore: 1 }, 'a', 'a'],
    [{ minScore: 5 }, '', ''],
    [{ offset: 1, count: 2 }, 'bc', 'cb'],
    [{ offset: 3 }, 'd', 'a'],
    [{ minScore: 2, count: 1 }, 'b', 'd'],
    [{ offset: 9 }, '', ''],
  ])('fetches by score: %j', async (range, ascending, descending) => {
    const cache = service.newCache();
    await give(cache, 'z', { d: 4, b: 2, a: 1, c: 3 });

    expect(await valuesOf(cache.sortedSetFetchByScore('z', range))).toBe(ascending);
    expect(
      await valuesOf(cache.sortedSetFetchByScore('z', { ...range, order: SortedSetOrder.Descending })),
    ).toBe(descending);
  });

  it('orders equal scores by their bytes, and descending is the exact reverse', async () => {
    const cache = service.newCache();
    await give(cache, 'z', { b: 1, ab: 1, a: 1, Z: 1 });

    expect(await valuesOf(cache.sortedSetFetchByRank('z'))).toBe('Zaabb');
    expect(await valuesOf(cache.sortedSetFetchByRank('z', { order: SortedSetOrder.Descending }))).toBe(
      'babaZ',
    );
  });

  it('ranks from 0, in either order', async () => {
    const { client, momento } = service;
    momento.createCache('ranks');
    await give(client.cache('ranks'), 'z', { a: 1, b: 1, c: 7 });
    const rankOf = (value: string, order: SortedSetOrder) =>
      answerOf(client.sortedSetGetRank('ranks', 'z', value, { order }));

    expect(await rankOf('a', SortedSetOrder.Ascending)).toEqual(['Hit', 0]);
    expect(await rankOf('a', SortedSetOrder.Descending)).toEqual(['Hit', 2]);
    expect(await rankOf('c', SortedSetOrder.Descending)).toEqual(['Hit', 0]);
  });

  it('misses the rank and the score of a value that it has not', async () => {
    const cache = service.newCache();
    await give(cache, 'z', { a: 0 });

    expect(await answerOf(cache.sortedSetGetRank('z', 'none'))).toBe('Miss');
    expect(await answerOf(cache.sortedSetGetScore('z', 'none'))).toBe('Miss');
    expect(await answerOf(cache.sortedSetGetRank('z', 'a'))).toEqual(['Hit', 0]);
    expect(await answerOf(cache.sortedSetGetScore('z', 'a'))).toEqual(['Hit', 0]);
    expect(await answerOf(cache.sortedSetLengthByScore('z', { minScore: 1 }))).toBe('Miss');
  });

  it('is gone when its last element is removed', async () => {
    const cache = service.newCache();
    await give(cache, 'z', { a: 0 });
    await cache.sortedSetRemoveElement('z', 'a');

    expect(await answerOf(cache.keyExists('z'))).toEqual(['Success', false]);
  });

  it('takes values up to 128 KiB', async () => {
    const cache = service.newCache();
    const largest = 'v'.repeat(128 * 1024);

    expect(await answerOf(cache.sortedSetPutElement('z', largest, 1))).toBe('Success');
    expect(await answerOf(cache.sortedSetPutElement('z', `${largest}v`, 1))).toBe(
      MomentoErrorCode.LIMIT_EXCEEDED_ERROR,
    );
  });
});
