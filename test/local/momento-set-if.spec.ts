import {
  type CacheClient,
  CacheGetWithHash,
  CacheSetIfAbsentOrHashEqual,
  CacheSetWithHash,
} from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { CACHE, cacheClientFor, nameOf, startMomento } from './momento.fixture.js';

describe('MomentoLocal, setIf', () => {
  const stored = 'Stored';
  const notStored = 'NotStored';

  it.each<[string, (client: CacheClient, key: string) => Promise<unknown>, string, string, string]>([
    // condition, call, when the key holds the same value, another value, nothing
    ['setIfAbsent', (client, key) => client.setIfAbsent(CACHE, key, 'new'), notStored, notStored, stored],
    [
      'setIfNotExists',
      (client, key) => client.setIfNotExists(CACHE, key, 'new'),
      notStored,
      notStored,
      stored,
    ],
    ['setIfPresent', (client, key) => client.setIfPresent(CACHE, key, 'new'), stored, stored, notStored],
    [
      'setIfEqual',
      (client, key) => client.setIfEqual(CACHE, key, 'new', 'same'),
      stored,
      notStored,
      notStored,
    ],
    [
      'setIfNotEqual',
      (client, key) => client.setIfNotEqual(CACHE, key, 'new', 'same'),
      notStored,
      stored,
      stored,
    ],
    [
      'setIfPresentAndNotEqual',
      (client, key) => client.setIfPresentAndNotEqual(CACHE, key, 'new', 'same'),
      notStored,
      stored,
      notStored,
    ],
    [
      'setIfAbsentOrEqual',
      (client, key) => client.setIfAbsentOrEqual(CACHE, key, 'new', 'same'),
      stored,
      notStored,
      stored,
    ],
  ])('%s', async (_name, call, whenSame, whenOther, whenAbsent) => {
    const client = cacheClientFor(await startMomento());
    await client.set(CACHE, 'same', 'same');
    await client.set(CACHE, 'other', 'other');

    const outcomes = { same: whenSame, other: whenOther, absent: whenAbsent };
    for (const [key, expected] of Object.entries(outcomes)) {
      const before = (await client.get(CACHE, key)).value();
      expect([key, nameOf(await call(client, key))]).toEqual([key, expected]);
      expect((await client.get(CACHE, key)).value()).toBe(expected === stored ? 'new' : before);
    }
  });

  it.each<
    [string, (client: CacheClient, key: string, hash: Uint8Array) => Promise<unknown>, string, string, string]
  >([
    [
      'setIfPresentAndHashEqual',
      (client, key, hash) => client.setIfPresentAndHashEqual(CACHE, key, 'new', hash),
      stored,
      notStored,
      notStored,
    ],
    [
      'setIfPresentAndHashNotEqual',
      (client, key, hash) => client.setIfPresentAndHashNotEqual(CACHE, key, 'new', hash),
      notStored,
      stored,
      notStored,
    ],
    [
      'setIfAbsentOrHashEqual',
      (client, key, hash) => client.setIfAbsentOrHashEqual(CACHE, key, 'new', hash),
      stored,
      notStored,
      stored,
    ],
    [
      'setIfAbsentOrHashNotEqual',
      (client, key, hash) => client.setIfAbsentOrHashNotEqual(CACHE, key, 'new', hash),
      notStored,
      stored,
      stored,
    ],
  ])('%s', async (_name, call, whenSame, whenOther, whenAbsent) => {
    const client = cacheClientFor(await startMomento());
    const hash = hashIn(await client.setWithHash(CACHE, 'same', 'same'));
    await client.set(CACHE, 'other', 'other');

    const outcomes = { same: whenSame, other: whenOther, absent: whenAbsent };
    for (const [key, expected] of Object.entries(outcomes)) {
      expect([key, nameOf(await call(client, key, hash))]).toEqual([key, expected]);
    }
  });

  it('tells the hash of what was set, which is that of what is got', async () => {
    const client = cacheClientFor(await startMomento());

    const set = hashIn(await client.setWithHash(CACHE, 'k', 'one'));
    const got = await client.getWithHash(CACHE, 'k');
    const replaced = await client.setIfAbsentOrHashEqual(CACHE, 'k', 'two', set);

    expect(got instanceof CacheGetWithHash.Hit && [got.valueString(), got.hashUint8Array()]).toEqual([
      'one',
      set,
    ]);
    expect(replaced).toBeInstanceOf(CacheSetIfAbsentOrHashEqual.Stored);
    expect(hashIn(replaced)).not.toEqual(set);
    expect(await client.getWithHash(CACHE, 'none')).toBeInstanceOf(CacheGetWithHash.Miss);
  });
});

function hashIn(response: unknown): Uint8Array {
  if (response instanceof CacheSetWithHash.Stored || response instanceof CacheSetIfAbsentOrHashEqual.Stored) {
    return response.hashUint8Array();
  }
  throw new TypeError(`No hash in ${String(response)}`);
}
