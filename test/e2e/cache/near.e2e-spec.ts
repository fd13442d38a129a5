import { CacheService, MomentoModule, type MomentoModuleOptions } from 'nestjs-momento';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);
const logs = captureLogs();
const patient = { timeout: 10_000, interval: 20 };

const startCache = async (more: MomentoModuleOptions) =>
  (await start(MomentoModule.forRoot(options(more)))).get(CacheService);
const requests = () => servers.momento.requestCount();
const reads = () => servers.momento.requestCount('get') + servers.momento.requestCount('get-batch');
const subscriptions = () => servers.momento.stats().subscriptions;

/** Asks until the value comes from this process: so long nothing is kept after a change, and before changes are heard. */
const untilNear = (cache: CacheService, key: string) =>
  vi.waitFor(async () => {
    const { source, value } = await cache.getOrSetEntry(key, () => 'loaded');
    expect(source).toBe('near');
    return value;
  }, patient);

describe('a near cache', () => {
  it('answers from this process what it has read or loaded, for whatever reads it', async () => {
    const cache = await startCache({ cache: { nearCache: { maxItems: 10 } } });
    const user = { name: 'Ada', tags: ['a'] };
    expect(await cache.getOrSet('user', () => user)).toEqual(user);
    const before = requests();
    const near = await cache.getOrSet('user', () => ({ ...user, name: 'not called' }));
    expect(near).toEqual(user);
    expect(await cache.get('user')).toBe(near);
    expect((await cache.getMany(['user'])).get('user')).toBe(near);
    const many = await cache.getOrSetMany(['user'], () => []);
    expect(many.get('user')).toBe(near);
    expect(await cache.getOrSetEntry('user', () => user)).toMatchObject({ value: near, source: 'near' });
    expect([Object.isFrozen(near), Object.isFrozen(near.tags)]).toEqual([true, true]);
    expect(requests()).toBe(before);
    expect(await cache.has('user')).toBe(true);
    expect(requests()).toBe(before + 1);
    expect(cache.stats()).toMatchObject({ nearHits: 5, misses: 1, nearItems: 1 });
    expect(cache.stats().nearBytes).toBeGreaterThan(20);
  });

  it('reads its own writes, whatever handle made them', async () => {
    const cache = await startCache({ cache: { nearCache: {} } });
    const other = cache.cache('demo-cache', { nearCache: false });
    await cache.getOrSet('key', () => 1);
    await other.set('key', 2);
    expect(await cache.get('key')).toBe(2);
    await cache.increment('number');
    expect([await cache.get('number'), await cache.increment('number')]).toEqual([1, 2]);
    expect(await cache.get('number')).toBe(2);
    await cache.delete('key');
    expect(await cache.get('key')).toBeUndefined();
    await cache.getOrSet('tagged', () => 'old', { tags: ['t'] });
    await cache.invalidateTags('t');
    expect(await cache.getOrSet('tagged', () => 'new', { tags: ['t'] })).toBe('new');
  });

  it('is over with the connection: what was kept is refused as any later call', async () => {
    const app = await start(MomentoModule.forRoot(options({ cache: { nearCache: {} } })));
    const cache = app.get(CacheService);
    await cache.set('key', 'value');
    await cache.getOrSet('other', () => 'value');
    await cache.get('other');
    expect(cache.stats().nearItems).toBe(1);
    await app.close();
    expect(cache.stats().nearItems).toBe(0);
    await expect(cache.get('other')).rejects.toMatchObject({ code: 'connection-closed' });
    expect(await cache.getOrSet('other', () => 'loaded')).toBe('loaded');
    await expect(cache.get('other')).rejects.toMatchObject({ code: 'connection-closed' });
  });

  it('is none of a handle that does not want it', async () => {
    const cache = await startCache({ cache: { nearCache: {} } });
    const plain = cache.cache('demo-cache', { nearCache: false });
    await plain.getOrSet('key', () => 1);
    const before = reads();
    await plain.get('key');
    await plain.getOrSet('key', () => 2);
    expect(reads()).toBe(before + 2);
  });

  it('keeps what was not found as well, for as long as that is remembered', async () => {
    const cache = await startCache({ cache: { nearCache: {}, notFoundSeconds: 60 } });
    let loads = 0;
    const load = () => {
      loads += 1;
      return undefined;
    };
    await cache.getOrSet('nobody', load);
    const before = requests();
    expect(await cache.getOrSetEntry('nobody', load)).toMatchObject({ value: undefined, source: 'near' });
    expect((await cache.getOrSetMany(['nobody'], () => [['nobody', 1]])).size).toBe(0);
    expect([loads, requests()]).toEqual([1, before]);
  });
});

describe('near caches of several processes', () => {
  const near = { cache: { nearCache: { invalidation: 'topic' as const } } };

  it('drop what another one changes: keys, many of them, and tags', async () => {
    const [one, two] = [await startCache(near), await startCache(near)];
    await one.setMany([
      ['a', 'old'],
      ['b', 'old'],
    ]);
    await two.getOrSet('c', () => 'old', { tags: ['t'] });
    for (const key of ['a', 'b', 'c']) await untilNear(one, key);
    await untilNear(two, 'a');
    await two.setMany([
      ['a', 'new'],
      ['b', 'new'],
    ]);
    await two.invalidateTags('t');
    await vi.waitFor(async () => {
      expect([await one.get('a'), await one.get('b'), await one.get('c')]).toEqual(['new', 'new', undefined]);
    }, patient);
    expect(servers.momento.requestCount('topic-publish')).toBeLessThan(10);
    expect(subscriptions()).toBe(2);
  });

  it('keep nothing that came before a lost stream', async () => {
    const [one, two] = [await startCache(near), await startCache(near)];
    await two.set('key', 'old');
    await untilNear(one, 'key');
    servers.momento.faults.fail('topic-subscribe', 'UNAVAILABLE');
    servers.momento.faults.cut('topic-subscribe');
    await vi.waitFor(() => expect(subscriptions()).toBe(0), patient);
    await two.set('key', 'new');
    expect(await one.get('key')).toBe('new');
    servers.momento.faults.clear();
    await vi.waitFor(() => expect(subscriptions()).toBe(2), patient);
    expect(await untilNear(one, 'key')).toBe('new');
  });

  it('go on with a key that may not use topics, say so once, and hear when it may', async () => {
    const cache = await startCache(near);
    logs.start();
    servers.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED', { times: Infinity });
    servers.momento.faults.fail('topic-publish', 'PERMISSION_DENIED', { times: Infinity });
    await cache.set('key', 1);
    expect(await cache.getOrSet('key', () => 2)).toBe(1);
    await vi.waitFor(() => {
      expect(logs.lines.filter((line) => line.includes('near cache'))).toHaveLength(1);
      expect(logs.lines.filter((line) => line.includes('Near caches of other'))).toHaveLength(1);
    }, patient);
    servers.momento.faults.clear();
    await vi.waitFor(() => expect(subscriptions()).toBe(1), patient);
  });

  it('tell the others at the end of the app what is still to be told', async () => {
    const two = await startCache(near);
    const app = await start(MomentoModule.forRoot(options(near)));
    const one = app.get(CacheService);
    await one.set('key', 'old');
    await untilNear(two, 'key');
    await one.set('other', 1);
    await one.set('key', 'new');
    await app.close();
    await vi.waitFor(async () => expect(await two.get('key')).toBe('new'), patient);
  });
});
