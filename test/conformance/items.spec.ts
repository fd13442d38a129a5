import { CollectionTtl, ItemType, MomentoErrorCode } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { type Cache, answerOf, useService } from './conformance.fixture.js';

const service = useService();

const ttl = CollectionTtl.of(15);

/** An item of each type, with a TTL of 15 s. */
const ITEMS: readonly (readonly [type: ItemType, give: (cache: Cache) => Promise<unknown>])[] = [
  [ItemType.SCALAR, (cache) => cache.set('key', 'v', { ttl: 15 })],
  [ItemType.DICTIONARY, (cache) => cache.dictionarySetField('key', 'f', 'v', { ttl })],
  [ItemType.LIST, (cache) => cache.listPushBack('key', 'v', { ttl })],
  [ItemType.SET, (cache) => cache.setAddElement('key', 'v', { ttl })],
  [ItemType.SORTED_SET, (cache) => cache.sortedSetPutElement('key', 'v', 1, { ttl })],
];

describe.each(ITEMS)('An item of type %s', (type, give) => {
  const given = async () => {
    const cache = service.newCache();
    await give(cache);
    service.clock.advance(5_000);
    return cache;
  };

  it('exists, has a type, and has a TTL in milliseconds', async () => {
    const cache = await given();

    expect(await answerOf(cache.keyExists('key'))).toEqual(['Success', true]);
    expect(await answerOf(cache.itemGetType('key'))).toEqual(['Hit', type]);
    expect(await answerOf(cache.itemGetTtl('key'))).toEqual(['Hit', 10_000]);
  });

  it.each([
    // call, TTL to set where 10 s are left, answer, milliseconds left afterwards
    ['updateTtl', 20_000, 'Set', 20_000],
    ['updateTtl', 5_000, 'Set', 5_000],
    ['increaseTtl', 20_000, 'Set', 20_000],
    ['increaseTtl', 10_000, 'NotSet', 10_000],
    ['increaseTtl', 5_000, 'NotSet', 10_000],
    ['decreaseTtl', 5_000, 'Set', 5_000],
    ['decreaseTtl', 10_000, 'NotSet', 10_000],
    ['decreaseTtl', 20_000, 'NotSet', 10_000],
  ] as const)('%s to %d ms: %s', async (call, ttlMilliseconds, answer, leftMilliseconds) => {
    const cache = await given();

    expect(await answerOf(cache[call]('key', ttlMilliseconds))).toBe(answer);
    expect(await answerOf(cache.itemGetTtl('key'))).toEqual(['Hit', leftMilliseconds]);
  });

  it('is gone when its TTL is over, or it is deleted', async () => {
    const [expired, deleted] = [await given(), await given()];
    await deleted.delete('key');
    service.clock.advance(10_000);

    expect(await answerOf(expired.keyExists('key'))).toEqual(['Success', false]);
    expect(await answerOf(deleted.keyExists('key'))).toEqual(['Success', false]);
  });
});

describe('Items', () => {
  it('that are not there are missed by every call', async () => {
    const cache = service.newCache();

    expect(await answerOf(cache.itemGetType('key'))).toBe('Miss');
    expect(await answerOf(cache.itemGetTtl('key'))).toBe('Miss');
    expect(await answerOf(cache.updateTtl('key', 1))).toBe('Miss');
    expect(await answerOf(cache.increaseTtl('key', 1))).toBe('Miss');
    expect(await answerOf(cache.decreaseTtl('key', 1))).toBe('Miss');
  });

  it('are looked for several at a time, in the order of the request', async () => {
    const cache = service.newCache();
    await cache.setBatch({ a: '1', c: '3' });

    expect(await answerOf(cache.keysExist(['c', 'b', 'a']))).toEqual(['Success', [true, false, true]]);
    expect(await answerOf(cache.keysExist([]))).toEqual(['Success', []]);
  });

  it.each<[string, (cache: Cache, key: string) => Promise<unknown>]>([
    ['keyExists', (cache, key) => cache.keyExists(key)],
    ['keysExist', (cache, key) => cache.keysExist([key])],
    ['itemGetType', (cache, key) => cache.itemGetType(key)],
    ['itemGetTtl', (cache, key) => cache.itemGetTtl(key)],
    ['updateTtl', (cache, key) => cache.updateTtl(key, 1)],
    ['increaseTtl', (cache, key) => cache.increaseTtl(key, 1)],
    ['decreaseTtl', (cache, key) => cache.decreaseTtl(key, 1)],
  ])('%s without a cache, without a key', async (_call, run) => {
    expect(await answerOf(run(service.missingCache(), 'key'))).toBe(MomentoErrorCode.CACHE_NOT_FOUND_ERROR);
    expect(await answerOf(run(service.newCache(), ''))).toBe(MomentoErrorCode.INVALID_ARGUMENT_ERROR);
  });

  it.each(['updateTtl', 'increaseTtl', 'decreaseTtl'] as const)('%s refuses a negative TTL', async (call) => {
    expect(await answerOf(service.newCache()[call]('key', -1))).toBe(MomentoErrorCode.INVALID_ARGUMENT_ERROR);
  });
});
