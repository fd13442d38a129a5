import { afterEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { bytesCodec } from '../../foundation/momento.codecs.js';
import { MomentoCacheError } from '../../foundation/momento.errors.js';
import { deferred, startCache, startLoader } from './load.fixture.js';
import { MomentoReentrantLoadError } from '../loaders/loader.errors.js';

const reentrant = { constructor: MomentoReentrantLoadError, code: 'loader-waits-for-itself' };

const logs = captureLogs();

afterEach(() => vi.restoreAllMocks());

describe('what callers get', () => {
  it('is what the codec gives back, for the caller whose loader ran as well', async () => {
    const { cache } = startCache();
    const at = new Date(0);
    const load = () => ({ at, absent: undefined });
    const values = await Promise.all([
      cache.getOrSet<unknown>('key', load),
      cache.getOrSet<unknown>('key', load),
    ]);
    const later = await cache.getOrSet<unknown>('key', load);
    expect([...values, later]).toEqual(Array.from({ length: 3 }, () => ({ at: '1970-01-01T00:00:00.000Z' })));
  });

  it('is a copy of its own', async () => {
    const { cache } = startCache();
    const ask = () => cache.getOrSet('key', () => ({ list: [1] }));
    const [mine, other] = await Promise.all([ask(), ask()]);
    mine.list.push(2);
    expect([other, await ask()]).toEqual([{ list: [1] }, { list: [1] }]);
  });

  it('is what the loader gave when the codec cannot write it, which is said once; it is not stored', async () => {
    logs.start();
    const { cache, store } = startCache();
    const value = { big: 1n };
    expect(
      await Promise.all([cache.getOrSet('key', () => value), cache.getOrSet('key', () => value)]),
    ).toEqual([value, value]);
    expect([store.calls.set.count, logs.lines.length]).toEqual([0, 1]);
    expect(logs.lines[0]).toContain('cannot be stored');
  });

  it('may be bytes that begin like an envelope, and may be null', async () => {
    const { cache } = startCache({ codec: bytesCodec });
    for (const bytes of [[0], [0, 1], [0, 1, 0, 0, 0, 0], []]) {
      await cache.set('key', Uint8Array.from(bytes));
      expect([...((await cache.get<Uint8Array>('key')) ?? [-1])]).toEqual(bytes);
    }
    const json = startCache();
    const loader = vi.fn<() => null>(() => null);
    expect([await json.cache.getOrSet('key', loader), await json.cache.getOrSet('key', loader)]).toEqual([
      null,
      null,
    ]);
    expect(loader).toHaveBeenCalledTimes(1);
  });
});

describe('what is stored', () => {
  it('is what storeIf says, for as long as ttlSeconds says, both by the value', async () => {
    const { cache, store } = startCache();
    const options = { storeIf: (n: number) => n > 1, ttlSeconds: (n: number) => n * 10 };
    const set = vi.spyOn(store, 'set');
    for (const n of [1, 2, 3]) expect(await cache.getOrSet(`key ${n}`, () => n, options)).toBe(n);
    expect(set.mock.calls.map(([item]) => item)).toEqual([
      { key: 'key 2', value: '2', ttlSeconds: 20 },
      { key: 'key 3', value: '3', ttlSeconds: 30 },
    ]);
  });

  it('lives shorter by up to the jitter, and stays what any client can read', async () => {
    const { cache, store } = startCache({ ttlSeconds: 100, ttlJitter: 0.2 });
    const set = vi.spyOn(store, 'set');
    for (const random of [0, 0.5, 0.999]) {
      vi.spyOn(Math, 'random').mockReturnValue(random);
      await cache.set('key', 'value');
    }
    expect(set.mock.calls.map(([{ value, ttlSeconds }]) => [value, ttlSeconds])).toEqual([
      ['"value"', 100],
      ['"value"', 90],
      ['"value"', 81],
    ]);
  });

  it.each<[object, string]>([
    [{ ttlSeconds: 0 }, 'ttlSeconds: must be a number of seconds above 0'],
    [{ ttlSeconds: () => -1 }, 'ttlSeconds answered -1, not a number of seconds above 0'],
    [{ staleSeconds: -1 }, 'staleSeconds: must be a number of seconds, 0 or more, not -1'],
    [{ ttlJitter: 1.1 }, 'ttlJitter: must be a number from 0 to 1, not 1.1'],
    [{ loaderTimeoutSeconds: 0 }, 'loaderTimeoutSeconds: must be a number of seconds above 0, not 0'],
    [{ ttl: 5 }, 'ttl: is not an option'],
  ])('is nothing with options that are wrong: %o', async (options, message) => {
    const { cache, store } = startCache();
    const failure = { constructor: MomentoCacheError, message: expect.stringContaining(message) };
    await expect(cache.getOrSet('key', () => 1, options)).rejects.toMatchObject(failure);
    expect(store.calls.set.count).toBe(0);
  });
});

describe('a loader', () => {
  it('gets the key as the caller wrote it, and what was there before', async () => {
    const { cache } = startCache({ keyPrefix: 'p:', ttlSeconds: 0.001, staleIfErrorSeconds: 60 });
    const given: unknown[] = [];
    const load = (context: { key: string; previous?: unknown }) => {
      given.push([context.key, context.previous]);
      return given.length;
    };
    await cache.getOrSet('key', load);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await cache.getOrSet('key', load);
    expect(given).toEqual([
      ['key', undefined],
      ['key', { value: 1, ageSeconds: expect.closeTo(0.005, 1) }],
    ]);
  });

  it.each<[string, (cache: ReturnType<typeof startCache>['cache']) => Promise<unknown>]>([
    ['itself', (cache) => cache.getOrSet('a', () => cache.getOrSet('a', () => 1))],
    [
      'by a second key',
      (cache) => cache.getOrSet('a', () => cache.getOrSet('b', () => cache.getOrSet('a', () => 1))),
    ],
    [
      'after a change',
      (cache) =>
        cache.getOrSet('a', async () => {
          await cache.delete('a');
          return cache.getOrSet('a', () => 1);
        }),
    ],
    [
      'in a bulk load',
      (cache) =>
        cache.getOrSetMany(['a', 'b'], async (keys) => {
          const value = await cache.getOrSet('b', () => 1);
          return keys.map((key) => [key, value] as const);
        }),
    ],
  ])('that asks for its own key, %s, is told so at once', async (_case, ask) => {
    const { cache } = startCache();
    const failure: unknown = await ask(cache).then(
      () => 'answered',
      (error: unknown) => error,
    );
    const cause = failure instanceof MomentoReentrantLoadError ? failure : Object(failure).cause;
    expect(cause).toMatchObject({
      ...reentrant,
      message: expect.stringContaining('Load the value from its source'),
    });
    expect(await cache.getOrSet('a', () => 'fine')).toBe('fine');
  });

  it('that waits for another one which waits for it is told so, though neither began the other', async () => {
    const { cache } = startCache();
    const bothRun = deferred<void>();
    const ask = (own: string, other: string) =>
      cache.getOrSet(own, async () => {
        if (own === 'b') bothRun.resolve();
        await bothRun.promise;
        return cache.getOrSet(other, () => 'not called');
      });
    const outcomes = await Promise.allSettled([ask('a', 'b'), ask('b', 'a')]);
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: reentrant },
      { status: 'rejected', reason: reentrant },
    ]);
  });

  it('may leave work behind that asks for its key later', async () => {
    const { cache } = startCache();
    const ended = deferred<void>();
    let later: Promise<unknown> = Promise.resolve();
    await cache.getOrSet('a', () => {
      later = ended.promise.then(() => cache.getOrSet('a', () => 'loaded again'));
      return 'loaded';
    });
    await cache.delete('a');
    ended.resolve();
    expect(await later).toBe('loaded again');
  });
});

describe('a cache that is slow', () => {
  it('is waited for as long as cacheTimeoutSeconds says, and not asked to store', async () => {
    logs.start();
    const { cache, store } = startCache({ cacheTimeoutSeconds: 0.01 });
    const answer = deferred<void>();
    store.before = () => answer.promise;
    expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded');
    expect([store.calls.set.count, logs.lines.length]).toEqual([0, 1]);
    expect(logs.lines[0]).toContain('no answer within cacheTimeoutSeconds, 0.01 s');
    answer.resolve();
  });
});

describe('getOrSetMany', () => {
  it('loads what is missing with one call, in the order of the keys, and hands out the rest', async () => {
    const { cache } = startCache();
    await cache.setMany([['b', 'cached']]);
    const load = vi.fn<(keys: string[]) => (readonly [string, string])[]>((keys) =>
      keys.map((key) => [key, `loaded ${key}`] as const),
    );
    const found = await cache.getOrSetMany(['a', 'b', 'c', 'a'], load);
    expect([...found]).toEqual([
      ['a', 'loaded a'],
      ['b', 'cached'],
      ['c', 'loaded c'],
    ]);
    expect(load.mock.calls.map(([keys]) => keys)).toEqual([['a', 'c']]);
    expect([...(await cache.getMany(['a', 'b', 'c'])).values()]).toEqual(['loaded a', 'cached', 'loaded c']);
  });

  it('joins what is being loaded for single keys, and they join it', async () => {
    const { cache } = startCache();
    const [single, bulk] = [deferred<string>(), deferred<void>()];
    const first = cache.getOrSet('a', () => single.promise);
    await new Promise((resolve) => setImmediate(resolve));
    const asked: string[][] = [];
    const many = cache.getOrSetMany(['a', 'b'], async (keys) => {
      asked.push(keys);
      await bulk.promise;
      return keys.map((key) => [key, `bulk ${key}`] as const);
    });
    await new Promise((resolve) => setImmediate(resolve));
    const joined = cache.getOrSet('b', () => 'not called');
    single.resolve('single a');
    bulk.resolve();
    expect([await first, await joined, [...(await many)]]).toEqual([
      'single a',
      'bulk b',
      [
        ['a', 'single a'],
        ['b', 'bulk b'],
      ],
    ]);
    expect(asked).toEqual([['b']]);
  });

  it('finds nothing for a key that the loader leaves out, nor for one that it adds', async () => {
    const { cache } = startCache();
    const found = await cache.getOrSetMany(
      ['a', 'b'],
      () =>
        new Map<string, number>([
          ['b', 2],
          ['x', 3],
        ]) as never,
    );
    expect([...found]).toEqual([['b', 2]]);
    expect(await cache.get('x')).toBeUndefined();
  });

  it('that fails says what was found, shows no value when printed, and gives single keys the loader’s own error', async () => {
    const { cache } = startCache();
    await cache.set('a', 'cached');
    const failure = new Error('database down');
    const loading = deferred<never>();
    const many = cache.getOrSetMany(['a', 'b', 'c'], () => loading.promise);
    await new Promise((resolve) => setImmediate(resolve));
    const single = cache.getOrSet('b', () => 'not called');
    loading.reject(failure);
    await expect(single).rejects.toBe(failure);
    await expect(many).rejects.toMatchObject({
      code: 'bulk-load-failed',
      found: new Map([['a', 'cached']]),
      cause: failure,
      message: expect.stringContaining('The loader of 2 keys failed. Look at the cause'),
    });
  });

  it('refuses a wrong key and wrong options before anything is asked', async () => {
    const { cache, store } = startCache();
    const load = () => [];
    const wrong = { constructor: MomentoCacheError, code: 'INVALID_ARGUMENT_ERROR' };
    await expect(cache.getOrSetMany(['a', ''], load)).rejects.toMatchObject(wrong);
    await expect(cache.getOrSetMany(['a'], load, { ttlSeconds: 0 })).rejects.toMatchObject(wrong);
    expect(store.calls.getMany.count + store.calls.get.count).toBe(0);
  });

  it('with no keys asks nobody', async () => {
    const { cache } = startCache();
    const loader = startLoader();
    expect(await cache.getOrSetMany([], loader as never)).toEqual(new Map());
    expect(loader.runs).toBe(0);
  });
});
