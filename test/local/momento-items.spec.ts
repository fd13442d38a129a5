import {
  CacheItemGetTtl,
  CacheItemGetType,
  CacheKeysExist,
  ItemType,
  MomentoErrorCode,
} from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { CACHE, cacheClientFor, errorCodeOf, nameOf, startMomento, stoppedClock } from './momento.fixture.js';

describe('MomentoLocal, items of any type', () => {
  it('tells which keys exist, in the order of the request', async () => {
    const client = cacheClientFor(await startMomento());
    await client.set(CACHE, 'a', '1');
    await client.set(CACHE, 'c', '3');

    const several = await client.keysExist(CACHE, ['c', 'b', 'a']);

    expect(several instanceof CacheKeysExist.Success && several.exists()).toEqual([true, false, true]);
    expect(String(await client.keyExists(CACHE, 'a'))).toContain('true');
    expect(String(await client.keyExists(CACHE, 'b'))).toContain('false');
  });

  it('tells the type of an item', async () => {
    const client = cacheClientFor(await startMomento());
    await client.set(CACHE, 'a', '1');

    const found = await client.itemGetType(CACHE, 'a');

    expect(found instanceof CacheItemGetType.Hit && found.itemType()).toBe(ItemType.SCALAR);
    expect(nameOf(await client.itemGetType(CACHE, 'b'))).toBe('Miss');
  });

  it('tells the milliseconds an item has left', async () => {
    const clock = stoppedClock();
    const client = cacheClientFor(await startMomento({ now: clock.now }));
    await client.set(CACHE, 'a', '1', { ttl: 10 });
    clock.advance(1);

    const found = await client.itemGetTtl(CACHE, 'a');

    expect(found instanceof CacheItemGetTtl.Hit && found.remainingTtlMillis()).toBe(9_999);
    expect(nameOf(await client.itemGetTtl(CACHE, 'b'))).toBe('Miss');
  });

  it.each([
    // call, TTL to set where 10 s are left, outcome, milliseconds left afterwards
    ['updateTtl', 20_000, 'Set', 20_000],
    ['updateTtl', 5_000, 'Set', 5_000],
    ['increaseTtl', 20_000, 'Set', 20_000],
    ['increaseTtl', 10_000, 'NotSet', 10_000],
    ['increaseTtl', 5_000, 'NotSet', 10_000],
    ['decreaseTtl', 5_000, 'Set', 5_000],
    ['decreaseTtl', 10_000, 'NotSet', 10_000],
    ['decreaseTtl', 20_000, 'NotSet', 10_000],
  ] as const)('%s to %d ms: %s', async (call, ttlMilliseconds, outcome, expectedMilliseconds) => {
    const clock = stoppedClock();
    const client = cacheClientFor(await startMomento({ now: clock.now }));
    await client.set(CACHE, 'a', '1', { ttl: 15 });
    clock.advance(5_000);

    expect(nameOf(await client[call](CACHE, 'a', ttlMilliseconds))).toBe(outcome);

    const left = await client.itemGetTtl(CACHE, 'a');
    expect(left instanceof CacheItemGetTtl.Hit && left.remainingTtlMillis()).toBe(expectedMilliseconds);
    expect(nameOf(await client[call](CACHE, 'missing', ttlMilliseconds))).toBe('Miss');
  });

  it.each(['keysExist', 'itemGetType', 'itemGetTtl'] as const)(
    'knows no cache of another name: %s',
    async (call) => {
      const client = cacheClientFor(await startMomento());
      const answer = call === 'keysExist' ? client.keysExist('nope', ['a']) : client[call]('nope', 'a');

      expect(await errorCodeOf(answer)).toBe(MomentoErrorCode.CACHE_NOT_FOUND_ERROR);
    },
  );
});
