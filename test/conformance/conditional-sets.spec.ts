import {
  CacheGetWithHash,
  CacheSetIfAbsentOrHashEqual,
  CacheSetWithHash,
  MomentoErrorCode,
} from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { type Cache, answerOf, useService } from './conformance.fixture.js';

const service = useService();

type Call = (cache: Cache, key: string, hash: Uint8Array) => Promise<unknown>;

const TTL = { ttl: 50 };
const STORED = 'Stored';
const NOT_STORED = 'NotStored';

/** Each call compares with 'same' or its hash, and sets 'new'. */
const CALLS: readonly (readonly [name: string, run: Call, same: string, other: string, absent: string])[] = [
  // name, call, when the key holds the same value, another value, nothing
  ['setIfAbsent', (cache, key) => cache.setIfAbsent(key, 'new', TTL), NOT_STORED, NOT_STORED, STORED],
  ['setIfNotExists', (cache, key) => cache.setIfNotExists(key, 'new', TTL), NOT_STORED, NOT_STORED, STORED],
  ['setIfPresent', (cache, key) => cache.setIfPresent(key, 'new', TTL), STORED, STORED, NOT_STORED],
  ['setIfEqual', (cache, key) => cache.setIfEqual(key, 'new', 'same', TTL), STORED, NOT_STORED, NOT_STORED],
  ['setIfNotEqual', (cache, key) => cache.setIfNotEqual(key, 'new', 'same', TTL), NOT_STORED, STORED, STORED],
  [
    'setIfPresentAndNotEqual',
    (cache, key) => cache.setIfPresentAndNotEqual(key, 'new', 'same', TTL),
    NOT_STORED,
    STORED,
    NOT_STORED,
  ],
  [
    'setIfAbsentOrEqual',
    (cache, key) => cache.setIfAbsentOrEqual(key, 'new', 'same', TTL),
    STORED,
    NOT_STORED,
    STORED,
  ],
  [
    'setIfPresentAndHashEqual',
    (cache, key, hash) => cache.setIfPresentAndHashEqual(key, 'new', hash, TTL),
    STORED,
    NOT_STORED,
    NOT_STORED,
  ],
  [
    'setIfPresentAndHashNotEqual',
    (cache, key, hash) => cache.setIfPresentAndHashNotEqual(key, 'new', hash, TTL),
    NOT_STORED,
    STORED,
    NOT_STORED,
  ],
  [
    'setIfAbsentOrHashEqual',
    (cache, key, hash) => cache.setIfAbsentOrHashEqual(key, 'new', hash, TTL),
    STORED,
    NOT_STORED,
    STORED,
  ],
  [
    'setIfAbsentOrHashNotEqual',
    (cache, key, hash) => cache.setIfAbsentOrHashNotEqual(key, 'new', hash, TTL),
    NOT_STORED,
    STORED,
    STORED,
  ],
];

describe.each(CALLS)('%s', (_name, run, whenSame, whenOther, whenAbsent) => {
  it.each([
    ['the same value', 'same', whenSame],
    ['another value', 'other', whenOther],
    ['nothing', undefined, whenAbsent],
  ])('on %s', async (_what, value, expected) => {
    const cache = service.newCache();
    const hash = hashIn(await cache.setWithHash('reference', 'same'));
    if (value !== undefined) {
      await cache.set('key', value, { ttl: 100 });
    }
    const before = [await answerOf(cache.get('key')), await answerOf(cache.itemGetTtl('key'))];

    expect(await answerOf(run(cache, 'key', hash))).toBe(expected);

    const after = [await answerOf(cache.get('key')), await answerOf(cache.itemGetTtl('key'))];
    expect(after).toEqual(
      expected === STORED
        ? [
            ['Hit', 'new'],
            ['Hit', 50_000],
          ]
        : before,
    );
  });

  it('on another type, without a key, without a cache', async () => {
    const cache = service.newCache();
    const hash = hashIn(await cache.setWithHash('reference', 'same'));
    await cache.listPushBack('list', 'x');

    expect(await answerOf(run(cache, 'list', hash))).toBe(MomentoErrorCode.FAILED_PRECONDITION_ERROR);
    expect(await answerOf(run(cache, '', hash))).toBe(MomentoErrorCode.INVALID_ARGUMENT_ERROR);
    expect(await answerOf(run(service.missingCache(), 'key', hash))).toBe(
      MomentoErrorCode.CACHE_NOT_FOUND_ERROR,
    );
  });
});

describe('Hashes', () => {
  it('of what was set is that of what is got, and changes with the value', async () => {
    const cache = service.newCache();
    const set = hashIn(await cache.setWithHash('k', 'one'));
    const got = hashIn(await cache.getWithHash('k'));
    const replaced = hashIn(await cache.setIfAbsentOrHashEqual('k', 'two', set));

    expect(got).toEqual(set);
    expect(replaced).not.toEqual(set);
    expect(hashIn(await cache.setWithHash('other', 'two'))).toEqual(replaced);
  });
});

function hashIn(response: unknown): Uint8Array {
  if (
    response instanceof CacheSetWithHash.Stored ||
    response instanceof CacheGetWithHash.Hit ||
    response instanceof CacheSetIfAbsentOrHashEqual.Stored
  ) {
    return response.hashUint8Array();
  }
  throw new TypeError(`No hash in ${String(response)}`);
}
