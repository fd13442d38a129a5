import {
  type CacheClient,
  CacheDelete,
  CacheGet,
  CacheGetBatch,
  CacheIncrement,
  CacheSet,
  CacheSetBatch,
  MomentoErrorCode,
} from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { CACHE, cacheClientFor, errorCodeOf, nameOf, startMomento, stoppedClock } from './momento.fixture.js';

const MIB = 1024 * 1024;

describe('MomentoLocal, scalars', () => {
  it('gets what was set, as text and as bytes, under text and binary keys', async () => {
    const client = cacheClientFor(await startMomento());

    expect(await client.set(CACHE, 'text', 'café')).toBeInstanceOf(CacheSet.Success);
    await client.set(CACHE, new Uint8Array([0, 255, 1]), new Uint8Array([200, 0]));

    expect((await client.get(CACHE, 'text')).value()).toBe('café');
    expect((await client.get(CACHE, new Uint8Array([0, 255, 1]))).toString()).toContain('Hit');
    expect(await client.get(CACHE, new Uint8Array([0, 255, 2]))).toBeInstanceOf(CacheGet.Miss);
  });

  it('misses what was never set, was deleted, or has expired', async () => {
    const clock = stoppedClock();
    const client = cacheClientFor(await startMomento({ now: clock.now }));
    await client.set(CACHE, 'deleted', 'x');
    await client.set(CACHE, 'expired', 'x', { ttl: 2 });

    expect(await client.get(CACHE, 'never')).toBeInstanceOf(CacheGet.Miss);
    expect(await client.delete(CACHE, 'deleted')).toBeInstanceOf(CacheDelete.Success);
    expect(await client.delete(CACHE, 'never')).toBeInstanceOf(CacheDelete.Success);
    expect(await client.get(CACHE, 'deleted')).toBeInstanceOf(CacheGet.Miss);
    clock.advance(1999);
    expect(await client.get(CACHE, 'expired')).toBeInstanceOf(CacheGet.Hit);
    clock.advance(1);
    expect(await client.get(CACHE, 'expired')).toBeInstanceOf(CacheGet.Miss);
  });

  it('increments from 0, by any integer, and keeps the TTL of a counter that exists', async () => {
    const clock = stoppedClock();
    const client = cacheClientFor(await startMomento({ now: clock.now }));
    const increment = async (amount?: number) => {
      const response = await client.increment(CACHE, 'n', amount, { ttl: 10 });
      return response instanceof CacheIncrement.Success ? response.value() : response.toString();
    };

    expect(await increment()).toBe(1);
    expect(await increment(41)).toBe(42);
    clock.advance(9_000);
    expect(await increment(-50)).toBe(-8);
    clock.advance(1_000);
    expect(await increment(5)).toBe(5);
    expect((await client.get(CACHE, 'n')).value()).toBe('5');
  });

  it.each(['text', '', '1.5', '9223372036854775808'])('refuses to increment %j', async (value) => {
    const client = cacheClientFor(await startMomento());
    await client.set(CACHE, 'n', value);

    expect(await errorCodeOf(client.increment(CACHE, 'n'))).toBe(MomentoErrorCode.FAILED_PRECONDITION_ERROR);
    expect((await client.get(CACHE, 'n')).value()).toBe(value);
  });

  it('refuses a sum beyond 64 bits', async () => {
    const client = cacheClientFor(await startMomento());
    await client.set(CACHE, 'n', '9223372036854775807');

    expect(await errorCodeOf(client.increment(CACHE, 'n'))).toBe(MomentoErrorCode.FAILED_PRECONDITION_ERROR);
  });

  it.each<[string, (client: CacheClient) => Promise<unknown>]>([
    ['get', (client) => client.get(CACHE, '')],
    ['set', (client) => client.set(CACHE, '', 'x')],
    ['delete', (client) => client.delete(CACHE, '')],
    ['increment', (client) => client.increment(CACHE, '')],
    ['setIfAbsent', (client) => client.setIfAbsent(CACHE, '', 'x')],
  ])('refuses an empty key: %s', async (_name, call) => {
    const client = cacheClientFor(await startMomento());

    expect(await errorCodeOf(call(client))).toBe(MomentoErrorCode.INVALID_ARGUMENT_ERROR);
  });

  it.each<[string, (client: CacheClient) => Promise<unknown>]>([
    ['get', (client) => client.get('nope', 'k')],
    ['set', (client) => client.set('nope', 'k', 'x')],
    ['delete', (client) => client.delete('nope', 'k')],
    ['increment', (client) => client.increment('nope', 'k')],
    ['getWithHash', (client) => client.getWithHash('nope', 'k')],
    ['setIfPresent', (client) => client.setIfPresent('nope', 'k', 'x')],
    ['getBatch', (client) => client.getBatch('nope', ['k'])],
    ['setBatch', (client) => client.setBatch('nope', new Map([['k', 'x']]))],
  ])('knows no cache of another name: %s', async (_name, call) => {
    const client = cacheClientFor(await startMomento());

    expect(await errorCodeOf(call(client))).toBe(MomentoErrorCode.CACHE_NOT_FOUND_ERROR);
  });

  it('stores an item of 5 MiB, key included, and refuses one byte more', async () => {
    const client = cacheClientFor(await startMomento());
    const largest = 'a'.repeat(5 * MIB - 1);

    expect(await client.set(CACHE, 'k', largest)).toBeInstanceOf(CacheSet.Success);
    expect((await client.get(CACHE, 'k')).value()).toBe(largest);
    const refused = await client.set(CACHE, 'k', `${largest}a`);

    expect(await errorCodeOf(refused)).toBe(MomentoErrorCode.LIMIT_EXCEEDED_ERROR);
    expect(refused instanceof CacheSet.Error && refused.innerException()).toMatchObject({
      errCause: 'request_size_limit_exceeded',
    });
    expect(String(refused)).toContain('Request size limit exceeded');
  });

  it('answers a batch in the order of the request, item by item', async () => {
    const client = cacheClientFor(await startMomento());
    const entries = new Map([
      ['a', '1'],
      ['', '2'],
      ['c', '3'],
    ]);

    const stored = await client.setBatch(CACHE, entries);
    const got = await client.getBatch(CACHE, ['c', 'b', '', 'a']);

    const setResults = stored instanceof CacheSetBatch.Success ? stored.results() : [];
    const getResults = got instanceof CacheGetBatch.Success ? got.results() : [];
    expect(setResults.map(nameOf)).toEqual(['Success', 'Error', 'Success']);
    expect(getResults.map((result) => result.value() ?? nameOf(result))).toEqual(['3', 'Miss', 'Error', '1']);
    expect(String(getResults[2])).toContain('The key must not be empty');
  });

  it('answers an empty batch with nothing', async () => {
    const client = cacheClientFor(await startMomento());
    const got = await client.getBatch(CACHE, []);

    expect(got instanceof CacheGetBatch.Success && got.results()).toEqual([]);
  });
});
