import { CacheClient, CacheItemGetTtl, Configurations } from '@gomomento/sdk';
import {
  type CacheBinding,
  CacheService,
  getCacheToken,
  MomentoConfigurationError,
  MomentoModule,
  stringCodec,
} from 'nestjs-momento';
import { describe, expect, it } from 'vitest';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { failureOf } from '../../support/keys.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);
const logs = captureLogs();

describe('the options of caches', () => {
  it('of a call win over those of the handle, and these over the connection’s', async () => {
    const app = await start(
      MomentoModule.forRoot(
        options({ cache: { codec: stringCodec, keyPrefix: 'app:', ttlSeconds: 100, notFoundSeconds: 50 } }),
      ),
      MomentoModule.forFeature([
        { cacheName: 'demo-cache', name: 'sessions', keyPrefix: 's:', ttlSeconds: 10 },
      ]),
    );
    const cache = app.get(CacheService);
    const sessions = app.get<CacheService>(getCacheToken('sessions'));
    const client = app.get(CacheClient);
    await cache.set('key', 'text');
    await sessions.set('key', 'text');
    await sessions.set('brief', 'text', { ttlSeconds: 2 });
    const left = async (key: string) => {
      const response = await client.itemGetTtl('demo-cache', key);
      return response instanceof CacheItemGetTtl.Hit
        ? Math.ceil(response.remainingTtlMillis() / 1000)
        : undefined;
    };
    expect([await left('app:key'), await left('s:key'), await left('s:brief')]).toEqual([100, 10, 2]);
    // Neither handle says how values are stored, nor how long it is remembered that there are none.
    const stored = await client.get('demo-cache', 's:key');
    expect('value' in stored && stored.value?.()).toBe('text');
    await sessions.getOrSet('none', () => undefined);
    expect(await left('s:none')).toBe(50);
  });

  it('take what ConfigService gives for a variable that is not set', async () => {
    const cache: CacheBinding = { ttlSeconds: undefined, staleSeconds: undefined, codec: undefined };
    const app = await start(MomentoModule.forRoot(options({ cache })));
    await app.get(CacheService).set('key', 1);
    expect(await app.get(CacheService).get('key')).toBe(1);
  });

  it.each([
    [{ staleSeconds: -1 }, 'cache: staleSeconds: must be a number of seconds, 0 or more, not -1'],
    [{ singleFlight: 'app' }, "cache: singleFlight: must be 'process' or 'fleet', not a string"],
    [{ ttl: 1, codec: {} }, 'cache: ttl: is not an option; codec: must be a codec with encode and decode'],
    ['600', 'cache: must be an object, not a string'],
  ])('fail the boot when they are wrong: %o', async (cache, message) => {
    const failure = await failureOf(() => start(MomentoModule.forRoot(options({ cache } as never))));
    expect(failure).toBeInstanceOf(MomentoConfigurationError);
    expect(failure).toMatchObject({ code: 'invalid-options', message: expect.stringContaining(message) });
  });
});

describe('between apps, as between processes', () => {
  it('a fleet of 3 loads 5 keys 5 times, and no deleted value comes back', async () => {
    const fleet = () => start(MomentoModule.forRoot(options({ cache: { singleFlight: 'fleet' } })));
    const apps = await Promise.all(Array.from({ length: 3 }, fleet));
    logs.start();
    const caches = apps.map((app) => app.get(CacheService));
    let loads = 0;
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const load = async () => {
      loads += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return 'loaded';
    };
    await Promise.all(caches.flatMap((cache) => keys.map((key) => cache.getOrSet(key, load))));
    expect(logs.lines).toEqual([]);
    expect(loads).toBe(5);

    const [one, other] = caches;
    const stale: unknown[] = [];
    for (let round = 0; round < 5; round += 1) {
      const key = `deleted ${round}`;
      let database = 'old';
      const loading = one?.getOrSet(key, async () => {
        const value = database;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return value;
      });
      await new Promise((resolve) => setTimeout(resolve, 10));
      database = 'new';
      await other?.delete(key);
      await loading;
      if ((await other?.getOrSet(key, () => database)) !== 'new') stale.push(key);
    }
    expect(stale).toEqual([]);
  });
});

describe('an eviction that Momento does not carry out', () => {
  it('is tried once more when the app closes, while everything is still usable', async () => {
    const app = await start(MomentoModule.forRoot(options()));
    const other = await start(MomentoModule.forRoot(options()));
    logs.start();
    const cache = app.get(CacheService);
    await cache.set('key', 'old');
    servers.momento.faults.fail('delete', 'UNAVAILABLE', { times: 4 });
    await cache.evict('key');
    expect(logs.lines).toEqual([expect.stringContaining('A value that was to be evicted is still cached')]);
    expect(await other.get(CacheService).get('key')).toBe('old');
    servers.momento.faults.clear();
    await app.close();
    expect(await other.get(CacheService).get('key')).toBeUndefined();
  });
});

describe('a hung cache', () => {
  it('is waited for three times, then not asked', async () => {
    const configuration = Configurations.Laptop.latest().withClientTimeoutMillis(200);
    const app = await start(MomentoModule.forRoot(options({ configuration })));
    const cache = app.get(CacheService);
    servers.momento.faults.hang('get');
    const before = servers.momento.requestCount('get');
    for (let call = 0; call < 10; call += 1)
      expect(await cache.getOrSet(`key ${call}`, () => call)).toBe(call);
    expect(servers.momento.requestCount('get') - before).toBe(3);
  });
});
