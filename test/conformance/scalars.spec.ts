import { randomUUID } from 'node:crypto';
import { CacheSet, MomentoErrorCode } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { answerOf, useService } from './conformance.fixture.js';
import { describeCalls } from './describe-calls.js';

const service = useService();
const TTL = { ttl: 50 };

describe('Scalars', () => {
  // Given '1'
  describeCalls(service, {
    given: (cache, key, ttlSeconds) => cache.set(key, '1', { ttl: ttlSeconds }),
    contents: (cache, key) => answerOf(cache.get(key)),
    otherType: (cache, key) => cache.listPushBack(key, 'a list'),
    calls: {
      get: {
        run: (cache, key) => cache.get(key),
        answers: ['Hit', '1'],
        whenMissing: 'Miss',
        badArguments: { 'no key': (cache) => cache.get('') },
        ttl: 'kept',
      },
      set: {
        run: (cache, key) => cache.set(key, 'new', TTL),
        answers: 'Success',
        leaves: ['Hit', 'new'],
        whenMissing: 'Success',
        creates: ['Hit', 'new'],
        whenOtherType: 'any',
        badArguments: {
          'no key': (cache) => cache.set('', 'new'),
          'a negative TTL': (cache) => cache.set('key', 'new', { ttl: -1 }),
          'a fractional TTL': (cache) => cache.set('key', 'new', { ttl: 0.5 }),
        },
        ttl: 'set',
      },
      delete: {
        run: (cache, key) => cache.delete(key),
        answers: 'Success',
        leaves: 'Miss',
        whenMissing: 'Success',
        whenOtherType: 'any',
        badArguments: { 'no key': (cache) => cache.delete('') },
        ttl: 'gone',
      },
      increment: {
        run: (cache, key) => cache.increment(key, 41, TTL),
        answers: ['Success', 42],
        leaves: ['Hit', '42'],
        whenMissing: ['Success', 41],
        creates: ['Hit', '41'],
        badArguments: { 'no key': (cache) => cache.increment('', 1) },
        ttl: 'set',
      },
      getWithHash: {
        run: (cache, key) => cache.getWithHash(key),
        answers: ['Hit', '1'],
        whenMissing: 'Miss',
        badArguments: { 'no key': (cache) => cache.getWithHash('') },
        ttl: 'kept',
      },
      setWithHash: {
        run: (cache, key) => cache.setWithHash(key, 'new', TTL),
        answers: 'Stored',
        leaves: ['Hit', 'new'],
        whenMissing: 'Stored',
        creates: ['Hit', 'new'],
        badArguments: { 'no key': (cache) => cache.setWithHash('', 'new') },
        ttl: 'set',
      },
    },
  });

  it('set replaces, and delete removes, a value of any type', async () => {
    const cache = service.newCache();
    await cache.listPushBack('set', 'a');
    await cache.listPushBack('deleted', 'a');

    expect(await answerOf(cache.set('set', 'v'))).toBe('Success');
    expect(await answerOf(cache.get('set'))).toEqual(['Hit', 'v']);
    await cache.delete('deleted');
    expect(await answerOf(cache.listFetch('deleted'))).toBe('Miss');
  });

  it('takes text and bytes as keys and values', async () => {
    const cache = service.newCache();
    await cache.set('text', 'café');
    await cache.set(new Uint8Array([0, 255, 1]), new Uint8Array());

    expect(await answerOf(cache.get('text'))).toEqual(['Hit', 'café']);
    expect(await answerOf(cache.get(new Uint8Array([0, 255, 1])))).toEqual(['Hit', '']);
    expect(await answerOf(cache.get(new Uint8Array([0, 255, 2])))).toBe('Miss');
  });

  it('an item is there for its TTL, to the millisecond', async () => {
    const cache = service.newCache();
    await cache.set('k', 'v', { ttl: 2 });

    service.clock.advance(1_999);
    expect(await answerOf(cache.get('k'))).toEqual(['Hit', 'v']);
    service.clock.advance(1);
    expect(await answerOf(cache.get('k'))).toBe('Miss');
  });

  it('without a TTL, or with one of 0, it is the default of the client', async () => {
    const cache = service.newCache();
    await cache.set('none', 'v');
    await cache.set('zero', 'v', { ttl: 0 });

    expect(await answerOf(cache.itemGetTtl('none'))).toEqual(['Hit', 60_000]);
    expect(await answerOf(cache.itemGetTtl('zero'))).toEqual(['Hit', 60_000]);
  });

  it('a counter that has expired begins anew, with the TTL of the call', async () => {
    const cache = service.newCache();
    await cache.increment('n', 5, { ttl: 10 });
    service.clock.advance(10_000);

    expect(await answerOf(cache.increment('n', -3, { ttl: 20 }))).toEqual(['Success', -3]);
    expect(await answerOf(cache.itemGetTtl('n'))).toEqual(['Hit', 20_000]);
  });

  it('a counter gets the TTL of each call, whether it was there or not', async () => {
    const cache = service.newCache();
    await cache.increment('n', 1, { ttl: 60 });
    service.clock.advance(1_000);

    expect(await answerOf(cache.increment('n', 1, { ttl: 2 }))).toEqual(['Success', 2]);
    service.clock.advance(1_999);
    expect(await answerOf(cache.get('n'))).toEqual(['Hit', '2']);
    service.clock.advance(1);
    expect(await answerOf(cache.get('n'))).toBe('Miss');
  });

  it.each(['text', '', '1.5', '9223372036854775808', '9'.repeat(100_000)])(
    'does not increment %.20j',
    async (value) => {
      const cache = service.newCache();
      await cache.set('n', value);

      expect(await answerOf(cache.increment('n', 1))).toBe(MomentoErrorCode.FAILED_PRECONDITION_ERROR);
      expect(await answerOf(cache.get('n'))).toEqual(['Hit', value]);
    },
  );

  it('does not increment beyond 64 bits', async () => {
    const cache = service.newCache();
    await cache.set('n', '9223372036854775807');

    expect(await answerOf(cache.increment('n', 1))).toBe(MomentoErrorCode.FAILED_PRECONDITION_ERROR);
  });

  it('takes an item up to 4,883 KiB, key included, and names the limit that is exceeded', async () => {
    const cache = service.newCache();
    const largest = 'a'.repeat(4_883 * 1024 - 1);

    // The largest value that the tests of the SDK store.
    expect(await answerOf(cache.set(`js-5mb-key-${randomUUID()}`, 'a'.repeat(5_000_000)))).toBe('Success');

    expect(await answerOf(cache.set('k', largest))).toBe('Success');
    const refused = await cache.set('k', `${largest}a`);
    expect(await answerOf(refused)).toBe(MomentoErrorCode.LIMIT_EXCEEDED_ERROR);
    expect(refused instanceof CacheSet.Error && refused.innerException()).toMatchObject({
      errCause: 'request_size_limit_exceeded',
    });
    expect(String(refused)).toContain('Request size limit exceeded');
  });
});
