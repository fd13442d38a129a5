import { CacheSetFetch, CollectionTtl, MomentoErrorCode } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { answerOf, useService } from './conformance.fixture.js';
import { describeCalls } from './describe-calls.js';

const service = useService();

describe('Sets', () => {
  // Given { a, b }
  describeCalls(service, {
    given: (cache, key, ttlSeconds) =>
      cache.setAddElements(key, ['a', 'b'], { ttl: CollectionTtl.of(ttlSeconds) }),
    contents: (cache, key) => answerOf(cache.setFetch(key)),
    otherType: (cache, key) => cache.sortedSetPutElement(key, 'a sorted set', 1),
    calls: {
      setFetch: {
        run: (cache, key) => cache.setFetch(key),
        answers: ['Hit', ['a', 'b']],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.setFetch('') },
        ttl: 'kept',
      },
      setLength: {
        run: (cache, key) => cache.setLength(key),
        answers: ['Hit', 2],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.setLength('') },
        ttl: 'kept',
      },
      setContainsElement: {
        run: (cache, key) => cache.setContainsElement(key, 'b'),
        answers: ['Hit', true],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.setContainsElement('', 'b') },
        ttl: 'kept',
      },
      setContainsElements: {
        run: (cache, key) => cache.setContainsElements(key, ['b', 'none']),
        answers: ['Hit', { b: true, none: false }],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.setContainsElements('', ['b']) },
        ttl: 'kept',
      },
      setAddElement: {
        run: (cache, key, ttl) => cache.setAddElement(key, 'c', { ttl }),
        answers: 'Success',
        leaves: ['Hit', ['a', 'b', 'c']],
        whenMissing: 'Success',
        creates: ['Hit', ['c']],
        badArguments: { 'no name': (cache) => cache.setAddElement('', 'c') },
        ttl: 'refreshable',
      },
      setAddElements: {
        run: (cache, key, ttl) => cache.setAddElements(key, ['b', 'c', 'c'], { ttl }),
        answers: 'Success',
        leaves: ['Hit', ['a', 'b', 'c']],
        whenMissing: 'Success',
        creates: ['Hit', ['b', 'c']],
        badArguments: { 'no name': (cache) => cache.setAddElements('', ['c']) },
        ttl: 'refreshable',
      },
      setRemoveElement: {
        run: (cache, key) => cache.setRemoveElement(key, 'b'),
        answers: 'Success',
        leaves: ['Hit', ['a']],
        whenMissing: 'Success',
        badArguments: { 'no name': (cache) => cache.setRemoveElement('', 'b') },
        ttl: 'kept',
      },
      setRemoveElements: {
        run: (cache, key) => cache.setRemoveElements(key, ['b', 'none']),
        answers: 'Success',
        leaves: ['Hit', ['a']],
        whenMissing: 'Success',
        badArguments: { 'no name': (cache) => cache.setRemoveElements('', ['b']) },
        ttl: 'kept',
      },
      setSample: {
        run: (cache, key) => cache.setSample(key, 10),
        answers: ['Hit', expect.arrayContaining(['a', 'b'])],
        whenMissing: 'Miss',
        badArguments: {
          'no name': (cache) => cache.setSample('', 1),
          'a negative limit': (cache) => cache.setSample('key', -1),
        },
        ttl: 'kept',
      },
      setPop: {
        run: (cache, key) => cache.setPop(key, 10),
        answers: ['Hit', expect.arrayContaining(['a', 'b'])],
        leaves: 'Miss',
        whenMissing: 'Miss',
        badArguments: {
          'no name': (cache) => cache.setPop('', 1),
          'a count of 0': (cache) => cache.setPop('key', 0),
        },
        ttl: 'gone',
      },
    },
  });

  it('samples and pops no more than asked for', async () => {
    const cache = service.newCache();
    await cache.setAddElements('s', ['a', 'b', 'c']);
    const sizeOf = async (response: Promise<unknown>) => {
      const [, elements] = Object(await answerOf(response));
      return Array.isArray(elements) ? elements.length : undefined;
    };

    expect(await sizeOf(cache.setSample('s', 2))).toBe(2);
    expect(await sizeOf(cache.setSample('s', 0))).toBe(0);
    expect(await sizeOf(cache.setFetch('s'))).toBe(3);
    expect(await sizeOf(cache.setPop('s', 2))).toBe(2);
    expect(await sizeOf(cache.setFetch('s'))).toBe(1);
  });

  it('pops but one and keeps the TTL', async () => {
    const cache = service.newCache();
    await cache.setAddElements('s', ['a', 'b'], { ttl: CollectionTtl.of(100) });
    service.clock.advance(10_000);
    await cache.setPop('s', 1);

    expect(await answerOf(cache.itemGetTtl('s'))).toEqual(['Hit', 90_000]);
  });

  it('is gone when its last element is', async () => {
    const cache = service.newCache();
    await cache.setAddElement('s', 'a');
    await cache.setRemoveElement('s', 'a');

    expect(await answerOf(cache.keyExists('s'))).toEqual(['Success', false]);
  });

  it('knows bytes from text that only looks like them', async () => {
    const cache = service.newCache();
    await cache.setAddElements('s', [new Uint8Array([255]), new Uint8Array([195, 191])]);
    const fetched = await cache.setFetch('s');

    expect(
      fetched instanceof CacheSetFetch.Hit && fetched.valueArrayUint8Array().map(String).toSorted(),
    ).toEqual(['195,191', '255']);
    expect(await answerOf(cache.setContainsElement('s', 'ÿ'))).toEqual(['Hit', true]);
  });

  it('takes elements up to 128 KiB', async () => {
    const cache = service.newCache();
    const largest = 'v'.repeat(128 * 1024);

    expect(await answerOf(cache.setAddElement('s', largest))).toBe('Success');
    expect(await answerOf(cache.setAddElement('s', `${largest}v`))).toBe(
      MomentoErrorCode.LIMIT_EXCEEDED_ERROR,
    );
  });
});
