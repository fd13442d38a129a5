import { MomentoErrorCode } from '@gomomento/sdk';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { MomentoCacheError } from '../../foundation/momento.errors.js';
import { MomentoBulkLoadError } from '../loaders/loader.errors.js';
import { startCache } from '../load/load.fixture.js';
import { defineCache } from './cache-definition.js';
import { TypedCache, type TypedCacheBulkLoader, type TypedCacheLoader } from './typed-cache.js';

interface User {
  readonly name: string;
}

const users = defineCache<User, number>('users', { key: (id) => `user:${id}` });
const ada: User = { name: 'Ada' };
const grace: User = { name: 'Grace' };

function start() {
  const { cache, store } = startCache();
  return { cache, store, users: new TypedCache(cache, users) };
}

describe('a typed cache', () => {
  it('keeps each value under the key of its id, and nothing else', async () => {
    const { cache, users: typed } = start();
    await typed.set(7, ada);
    expect(await cache.get('user:7')).toEqual(ada);
    expect(await typed.get(7)).toEqual(ada);
    expect([await typed.has(7), await typed.has(8)]).toEqual([true, false]);
    expect(await typed.setIfAbsent(7, grace)).toBe(false);
    expect(await typed.setIfAbsent(8, grace)).toBe(true);
    await typed.delete(7);
    expect(await typed.get(7)).toBeUndefined();
    expect(typed.cacheName).toBe('demo-cache');
  });

  it('passes the options of a call on', async () => {
    const { store, users: typed } = start();
    const set = vi.spyOn(store, 'set');
    const wrong = { staleSeconds: -1 };
    await typed.set(7, ada, { ttlSeconds: ({ name }) => name.length });
    await typed.getOrSet(8, () => ada, { ttlSeconds: 5 });
    const entry = await typed.getOrSetEntry(9, () => ada, { storeIf: ({ name }) => name !== 'Ada' });
    expect(set.mock.calls.map(([{ ttlSeconds }]) => ttlSeconds)).toEqual([3, 5]);
    expect(entry).toMatchObject({ value: ada, source: 'loader' });
    for (const call of [
      () => typed.setMany([[1, ada]], wrong),
      () => typed.setIfAbsent(1, ada, wrong),
      () => typed.getOrSetMany([1], () => [], wrong),
    ])
      await expect(call()).rejects.toThrow('staleSeconds');
  });

  it('loads what is missing, once for all who ask', async () => {
    const { users: typed } = start();
    const load = vi.fn<TypedCacheLoader<User, User>>(async () => ada);
    const both = await Promise.all([typed.getOrSet(7, load), typed.getOrSet(7, load)]);
    expect(both).toEqual([ada, ada]);
    expect(await typed.getOrSetEntry(7, load)).toMatchObject({ value: ada, source: 'cache' });
    expect(load).toHaveBeenCalledTimes(1);
    expect(load).toHaveBeenCalledWith(expect.objectContaining({ key: 'user:7' }));
    expect(await typed.getOrSet(8, () => undefined)).toBeUndefined();
  });

  it('reads, writes and deletes many by their ids', async () => {
    const { cache, users: typed } = start();
    await typed.setMany(
      new Map([
        [1, ada],
        [2, grace],
      ]),
    );
    expect([...(await typed.getMany([2, 3, 1, 2]))]).toEqual([
      [2, grace],
      [1, ada],
    ]);
    await typed.deleteMany([1, 2]);
    expect(await cache.getMany(['user:1', 'user:2'])).toEqual(new Map());
  });

  it('evicts one id, or many', async () => {
    const { users: typed } = start();
    await typed.setMany([1, 2, 3].map((id) => [id, ada]));
    await typed.evict(1);
    await typed.evict([2]);
    expect([...(await typed.getMany([1, 2, 3])).keys()]).toEqual([3]);
  });

  it('evicts ids that are arrays, in a list', async () => {
    const { cache } = startCache();
    const pairs = new TypedCache(
      cache,
      defineCache<User, readonly [string, number]>('pairs', { key: ([org, id]) => `${org}:${id}` }),
    );
    await pairs.set(['a', 1], ada);
    await pairs.evict([['a', 1]]);
    expect(await pairs.get(['a', 1])).toBeUndefined();
  });

  it('loads many with one call, for the ids that are missing', async () => {
    const { users: typed } = start();
    await typed.set(1, ada);
    const load = vi.fn<TypedCacheBulkLoader<number, User, User>>(async (ids) =>
      ids.filter((id) => id !== 4).map((id) => [id, { name: `${id}` }] as const),
    );
    expect([...(await typed.getOrSetMany([3, 1, 4, 3], load))]).toEqual([
      [3, { name: '3' }],
      [1, ada],
    ]);
    expect(load.mock.calls.map(([ids]) => ids)).toEqual([[3, 4]]);
    expect(await typed.get(3)).toEqual({ name: '3' });
  });

  it('tells by id what was found when a load of many fails', async () => {
    const { users: typed } = start();
    await typed.set(1, ada);
    const cause = new Error('no database');
    const failure: unknown = await typed
      .getOrSetMany([1, 2, 3], () => Promise.reject(cause))
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MomentoBulkLoadError);
    expect(failure).toMatchObject({ failed: 2, cause, found: new Map([[1, ada]]) });
  });

  it('gives one value to ids that have the same key', async () => {
    const { cache } = startCache();
    const byMail = defineCache<User>('mails', { key: (mail) => mail.toLowerCase() });
    const typed = new TypedCache(cache, byMail);
    const load = vi.fn<TypedCacheBulkLoader<string, User, User>>((ids) =>
      ids.map((id) => [id, { name: id }] as const),
    );
    expect(await typed.getOrSetMany(['A@x', 'a@x'], load)).toEqual(
      new Map([
        ['A@x', { name: 'a@x' }],
        ['a@x', { name: 'a@x' }],
      ]),
    );
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('rejects, and never throws, when a key cannot be made', async () => {
    const { cache } = startCache();
    const broken = defineCache<User>('broken', {
      key: (id) => {
        if (id === '') return '';
        throw new RangeError('no such id');
      },
    });
    const typed = new TypedCache(cache, broken);
    const calls = (id: string) => [
      () => typed.get(id),
      () => typed.set(id, ada),
      () => typed.delete(id),
      () => typed.has(id),
      () => typed.evict(id),
      () => typed.getMany([id]),
      () => typed.setMany([[id, ada]]),
      () => typed.deleteMany([id]),
      () => typed.setIfAbsent(id, ada),
      () => typed.getOrSet(id, () => ada),
      () => typed.getOrSetEntry(id, () => ada),
      () => typed.getOrSetMany([id], () => []),
    ];
    for (const call of calls('x')) await expect(call()).rejects.toThrow(RangeError);
    for (const call of calls('')) {
      const failure: unknown = await call().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(MomentoCacheError);
      expect(failure).toMatchObject({ code: MomentoErrorCode.INVALID_ARGUMENT_ERROR });
    }
  });

  it('is the same as its cache, whatever ids and keys there are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.string({ unit: 'binary' })), fc.nat(), async (ids, missing) => {
        const { cache } = startCache();
        const typed = new TypedCache(cache, defineCache<string>('any', { key: (id) => `k${id}` }));
        const stored = ids.slice(missing % (ids.length + 1));
        await cache.setMany(stored.map((id) => [`k${id}`, id]));
        expect(await typed.getMany(ids)).toEqual(new Map(stored.map((id) => [id, id])));
        const all = await typed.getOrSetMany(ids, (wanted) => wanted.map((id) => [id, id]));
        expect([...all]).toEqual(ids.map((id) => [id, id]));
      }),
      { numRuns: 30 },
    );
  });
});
