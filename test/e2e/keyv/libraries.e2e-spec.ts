import { CACHE_MANAGER, CacheModule } from '@nestjs/cache-manager';
import { type Cache, createCache } from 'cache-manager';
import { Cacheable } from 'cacheable';
import { Keyv } from 'keyv';
import { CacheService, MomentoModule } from 'nestjs-momento';
import { KeyvMomento } from 'nestjs-momento/keyv';
import { describe, expect, it } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { countRequests } from './requests.fixture.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);

async function startCache() {
  const app = await start(MomentoModule.forRoot(options()));
  return app.get(CacheService);
}

/** What the text says of its end, in milliseconds from now. */
const leftMs = (expires: number | undefined) => (expires ?? 0) - Date.now();

async function expectCacheManager(cache: Cache): Promise<void> {
  expect(await cache.get('key')).toBeUndefined();
  await cache.set('key', { id: 1 }, 5_000);
  expect(await cache.get('key')).toEqual({ id: 1 });
  expect(leftMs(await cache.ttl('key'))).toBeGreaterThan(4_000);
  expect(leftMs(await cache.ttl('key'))).toBeLessThanOrEqual(5_000);
  await cache.mset([
    { key: 'a', value: 1, ttl: 5_000 },
    { key: 'b', value: 2 },
  ]);
  expect(await cache.mget(['a', 'none', 'b'])).toEqual([1, undefined, 2]);
  expect(leftMs(await cache.ttl('b'))).toBeGreaterThan(50_000);
  let loads = 0;
  const load = async () => ++loads;
  expect([await cache.wrap('wrapped', load), await cache.wrap('wrapped', load)]).toEqual([1, 1]);
  await cache.del('key');
  await cache.mdel(['a', 'b']);
  expect(await cache.mget(['key', 'a', 'b'])).toEqual([undefined, undefined, undefined]);
  await cache.clear();
  expect(await cache.get('wrapped')).toBeUndefined();
  await cache.set('after', 1);
  await cache.disconnect();
  expect(await cache.get('after')).toBe(1);
}

describe('cache-manager 7 on Momento', () => {
  it('reads, writes and expires', async () => {
    const store = new KeyvMomento(await startCache());
    await expectCacheManager(createCache({ stores: [new Keyv({ store })], ttl: 60_000 }));
  });

  it('goes on without it, and reads and writes of one tick are one request each', async () => {
    const store = new KeyvMomento(await startCache());
    const cache = createCache({ stores: [new Keyv({ store })], ttl: 60_000 });
    await cache.get('first');
    const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);
    const read = () => Promise.all(keys.map((key) => cache.get(key)));
    expect(await countRequests(servers.momento, read)).toEqual({ 'get-batch': 1 });
    expect(await countRequests(servers.momento, () => cache.mdel(keys))).toEqual({
      'get-batch': 1,
      delete: 50,
    });
    for (const rpc of ['get', 'get-batch', 'set'] as const)
      servers.momento.faults.fail(rpc, 'RESOURCE_EXHAUSTED');
    expect(await cache.wrap('key', async () => 'loaded')).toBe('loaded');
    expect(await cache.mget(['key', 'other'])).toEqual([undefined, undefined]);
  });
});

describe('@nestjs/cache-manager 12 on Momento', () => {
  it.each([
    ['a KeyvMomento', (store: KeyvMomento) => store],
    ['a Keyv', (store: KeyvMomento) => new Keyv({ store })],
  ])('takes %s', async (_name, storeOf) => {
    const app = await start(
      MomentoModule.forRoot(options()),
      CacheModule.registerAsync({
        inject: [CacheService],
        useFactory: (cache: CacheService) => ({
          stores: [storeOf(new KeyvMomento(cache))],
          ttl: 60_000,
          namespace: 'users',
        }),
      }),
    );
    await expectCacheManager(app.get<Cache>(CACHE_MANAGER));
  });
});

describe('cacheable 2 on Momento', () => {
  it('has it behind its memory', async () => {
    const service = await startCache();
    const open = () =>
      new Cacheable({ secondary: new Keyv({ store: new KeyvMomento(service) }), ttl: '60s' });
    const [one, other] = [open(), open()];
    await one.set('key', { id: 1 });
    await one.setMany([
      { key: 'a', value: 1, ttl: 5_000 },
      { key: 'b', value: 2 },
    ]);
    expect(await other.get('key')).toEqual({ id: 1 });
    expect(await other.getMany(['a', 'none', 'b'])).toEqual([1, undefined, 2]);
    const read = await open().getRaw('a');
    expect(leftMs(read?.expires)).toBeGreaterThan(4_000);
    expect(leftMs(read?.expires)).toBeLessThanOrEqual(5_000);
    expect([await open().has('key'), await open().has('none')]).toEqual([true, false]);
    expect(await one.delete('key')).toBe(true);
    expect(await open().get('key')).toBeUndefined();
    await one.clear();
    expect(await open().get('b')).toBeUndefined();
    await one.disconnect();
    await service.set('after', 1);
  });
});
