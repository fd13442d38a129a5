import { CacheDictionaryGetField, CollectionTtl, MomentoErrorCode } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { answerOf, useService } from './conformance.fixture.js';
import { describeCalls } from './describe-calls.js';

const service = useService();

describe('Dictionaries', () => {
  // Given { a: '1', b: 'text' }
  describeCalls(service, {
    given: (cache, key, ttlSeconds) =>
      cache.dictionarySetFields(key, { a: '1', b: 'text' }, { ttl: CollectionTtl.of(ttlSeconds) }),
    contents: (cache, key) => answerOf(cache.dictionaryFetch(key)),
    otherType: (cache, key) => cache.set(key, 'a scalar'),
    calls: {
      dictionaryFetch: {
        run: (cache, key) => cache.dictionaryFetch(key),
        answers: ['Hit', { a: '1', b: 'text' }],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.dictionaryFetch('') },
        ttl: 'kept',
      },
      dictionaryLength: {
        run: (cache, key) => cache.dictionaryLength(key),
        answers: ['Hit', 2],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.dictionaryLength(' ') },
        ttl: 'kept',
      },
      dictionaryGetField: {
        run: (cache, key) => cache.dictionaryGetField(key, 'b'),
        answers: ['Hit', 'text'],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.dictionaryGetField('', 'b') },
        ttl: 'kept',
      },
      dictionaryGetFields: {
        run: (cache, key) => cache.dictionaryGetFields(key, ['b', 'none', 'a']),
        answers: ['Hit', { a: '1', b: 'text' }],
        whenMissing: 'Miss',
        badArguments: { 'no name': (cache) => cache.dictionaryGetFields('', ['a']) },
        ttl: 'kept',
      },
      dictionarySetField: {
        run: (cache, key, ttl) => cache.dictionarySetField(key, 'c', 'new', { ttl }),
        answers: 'Success',
        leaves: ['Hit', { a: '1', b: 'text', c: 'new' }],
        whenMissing: 'Success',
        creates: ['Hit', { c: 'new' }],
        badArguments: { 'no name': (cache) => cache.dictionarySetField('', 'c', 'new') },
        ttl: 'refreshable',
      },
      dictionarySetFields: {
        run: (cache, key, ttl) => cache.dictionarySetFields(key, { a: 'over', c: 'new' }, { ttl }),
        answers: 'Success',
        leaves: ['Hit', { a: 'over', b: 'text', c: 'new' }],
        whenMissing: 'Success',
        creates: ['Hit', { a: 'over', c: 'new' }],
        badArguments: { 'no name': (cache) => cache.dictionarySetFields('', { a: '1' }) },
        ttl: 'refreshable',
      },
      dictionaryIncrement: {
        run: (cache, key, ttl) => cache.dictionaryIncrement(key, 'a', 41, { ttl }),
        answers: ['Success', 42],
        leaves: ['Hit', { a: '42', b: 'text' }],
        whenMissing: ['Success', 41],
        creates: ['Hit', { a: '41' }],
        badArguments: { 'no name': (cache) => cache.dictionaryIncrement('', 'a') },
        ttl: 'refreshable',
      },
      dictionaryRemoveField: {
        run: (cache, key) => cache.dictionaryRemoveField(key, 'b'),
        answers: 'Success',
        leaves: ['Hit', { a: '1' }],
        whenMissing: 'Success',
        badArguments: { 'no name': (cache) => cache.dictionaryRemoveField('', 'b') },
        ttl: 'kept',
      },
      dictionaryRemoveFields: {
        run: (cache, key) => cache.dictionaryRemoveFields(key, ['b', 'none']),
        answers: 'Success',
        leaves: ['Hit', { a: '1' }],
        whenMissing: 'Success',
        badArguments: { 'no name': (cache) => cache.dictionaryRemoveFields('', ['b']) },
        ttl: 'kept',
      },
    },
  });

  it('is gone when its last field is removed', async () => {
    const cache = service.newCache();
    await cache.dictionarySetField('d', 'a', '1');
    await cache.dictionaryRemoveField('d', 'a');

    expect(await answerOf(cache.keyExists('d'))).toEqual(['Success', false]);
  });

  it('misses a field that it has not, and tells which of several it has', async () => {
    const cache = service.newCache();
    await cache.dictionarySetField('d', 'a', '1');

    expect(await answerOf(cache.dictionaryGetField('d', 'b'))).toBe('Miss');
    expect(await answerOf(cache.dictionaryGetFields('d', ['b']))).toEqual(['Hit', {}]);
  });

  it('takes bytes as fields and values, and the empty field', async () => {
    const cache = service.newCache();
    const bytes = new Uint8Array([0, 255]);
    await cache.dictionarySetFields(
      'd',
      new Map<string | Uint8Array, Uint8Array>([
        [bytes, bytes],
        ['', bytes],
      ]),
    );
    const found = await cache.dictionaryGetField('d', bytes);

    expect(found instanceof CacheDictionaryGetField.Hit && found.valueUint8Array()).toEqual(bytes);
    expect(await answerOf(cache.dictionaryLength('d'))).toEqual(['Hit', 2]);
  });

  it('increments only integers, also downwards and from 0', async () => {
    const cache = service.newCache();
    await cache.dictionarySetField('d', 'text', 'x');

    expect(await answerOf(cache.dictionaryIncrement('d', 'text'))).toBe(
      MomentoErrorCode.FAILED_PRECONDITION_ERROR,
    );
    expect(await answerOf(cache.dictionaryIncrement('d', 'new', -3))).toEqual(['Success', -3]);
    expect(await answerOf(cache.dictionaryIncrement('d', 'new', 3))).toEqual(['Success', 0]);
    expect(await answerOf(cache.dictionaryFetch('d'))).toEqual(['Hit', { text: 'x', new: '0' }]);
  });

  it('takes a field and its value up to 128 KiB together', async () => {
    const cache = service.newCache();
    const largest = 'v'.repeat(128 * 1024 - 1);

    expect(await answerOf(cache.dictionarySetField('d', 'f', largest))).toBe('Success');
    expect(await answerOf(cache.dictionarySetFields('d', { ok: '1', f: `${largest}v` }))).toBe(
      MomentoErrorCode.LIMIT_EXCEEDED_ERROR,
    );
    expect(await answerOf(cache.dictionaryGetField('d', 'ok'))).toBe('Miss');
  });
});
