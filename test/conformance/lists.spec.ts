import { CollectionTtl, MomentoErrorCode } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { type Cache, answerOf, useService } from './conformance.fixture.js';
import { describeCalls } from './describe-calls.js';

const service = useService();

const give = (cache: Cache, key: string, values: string[], ttlSeconds = 60) =>
  cache.listConcatenateBack(key, values, { ttl: CollectionTtl.of(ttlSeconds) });

describe('Lists', () => {
  // Given ['a', 'b', 'a']
  describeCalls(service, {
    given: (cache, key, ttlSeconds) => give(cache, key, ['a', 'b', 'a'], ttlSeconds),
    contents: (cache, key) => answerOf(cache.listFetch(key)),
    otherType: (cache, key) => cache.setAddElement(key, 'a set'),
    calls: {
      listFetch: {
        run: (cache, key) => cache.listFetch(key),
        answers: ['Hit', ['a', 'b', 'a']],
        whenMissing: 'Miss',
        badArguments: {
          'no name': (cache) => cache.listFetch(''),
          'an end that is the start': (cache) => cache.listFetch('key', { startIndex: 0, endIndex: 0 }),
        },
        ttl: 'kept',
      },
      listLength: {
        run: (cache, key) => cache.listLength(key),
        answers: ['Hit', 3],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.listLength(' ') },
        ttl: 'kept',
      },
      listPushBack: {
        run: (cache, key, ttl) => cache.listPushBack(key, 'new', { ttl }),
        answers: ['Success', 4],
        leaves: ['Hit', ['a', 'b', 'a', 'new']],
        whenMissing: ['Success', 1],
        creates: ['Hit', ['new']],
        badArguments: { 'no name': (cache) => cache.listPushBack('', 'new') },
        ttl: 'refreshable',
      },
      listPushFront: {
        run: (cache, key, ttl) => cache.listPushFront(key, 'new', { ttl }),
        answers: ['Success', 4],
        leaves: ['Hit', ['new', 'a', 'b', 'a']],
        whenMissing: ['Success', 1],
        creates: ['Hit', ['new']],
        badArguments: { 'no name': (cache) => cache.listPushFront('', 'new') },
        ttl: 'refreshable',
      },
      listConcatenateBack: {
        run: (cache, key, ttl) => cache.listConcatenateBack(key, ['x', 'y'], { ttl }),
        answers: ['Success', 5],
        leaves: ['Hit', ['a', 'b', 'a', 'x', 'y']],
        whenMissing: ['Success', 2],
        creates: ['Hit', ['x', 'y']],
        badArguments: { 'no name': (cache) => cache.listConcatenateBack('', ['x']) },
        ttl: 'refreshable',
      },
      listConcatenateFront: {
        run: (cache, key, ttl) => cache.listConcatenateFront(key, ['x', 'y'], { ttl }),
        answers: ['Success', 5],
        leaves: ['Hit', ['x', 'y', 'a', 'b', 'a']],
        whenMissing: ['Success', 2],
        creates: ['Hit', ['x', 'y']],
        badArguments: { 'no name': (cache) => cache.listConcatenateFront('', ['x']) },
        ttl: 'refreshable',
      },
      listPopBack: {
        run: (cache, key) => cache.listPopBack(key),
        answers: ['Hit', 'a'],
        leaves: ['Hit', ['a', 'b']],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.listPopBack('') },
        ttl: 'kept',
      },
      listPopFront: {
        run: (cache, key) => cache.listPopFront(key),
        answers: ['Hit', 'a'],
        leaves: ['Hit', ['b', 'a']],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.listPopFront('') },
        ttl: 'kept',
      },
      listRemoveValue: {
        run: (cache, key) => cache.listRemoveValue(key, 'a'),
        answers: 'Success',
        leaves: ['Hit', ['b']],
        whenMissing: 'Success',
        badArguments: { 'no name': (cache) => cache.listRemoveValue('', 'a') },
        ttl: 'kept',
      },
      listRetain: {
        run: (cache, key, ttl) => cache.listRetain(key, { startIndex: 1, endIndex: 2, ttl }),
        answers: 'Success',
        leaves: ['Hit', ['b']],
        whenMissing: 'Success',
        badArguments: {
          'no name': (cache) => cache.listRetain('', { startIndex: 1 }),
          'an end that is the start': (cache) => cache.listRetain('key', { startIndex: 0, endIndex: 0 }),
        },
        ttl: 'refreshable',
      },
    },
  });

  it.each([
    // startIndex, endIndex (exclusive), what of abcdef
    [2, 4, 'cd'],
    [2, undefined, 'cdef'],
    [undefined, 2, 'ab'],
    [-2, undefined, 'ef'],
    [undefined, -4, 'ab'],
    [-4, -2, 'cd'],
    [4, 99, 'ef'],
    [99, undefined, ''],
    [4, 2, ''],
  ])('slices from %s to %s as JavaScript does', async (startIndex, endIndex, expected) => {
    const cache = service.newCache();
    const bounds = {
      ...(startIndex !== undefined && { startIndex }),
      ...(endIndex !== undefined && { endIndex }),
    };
    await give(cache, 'fetched', 'abcdef'.split(''));
    await give(cache, 'retained', 'abcdef'.split(''));
    await cache.listRetain('retained', bounds);

    expect(await answerOf(cache.listFetch('fetched', bounds))).toEqual(['Hit', expected.split('')]);
    expect(await answerOf(cache.listFetch('retained'))).toEqual(
      expected === '' ? 'Miss' : ['Hit', expected.split('')],
    );
  });

  it('truncates the end that was not pushed to', async () => {
    const cache = service.newCache();
    await give(cache, 'back', 'abc'.split(''));
    await give(cache, 'front', 'abc'.split(''));

    expect(await answerOf(cache.listPushBack('back', 'd', { truncateFrontToSize: 2 }))).toEqual([
      'Success',
      2,
    ]);
    expect(await answerOf(cache.listFetch('back'))).toEqual(['Hit', ['c', 'd']]);
    expect(await answerOf(cache.listPushFront('front', 'd', { truncateBackToSize: 2 }))).toEqual([
      'Success',
      2,
    ]);
    expect(await answerOf(cache.listFetch('front'))).toEqual(['Hit', ['d', 'a']]);
  });

  it('truncates also what is concatenated', async () => {
    const cache = service.newCache();
    await cache.listConcatenateBack('back', 'abc'.split(''), { truncateFrontToSize: 2 });
    await cache.listConcatenateFront('front', 'abc'.split(''), { truncateBackToSize: 2 });

    expect(await answerOf(cache.listFetch('back'))).toEqual(['Hit', ['b', 'c']]);
    expect(await answerOf(cache.listFetch('front'))).toEqual(['Hit', ['a', 'b']]);
  });

  it('is gone when its last element is', async () => {
    const cache = service.newCache();
    await cache.listPushBack('popped', 'a');
    await cache.listPushBack('removed', 'a');

    expect(await answerOf(cache.listPopFront('popped'))).toEqual(['Hit', 'a']);
    await cache.listRemoveValue('removed', 'a');
    expect(await answerOf(cache.keysExist(['popped', 'removed']))).toEqual(['Success', [false, false]]);
  });

  it('creates nothing when nothing is concatenated', async () => {
    const cache = service.newCache();

    expect(await answerOf(cache.listConcatenateBack('l', []))).toEqual(['Success', 0]);
    expect(await answerOf(cache.keyExists('l'))).toEqual(['Success', false]);
  });

  it('takes elements up to 128 KiB', async () => {
    const cache = service.newCache();
    const largest = 'v'.repeat(128 * 1024);

    expect(await answerOf(cache.listPushBack('l', largest))).toEqual(['Success', 1]);
    expect(await answerOf(cache.listPushBack('l', `${largest}v`))).toBe(
      MomentoErrorCode.LIMIT_EXCEEDED_ERROR,
    );
  });
});
