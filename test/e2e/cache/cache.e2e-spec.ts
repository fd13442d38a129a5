import { CacheClient, Configurations, MomentoErrorCode } from '@gomomento/sdk';
import type { TestingModule } from '@nestjs/testing';
import {
  bytesCodec,
  CacheService,
  MomentoCacheError,
  MomentoConfigurationError,
  MomentoModule,
  stringCodec,
} from 'nestjs-momento';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);
const logs = captureLogs();

/** Everything holds whether the user's configuration returns errors or throws them. */
describe.each([
  ['returns errors', false],
  ['throws errors', true],
])('CacheService with a configuration that %s', (_name, throwOnErrors) => {
  let app: TestingModule;
  let cache: CacheService;

  const boot = async (timeoutMs: number) => {
    const configuration = Configurations.Laptop.latest()
      .withThrowOnErrors(throwOnErrors)
      .withClientTimeoutMillis(timeoutMs);
    app = await start(MomentoModule.forRoot(options({ configuration, shutdownTimeoutSeconds: 1 })));
    cache = app.get(CacheService);
    logs.start();
  };
  beforeEach(() => boot(10_000));

  const count = (rpc: 'get' | 'set' | 'get-batch' | 'set-batch') => servers.momento.requestCount(rpc);

  describe('direct operations', () => {
    it.each([[{ a: [1, null, 'x'] }], ['text'], [''], [0], [false], [null], [[]]])(
      'give back %o',
      async (value) => {
        await cache.set('key', value);
        expect(await cache.get('key')).toEqual(value);
        expect(await cache.has('key')).toBe(true);
      },
    );

    it('answer undefined for a miss, and after a delete', async () => {
      expect(await cache.get('key')).toBeUndefined();
      expect(await cache.has('key')).toBe(false);
      await cache.set('key', 1);
      await cache.delete('key');
      await cache.delete('key');
      expect(await cache.get('key')).toBeUndefined();
    });

    it('read and write many, in hundreds, and find the hits', async () => {
      const entries = Array.from({ length: 250 }, (_, index): [string, number] => [`key-${index}`, index]);
      await cache.setMany(entries);
      expect(count('set-batch')).toBe(3);
      const hits = await cache.getMany<number>(['missing', ...entries.map(([key]) => key), 'key-0']);
      expect(count('get-batch')).toBe(3);
      expect([...hits]).toEqual(entries);
      expect(await cache.getMany([])).toEqual(new Map());
      await cache.setMany([]);
      expect(count('set-batch')).toBe(3);
    });

    it('increment a number that get reads', async () => {
      expect(await cache.increment('count')).toBe(1);
      expect(await cache.increment('count', 41)).toBe(42);
      expect(await cache.increment('count', -2)).toBe(40);
      expect(await cache.get('count')).toBe(40);
    });

    it('let items live for the TTL given', async () => {
      await cache.set('key', 1, { ttlSeconds: 90 });
      await cache.setMany([['many', 1]], { ttlSeconds: 90 });
      for (const key of ['key', 'many']) {
        const ttl = await app.get(CacheClient).itemGetTtl('demo-cache', key);
        const remainingMs = 'remainingTtlMillis' in ttl ? ttl.remainingTtlMillis() : 0;
        expect(remainingMs).toBeGreaterThan(80_000);
        expect(remainingMs).toBeLessThanOrEqual(90_000);
      }
    });

    it('take fractions of a second, rounded up', async () => {
      const remainingMs = async (key: string) => {
        const ttl = await app.get(CacheClient).itemGetTtl('demo-cache', key);
        return 'remainingTtlMillis' in ttl ? ttl.remainingTtlMillis() : 0;
      };
      await cache.set('key', 1, { ttlSeconds: 59.37 });
      await cache.setMany([['many', 1]], { ttlSeconds: 59.37 });
      await cache.getOrSet('loaded', () => 1, { ttlSeconds: 59.37 });
      await cache.cache('demo-cache', { ttlSeconds: 59.37 }).increment('count');
      for (const key of ['key', 'many', 'loaded', 'count']) {
        expect(await remainingMs(key)).toBeGreaterThan(55_000);
        expect(await remainingMs(key)).toBeLessThanOrEqual(60_000);
      }
    });

    it('work on another cache, with a codec of its own', async () => {
      servers.momento.createCache('other');
      const other = cache.cache('other', { codec: stringCodec, keyPrefix: 'p:', ttlSeconds: 60 });
      await other.set('key', 'plain');
      expect(await app.get(CacheClient).get('other', 'p:key')).toMatchObject({ type: 'Hit' });
      expect(await other.get('key')).toBe('plain');
      expect(await cache.get('p:key')).toBeUndefined();
    });
  });

  describe('errors', () => {
    it.each<[string, (service: CacheService) => Promise<unknown>]>([
      ['get', (service) => service.get('key')],
      ['set', (service) => service.set('key', 1)],
      ['delete', (service) => service.delete('key')],
      ['has', (service) => service.has('key')],
      ['getMany', (service) => service.getMany(['key'])],
      ['setMany', (service) => service.setMany([['key', 1]])],
      ['increment', (service) => service.increment('key')],
    ])('%s tells that the cache is missing, and what to do', async (name, call) => {
      const error: unknown = await call(cache.cache('no-such-cache')).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(MomentoCacheError);
      expect(error).toMatchObject({
        code: MomentoErrorCode.CACHE_NOT_FOUND_ERROR,
        operation: { name, cacheName: 'no-such-cache' },
        message: expect.stringContaining(name),
        advice: expect.stringContaining('createCaches'),
      });
    });

    it.each([
      ['UNAVAILABLE', MomentoErrorCode.SERVER_UNAVAILABLE, 'network'],
      ['PERMISSION_DENIED', MomentoErrorCode.PERMISSION_ERROR, 'role'],
      ['RESOURCE_EXHAUSTED', MomentoErrorCode.LIMIT_EXCEEDED_ERROR, 'limit'],
      ['UNAUTHENTICATED', MomentoErrorCode.AUTHENTICATION_ERROR, 'key'],
    ] as const)('%s is %s with advice', async (status, code, advice) => {
      servers.momento.faults.fail('get', status, { times: 10 });
      await expect(cache.get('key')).rejects.toMatchObject({
        constructor: MomentoCacheError,
        code,
        advice: expect.stringContaining(advice),
        cause: expect.objectContaining({ name: expect.any(String) }),
      });
    });

    it('a call without an answer times out, a batch too, which has no deadline in the SDK', async () => {
      await boot(300);
      servers.momento.faults.hang('get');
      servers.momento.faults.hang('get-batch');
      const timeout = { constructor: MomentoCacheError, code: MomentoErrorCode.TIMEOUT_ERROR };
      await expect(cache.get('key')).rejects.toMatchObject(timeout);
      await expect(cache.getMany(['key'])).rejects.toMatchObject(timeout);
    });

    it.each<[string, (service: CacheService) => Promise<unknown>]>([
      ['an empty key', (service) => service.get('')],
      ['a key that is no string', (service) => service.get(undefined as unknown as string)],
      ['an empty key among many', (service) => service.getMany(['a', ''])],
      [
        'a TTL of 0, which the SDK would take for the default',
        (service) => service.set('key', 1, { ttlSeconds: 0 }),
      ],
      ['a TTL that is no number', (service) => service.set('key', 1, { ttlSeconds: Number.NaN })],
      ['a value without JSON form', (service) => service.set('key', undefined)],
      ['bytes in a JSON cache', (service) => service.setMany([['key', Uint8Array.of(1)]])],
      ['half an increment', (service) => service.increment('key', 0.5)],
      ['a bad TTL in getOrSet', (service) => service.getOrSet('key', () => 1, { ttlSeconds: -1 })],
    ])('refuse %s before asking Momento', async (_case, call) => {
      const before = servers.momento.requestCount();
      await expect(call(cache)).rejects.toMatchObject({ code: MomentoErrorCode.INVALID_ARGUMENT_ERROR });
      expect(servers.momento.requestCount()).toBe(before);
    });

    it('name Momento’s limits where a TTL cannot be', async () => {
      await expect(cache.set('key', 1, { ttlSeconds: -1 })).rejects.toMatchObject({
        message: expect.stringMatching(/ttlSeconds: must be .* at most 86400 s, 24 hours.*not -1/),
      });
    });

    it.each([[''], [' '], [undefined as unknown as string]])(
      'refuse the name %j of another cache at once',
      (cacheName) => {
        expect(() => cache.cache(cacheName)).toThrow(MomentoConfigurationError);
        expect(() => cache.cache(cacheName)).toThrow(
          expect.objectContaining({
            code: 'cache-name-missing',
            advice: expect.stringContaining('a filled string'),
          }),
        );
      },
    );

    it('tell that what is stored is not of the codec, without showing it', async () => {
      await app.get(CacheClient).set('demo-cache', 'key', 'sensitive, but not JSON');
      const error: unknown = await cache.get('key').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: MomentoErrorCode.FAILED_PRECONDITION_ERROR });
      expect(error).not.toHaveProperty('cause');
      expect(String(error)).not.toContain('sensitive');
      await expect(cache.increment('key')).rejects.toMatchObject({
        code: MomentoErrorCode.FAILED_PRECONDITION_ERROR,
      });
    });
  });

  describe('getOrSet', () => {
    it('loads and stores a miss, and then hits', async () => {
      const loads: string[] = [];
      const ask = () =>
        cache.getOrSet('user:7', ({ key }) => {
          loads.push(key);
          return { name: 'Ada' };
        });
      expect(await ask()).toEqual({ name: 'Ada' });
      expect(await ask()).toEqual({ name: 'Ada' });
      expect(loads).toEqual(['user:7']);
    });

    it('reads, loads and writes once for 1,000 callers', async () => {
      let loads = 0;
      const before = [count('get'), count('set')] as const;
      const values = await Promise.all(
        Array.from({ length: 1_000 }, () => cache.cache('demo-cache').getOrSet('hot', async () => ++loads)),
      );
      expect(new Set(values)).toEqual(new Set([1]));
      expect([count('get') - before[0], count('set') - before[1]]).toEqual([1, 1]);
    });

    it('gives nobody what was loaded for another key, cache or codec', async () => {
      for (const name of ['a', 'a\0b']) servers.momento.createCache(name);
      const bytes = cache.cache('demo-cache', { codec: bytesCodec });
      const loaded = Promise.all([
        cache.cache('a').getOrSet('b\0c', () => 'one'),
        cache.cache('a\0b').getOrSet('c', () => 'two'),
        cache.getOrSet('key', () => ({ three: 3 })),
        bytes.getOrSet('key', () => Uint8Array.of(4)),
      ]);
      expect(await loaded).toEqual(['one', 'two', { three: 3 }, Uint8Array.of(4)]);
    });

    it('does not let an outage hide a value that is too large, nor say either twice', async () => {
      servers.momento.faults.fail('get', 'UNAVAILABLE', { times: Infinity });
      await cache.getOrSet('key', () => 'loaded');
      servers.momento.faults.clear();
      servers.momento.faults.fail('set', 'RESOURCE_EXHAUSTED', { times: Infinity });
      for (const key of ['one', 'two', 'three']) await cache.getOrSet(key, () => 'loaded');
      expect(logs.lines.filter((line) => line.includes('[CacheService]'))).toEqual([
        expect.stringContaining('SERVER_UNAVAILABLE'),
        expect.stringContaining('LIMIT_EXCEEDED_ERROR'),
      ]);
    });

    it('rejects all 1,000 callers of a failing loader, which is called once, and stores nothing', async () => {
      let loads = 0;
      const fail = async () => {
        loads += 1;
        throw new Error('database down');
      };
      const outcomes = await Promise.allSettled(
        Array.from({ length: 1_000 }, () => cache.getOrSet('hot', fail)),
      );
      expect(outcomes.every((outcome) => outcome.status === 'rejected')).toBe(true);
      expect(loads).toBe(1);
      expect(await cache.has('hot')).toBe(false);
      expect(await cache.getOrSet('hot', () => 'fine')).toBe('fine');
    });

    it('keeps null as a value, and undefined as nothing', async () => {
      let loads = 0;
      const load = (value: null | undefined) => () => {
        loads += 1;
        return value;
      };
      expect(await cache.getOrSet<null | undefined>('null', load(null))).toBeNull();
      expect(await cache.getOrSet<null | undefined>('null', load(null))).toBeNull();
      expect(loads).toBe(1);
      await cache.getOrSet('undefined', load(undefined));
      await cache.getOrSet('undefined', load(undefined));
      expect(loads).toBe(3);
    });

    it.each([
      ['fails', () => servers.momento.faults.fail('get', 'UNAVAILABLE', { times: 10 })],
      ['gives no answer', () => servers.momento.faults.hang('get')],
    ])(
      'falls back to the loader when the cache %s, does not wait for it again to store, and warns',
      async (_case, breakIt) => {
        await boot(300);
        breakIt();
        const before = count('set');
        expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded');
        expect(count('set')).toBe(before);
        const warnings = logs.lines.filter((line) => line.includes('[CacheService]'));
        expect(warnings).toEqual([
          expect.stringMatching(/^warn .*Going on without the cache: getOrSet 'key'/),
        ]);
      },
    );

    it('returns the value when it cannot be stored', async () => {
      servers.momento.faults.fail('set', 'RESOURCE_EXHAUSTED', { times: 10 });
      expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded');
      expect(logs.lines).toEqual([expect.stringContaining('LIMIT_EXCEEDED_ERROR')]);
    });

    it('replaces what is not of the codec', async () => {
      await app.get(CacheClient).set('demo-cache', 'key', 'not JSON');
      expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded');
      expect(await cache.get('key')).toBe('loaded');
    });

    it.each<[string, (service: CacheService) => Promise<unknown>, unknown]>([
      ['deleted', (service) => service.delete('key'), undefined],
      ['written', (service) => service.set('key', 'newer'), 'newer'],
      ['written with others', (service) => service.setMany([['key', 'newer']]), 'newer'],
      ['incremented', (service) => service.increment('key'), 1],
    ])('does not store over a key that was %s while it loaded', async (_case, change, expected) => {
      let finish: (value: string) => void = () => undefined;
      const loading = new Promise<void>((started) => {
        void cache.getOrSet('key', () => {
          started();
          return new Promise<string>((resolve) => {
            finish = resolve;
          });
        });
      });
      await loading;
      const outcome = cache.getOrSet('key', () => 'not called');
      await change(cache);
      finish('older');
      expect(await outcome).toBe('older');
      expect(await cache.get('key')).toBe(expected);
    });

    it.each([
      ['waits for a write of the key that was asked for before', true, 'newer'],
      ['does not store over a key that is being written when it begins to load', false, 'older'],
    ])('%s', async (_case, batching, expected) => {
      const handle = cache.cache('demo-cache', { batching });
      servers.momento.faults.delay('set', 100, { times: 1 });
      const written = handle.set('key', 'newer');
      await vi.waitFor(() => expect(count('set')).toBe(1), { interval: 2 });
      expect(await handle.getOrSet('key', () => 'older')).toBe(expected);
      await written;
      expect(await handle.get('key')).toBe('newer');
    });

    it('aborts the loader’s signal when the app shuts down', async () => {
      const started = new Promise<AbortSignal>((resolve) => {
        void cache.getOrSet('key', ({ signal }) => {
          resolve(signal);
          return new Promise((settle) => signal.addEventListener('abort', () => settle('aborted')));
        });
      });
      const signal = await started;
      expect(signal.aborted).toBe(false);
      await app.close();
      expect(signal.aborted).toBe(true);
    });
  });
});
