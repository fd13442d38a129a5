import { CacheClient } from '@gomomento/sdk';
import { Keyv } from 'keyv';
import { CacheService, MomentoModule, type MomentoModuleOptions } from 'nestjs-momento';
import { KeyvMomento, type KeyvMomentoOptions } from 'nestjs-momento/keyv';
import { describe, expect, it } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { countRequests } from './requests.fixture.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);

async function startCache(cache: MomentoModuleOptions['cache'] = {}) {
  const app = await start(MomentoModule.forRoot(options({ cache })));
  return { app, cache: app.get(CacheService), client: app.get(CacheClient) };
}

async function startKeyv(more: KeyvMomentoOptions = {}, cacheOptions?: MomentoModuleOptions['cache']) {
  const scene = await startCache(cacheOptions);
  const store = new KeyvMomento(scene.cache, more);
  const keyv = new Keyv({ store, namespace: 'users' });
  const errors: unknown[] = [];
  keyv.on('error', (error: unknown) => errors.push(error));
  return { ...scene, store, keyv, errors };
}

/** Under which key the store has put what Keyv calls by this one. */
async function fullKey(client: CacheClient, key: string): Promise<string> {
  const answer = await client.get('demo-cache', 'keyv:generation:["users"]');
  return `keyv:["users",${answer.value() ?? ''}]users:${key}`;
}

async function ttlMsOf(client: CacheClient, key: string): Promise<number | undefined> {
  const answer = await client.itemGetTtl('demo-cache', await fullKey(client, key));
  return answer.remainingTtlMillis();
}

const requestsOf = (work: () => Promise<unknown>) => countRequests(servers.momento, work);
const names = (count: number) => Array.from({ length: count }, (_, index) => `key ${index}`);

describe('what KeyvMomento stores', () => {
  it('is the text that Keyv has written, once', async () => {
    const { keyv, client } = await startKeyv();
    await keyv.set('key', { name: 'Ada', bytes: Buffer.from('bytes') });
    const stored = await client.get('demo-cache', await fullKey(client, 'key'));
    expect(stored.value()).toBe('{"value":{"name":"Ada","bytes":":base64:Ynl0ZXM="}}');
    expect(await keyv.get('key')).toEqual({ name: 'Ada', bytes: Buffer.from('bytes') });
  });

  it('is nothing that Keyv has not made text, and says so', async () => {
    const { store, errors } = await startKeyv();
    const keyv = new Keyv({ store });
    keyv.on('error', (error: unknown) => errors.push(error));
    keyv.serialize = undefined;
    expect(await keyv.set('key', 1)).toBe(false);
    expect(errors).toMatchObject([
      {
        name: 'MomentoCacheError',
        code: 'INVALID_ARGUMENT_ERROR',
        message: expect.stringContaining('leave its option serialize as it is'),
      },
    ]);
  });

  it.each([
    [1, 1_000],
    [1_000, 1_000],
    [1_001, 2_000],
    [90_000, 90_000],
    [undefined, 86_400_000],
    [Infinity, 86_400_000],
    [86_400_001, 86_400_000],
  ])('for %s ms lives for %s ms, alone or with others', async (ttl, expectedMs) => {
    const { store, client } = await startKeyv();
    await store.set('users:one', '{}', ttl);
    await store.setMany([
      { key: 'users:two', value: '{}', ttl },
      { key: 'users:three', value: '{}', ttl: 50_000 },
    ]);
    for (const key of ['one', 'two']) {
      const leftMs = await ttlMsOf(client, key);
      expect(leftMs).toBeLessThanOrEqual(expectedMs);
      expect(leftMs).toBeGreaterThan(expectedMs - 1_000);
    }
    expect(await ttlMsOf(client, 'three')).toBeLessThanOrEqual(50_000);
  });

  it('lives no longer than the option says, and is nothing any more with a TTL that is over', async () => {
    const { store, client, keyv } = await startKeyv({ maxTtlSeconds: 30 });
    await keyv.set('key', 'value', 60_000);
    expect(await ttlMsOf(client, 'key')).toBeLessThanOrEqual(30_000);
    expect(await store.set('users:key', '{}', -1)).toBe(true);
    expect(await store.get('users:key')).toBeUndefined();
  });

  it('is not there, and no null, where nothing was stored', async () => {
    const { store } = await startKeyv();
    await store.set('there', '{}');
    expect(await store.get('key')).toBeUndefined();
    expect(await store.getMany(['key', 'there', 'other'])).toEqual([undefined, '{}', undefined]);
    expect([await store.has('key'), await store.has('there')]).toEqual([false, true]);
    expect(await store.hasMany(['there', 'key'])).toEqual([true, false]);
    expect([await store.getMany([]), await store.hasMany([])]).toEqual([[], []]);
  });

  it('is not there either when Keyv takes it for expired, before the second of Momento is over', async () => {
    const { keyv, store } = await startKeyv();
    await store.set('users:key', JSON.stringify({ value: 1, expires: Date.now() - 1 }), 1_000);
    expect([await keyv.has('key'), await keyv.has(['key'])]).toEqual([false, [false]]);
    expect(await keyv.delete('key')).toBe(false);
    expect(await store.get('users:key')).toBeUndefined();
  });

  it('is a miss where somebody else has stored no text', async () => {
    const { keyv, client, errors } = await startKeyv();
    await keyv.set('good', 1);
    await client.set('demo-cache', await fullKey(client, 'bad'), new Uint8Array([0xff, 0xfe]));
    expect([await keyv.get('bad'), await keyv.get(['bad', 'good'])]).toEqual([undefined, [undefined, 1]]);
    expect(errors).toEqual([]);
  });

  it('tells whether something was deleted', async () => {
    const { keyv } = await startKeyv();
    await keyv.setMany(names(3).map((key) => ({ key, value: key })));
    expect(await keyv.delete('key 0')).toBe(true);
    expect(await keyv.delete('key 0')).toBe(false);
    expect(await keyv.delete(['key 1', 'key 2'])).toBe(true);
    expect(await keyv.delete(['key 1', 'key 2'])).toBe(false);
    expect(await keyv.setMany([{ key: 'a', value: 1 }])).toEqual([true]);
    expect(await keyv.delete(['a', 'b'])).toBe(false);
    expect(await keyv.has('a')).toBe(false);
  });
});

describe('the requests of KeyvMomento', () => {
  it('are one an operation, and one a hundred keys', async () => {
    const { keyv } = await startKeyv();
    await keyv.get('first');
    const entries = names(250).map((key) => ({ key, value: key }));
    const keys = entries.map(({ key }) => key);
    expect(await requestsOf(() => keyv.get('key'))).toEqual({ get: 1 });
    expect(await requestsOf(() => keyv.set('key', 1))).toEqual({ set: 1 });
    expect(await requestsOf(() => keyv.has('key'))).toEqual({ get: 1 });
    expect(await requestsOf(() => keyv.delete('key'))).toEqual({ get: 1, delete: 1 });
    expect(await requestsOf(() => keyv.setMany(entries))).toEqual({ 'set-batch': 3 });
    expect(await requestsOf(() => keyv.get(keys))).toEqual({ 'get-batch': 3 });
    expect(await requestsOf(() => keyv.has(keys))).toEqual({ 'get-batch': 3 });
    expect(await requestsOf(() => Promise.all(keys.map((key) => keyv.get(key))))).toEqual({ 'get-batch': 3 });
    expect(await requestsOf(() => Promise.all(keys.map((key) => keyv.set(key, 1))))).toEqual({
      'set-batch': 3,
    });
    expect(await requestsOf(() => keyv.get([]))).toEqual({});
  });

  it('are none for what a near cache has', async () => {
    const { keyv } = await startKeyv({}, { nearCache: {} });
    await keyv.set('key', { name: 'Ada' });
    expect(await keyv.get('key')).toEqual({ name: 'Ada' });
    await expect.poll(() => requestsOf(() => keyv.get('key')), { timeout: 10_000 }).toEqual({});
    expect(await keyv.get('key')).toEqual({ name: 'Ada' });
  });
});

describe('a KeyvMomento that is disconnected', () => {
  it('leaves the connection to the app', async () => {
    const { keyv, cache } = await startKeyv();
    await keyv.set('key', 1);
    await keyv.disconnect();
    await cache.set('other', 2);
    expect([await keyv.get('key'), await cache.get('other')]).toEqual([1, 2]);
  });

  it('is told by an event what the closed app makes of it', async () => {
    const { keyv, app, errors } = await startKeyv();
    await keyv.set('key', 1);
    await app.close();
    expect([await keyv.get('key'), await keyv.get(['key']), await keyv.set('key', 1)]).toEqual([
      undefined,
      [undefined],
      false,
    ]);
    await keyv.clear();
    expect(errors.map((error) => (error as Error).name)).toEqual(Array(4).fill('MomentoClosedError'));
  });
});

describe('the options of a KeyvMomento', () => {
  it.each([
    [{ maxTtlSeconds: 0 }, 'maxTtlSeconds: must be a number of seconds above 0'],
    [{ clearSeenWithinSeconds: 0 }, 'clearSeenWithinSeconds: must be a number of seconds above 0'],
    [{ keyPrefix: 1 as unknown as string }, 'keyPrefix: must be a string'],
    [{ ttl: 1 } as KeyvMomentoOptions, 'ttl: is not an option'],
  ])('are checked: %j', async (wrong, problem) => {
    const { cache } = await startCache();
    const make = () => new KeyvMomento(cache, wrong);
    expect(make).toThrow(
      expect.objectContaining({ name: 'MomentoConfigurationError', code: 'invalid-options' }),
    );
    expect(make).toThrow(problem);
    expect(make).toThrow('Correct them where it is made.');
  });

  it('and of the cache are kept: its prefix, and no schema or windows, which are of other values', async () => {
    const { cache, client } = await startCache();
    const schema = { '~standard': { version: 1 as const, vendor: 'test', validate: () => ({ issues: [] }) } };
    const own = cache.cache('demo-cache', { keyPrefix: 'app:', schema, staleSeconds: 60 });
    const keyv = new Keyv({ store: new KeyvMomento(own, { keyPrefix: 'k:' }), namespace: 'users' });
    await keyv.set('key', 1, 1_000);
    expect(await keyv.get('key')).toBe(1);
    const generation = await client.get('demo-cache', 'app:k:generation:["users"]');
    const stored = await client.itemGetTtl(
      'demo-cache',
      `app:k:["users",${generation.value() ?? ''}]users:key`,
    );
    expect(stored.remainingTtlMillis()).toBeLessThanOrEqual(1_000);
  });
});
