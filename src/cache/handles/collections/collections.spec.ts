import { CollectionTtl, MomentoErrorCode } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { Canary, everythingOf } from '../../../../test/support/canary.js';
import { makeV1Key } from '../../../../test/support/keys.js';
import { useService } from '../../../../test/conformance/conformance.fixture.js';
import { MomentoCacheError } from '../../../foundation/momento.errors.js';
import { contextOf, errorOf, newContext } from '../handles.fixture.js';
import type { CollectionWriteOptions } from './collection.js';
import { CacheCollections } from './collections.js';

const service = useService();

/** Every method, by the name that it has in errors, on a collection of this name. */
const calls: Record<string, (collections: CacheCollections, name: string) => Promise<unknown>> = {
  'dictionary.get': (of, name) => of.dictionary(name).get('a'),
  'dictionary.getMany': (of, name) => of.dictionary(name).getMany(['a']),
  'dictionary.getAll': (of, name) => of.dictionary(name).getAll(),
  'dictionary.set': (of, name) => of.dictionary(name).set('a', 1),
  'dictionary.setMany': (of, name) => of.dictionary(name).setMany([['a', 1]]),
  'dictionary.delete': (of, name) => of.dictionary(name).delete('a'),
  'dictionary.increment': (of, name) => of.dictionary(name).increment('a'),
  'dictionary.size': (of, name) => of.dictionary(name).size(),
  'dictionary.clear': (of, name) => of.dictionary(name).clear(),
  'list.push': (of, name) => of.list(name).push(1),
  'list.unshift': (of, name) => of.list(name).unshift(1),
  'list.pop': (of, name) => of.list(name).pop(),
  'list.shift': (of, name) => of.list(name).shift(),
  'list.range': (of, name) => of.list(name).range(),
  'list.length': (of, name) => of.list(name).length(),
  'list.removeValue': (of, name) => of.list(name).removeValue(1),
  'list.clear': (of, name) => of.list(name).clear(),
  'set.add': (of, name) => of.set(name).add('a'),
  'set.has': (of, name) => of.set(name).has('a'),
  'set.remove': (of, name) => of.set(name).remove('a'),
  'set.values': (of, name) => of.set(name).values(),
  'set.size': (of, name) => of.set(name).size(),
  'set.clear': (of, name) => of.set(name).clear(),
  'sortedSet.add': (of, name) => of.sortedSet(name).add('a', 1),
  'sortedSet.addMany': (of, name) => of.sortedSet(name).addMany([['a', 1]]),
  'sortedSet.score': (of, name) => of.sortedSet(name).score('a'),
  'sortedSet.rank': (of, name) => of.sortedSet(name).rank('a'),
  'sortedSet.byRank': (of, name) => of.sortedSet(name).byRank(),
  'sortedSet.byScore': (of, name) => of.sortedSet(name).byScore(),
  'sortedSet.increment': (of, name) => of.sortedSet(name).increment('a'),
  'sortedSet.remove': (of, name) => of.sortedSet(name).remove('a'),
  'sortedSet.size': (of, name) => of.sortedSet(name).size(),
  'sortedSet.clear': (of, name) => of.sortedSet(name).clear(),
};

const writes: Record<
  string,
  (of: CacheCollections, name: string, options?: CollectionWriteOptions) => Promise<unknown>
> = {
  'dictionary.set': (of, name, options) => of.dictionary(name).set('a', 1, options),
  'dictionary.setMany': (of, name, options) => of.dictionary(name).setMany([['a', 1]], options),
  'dictionary.increment': (of, name, options) => of.dictionary(name).increment('a', 1, options),
  'list.push': (of, name, options) => of.list(name).push(1, options),
  'list.unshift': (of, name, options) => of.list(name).unshift(1, options),
  'set.add': (of, name, options) => of.set(name).add('a', options),
  'sortedSet.add': (of, name, options) => of.sortedSet(name).add('a', 1, options),
  'sortedSet.addMany': (of, name, options) => of.sortedSet(name).addMany([['a', 1]], options),
  'sortedSet.increment': (of, name, options) => of.sortedSet(name).increment('a', 1, options),
};

describe.each(Object.entries(calls))('%s', (operation, call) => {
  it('tells that the cache is missing, and what to do, with no key in it', async () => {
    const name = `mine ${makeV1Key()}`;
    const error = await errorOf(call(new CacheCollections(contextOf(service.client, 'no-such-cache')), name));
    expect(error).toBeInstanceOf(MomentoCacheError);
    expect(error).toMatchObject({
      code: MomentoErrorCode.CACHE_NOT_FOUND_ERROR,
      operation: { name: operation, cacheName: 'no-such-cache', target: 'mine [REDACTED]' },
      message: expect.stringContaining(`${operation} 'mine [REDACTED]' in cache 'no-such-cache' failed`),
      advice: expect.stringContaining('createCaches'),
    });
    expect(new Canary(name.slice(5)).findIn(everythingOf(error))).toBeUndefined();
  });

  it('tells that something else is stored there', async () => {
    // A delete does not ask what there is.
    if (operation.endsWith('.clear')) return;
    const context = newContext(service);
    await service.client.set(context.cacheName, 'mine', 'a scalar');
    await expect(call(new CacheCollections(context), 'mine')).rejects.toMatchObject({
      constructor: MomentoCacheError,
      code: MomentoErrorCode.FAILED_PRECONDITION_ERROR,
      advice: expect.stringContaining('type'),
    });
  });

  it('stands under the cache’s prefix', async () => {
    const context = newContext(service, { keyPrefix: 'p:' });
    await call(new CacheCollections(context), '__proto__\n');
    expect(service.momento.requests.at(-1)?.key).toBe('p:__proto__\n');
  });

  it.each([[''], [undefined as unknown as string], ['\ud800']])('refuses the name %j', async (name) => {
    const error = await errorOf((async () => call(new CacheCollections(newContext(service)), name))());
    expect(error).toBeInstanceOf(MomentoCacheError);
    expect(error).toMatchObject({ code: MomentoErrorCode.INVALID_ARGUMENT_ERROR });
  });
});

describe.each(Object.entries(writes))('the TTL of %s', (_operation, write) => {
  const remainingMs = async (cacheName: string) => {
    const answer = await service.client.itemGetTtl(cacheName, 'mine');
    return 'remainingTtlMillis' in answer ? answer.remainingTtlMillis() : undefined;
  };

  it('is the call’s, else the cache’s, else the client’s', async () => {
    const context = newContext(service);
    const collections = new CacheCollections(context);
    await write(collections, 'mine', { ttlSeconds: 89.1 });
    expect(await remainingMs(context.cacheName)).toBe(90_000);
    await write(new CacheCollections({ ...context, ttlSeconds: 70.5 }), 'mine');
    expect(await remainingMs(context.cacheName)).toBe(71_000);
    await write(collections, 'mine');
    expect(await remainingMs(context.cacheName)).toBe(60_000);
  });

  it('begins anew with each write, unless it is not to', async () => {
    const context = newContext(service);
    const collections = new CacheCollections(context);
    await write(collections, 'mine', { ttlSeconds: 90, refreshTtl: false });
    service.clock.advance(30_000);
    await write(collections, 'mine', { ttlSeconds: 90, refreshTtl: false });
    expect(await remainingMs(context.cacheName)).toBe(60_000);
    await write(collections, 'mine', { ttlSeconds: 90 });
    expect(await remainingMs(context.cacheName)).toBe(90_000);
  });

  it.each([[0], [-1], [Number.NaN], ['60' as unknown as number]])('is not %j', async (ttlSeconds) => {
    const before = service.momento.requestCount();
    await expect(
      write(new CacheCollections(newContext(service)), 'mine', { ttlSeconds }),
    ).rejects.toMatchObject({
      code: MomentoErrorCode.INVALID_ARGUMENT_ERROR,
      message: expect.stringContaining('ttlSeconds'),
    });
    expect(service.momento.requestCount()).toBe(before);
  });
});

it('collections are read by any other client under the same key', async () => {
  const context = newContext(service);
  await service.client.dictionarySetField(context.cacheName, 'mine', 'a', '{"b":1}', {
    ttl: CollectionTtl.of(60),
  });
  expect(await new CacheCollections(context).dictionary('mine').get('a')).toEqual({ b: 1 });
});
