import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { deferred, startCache, startLoader } from './load.fixture.js';

const windows = { ttlSeconds: 60, staleSeconds: 600, staleIfErrorSeconds: 3_600 };
const passSeconds = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

const logs = captureLogs();

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a value that is stale', () => {
  it('is handed out at once and refreshed behind, once for all who ask', async () => {
    const { cache } = startCache(windows);
    const loader = startLoader();
    expect(await cache.getOrSetEntry('key', loader)).toMatchObject({ value: 1, source: 'loader' });
    await passSeconds(59);
    expect(await cache.getOrSetEntry('key', loader)).toEqual({ value: 1, source: 'cache', ageSeconds: 59 });
    await passSeconds(2);
    const asked = await Promise.all(Array.from({ length: 100 }, () => cache.getOrSetEntry('key', loader)));
    expect(new Set(asked.map(({ value, source }) => `${source} ${value}`))).toEqual(new Set(['stale 1']));
    await passSeconds(0);
    expect(await cache.getOrSetEntry('key', loader)).toMatchObject({ value: 2, source: 'cache' });
    expect(loader.runs).toBe(2);
  });

  it('is handed out while its refresh takes long, which others do not repeat', async () => {
    const { cache } = startCache(windows);
    await cache.getOrSet('key', () => 'old');
    await passSeconds(61);
    const loading = deferred<string>();
    const loader = vi.fn<() => Promise<string>>(() => loading.promise);
    for (let read = 0; read < 3; read += 1) {
      expect(await cache.getOrSet('key', loader)).toBe('old');
      await passSeconds(1);
    }
    expect(loader).toHaveBeenCalledTimes(1);
    loading.resolve('new');
    await passSeconds(0);
    expect(await cache.getOrSet('key', loader)).toBe('new');
  });

  it('that was refreshed by another process meanwhile is not loaded again', async () => {
    const { cache, store, process } = startCache(windows);
    await cache.getOrSet('key', () => 'old');
    await passSeconds(61);
    // The first read is the reader's, the second the refresh's.
    const other = process();
    store.before = async ({ name }) => {
      if (name === 'get' && store.calls.get.count === 3) await other.cache.set('key', 'newer');
    };
    const loader = startLoader();
    expect(await cache.getOrSet('key', loader)).toBe('old');
    await passSeconds(0);
    expect(await cache.getOrSet('key', loader)).toBe('newer');
    expect(loader.runs).toBe(0);
  });

  it.each([
    ['deleted', undefined],
    ['written', 'written'],
  ])('and %s during its refresh: what was loaded is thrown away', async (change, expected) => {
    const { cache } = startCache(windows);
    await cache.getOrSet('key', () => 'old');
    await passSeconds(61);
    const loading = deferred<string>();
    await cache.getOrSet('key', () => loading.promise);
    await passSeconds(0);
    await (change === 'deleted' ? cache.delete('key') : cache.set('key', 'written'));
    loading.resolve('older');
    await passSeconds(0);
    expect(await cache.get('key')).toBe(expected);
  });

  it('is left alone for 1 s, 2 s, 4 s… after its refresh failed, which is said once', async () => {
    logs.start();
    const { cache } = startCache(windows);
    await cache.getOrSet('key', () => 'old');
    await passSeconds(61);
    const runsAt: number[] = [];
    const startedAtMs = Date.now();
    const loader = async () => {
      runsAt.push((Date.now() - startedAtMs) / 1000);
      throw new Error('database down');
    };
    for (let read = 0; read < 80; read += 1) {
      expect(await cache.getOrSet('key', loader)).toBe('old');
      await passSeconds(0.1);
    }
    expect(runsAt.map((seconds) => Math.round(seconds))).toEqual([0, 1, 3, 7]);
    expect(logs.lines.filter((line) => line.includes('database down'))).toHaveLength(1);
  });

  it('is not what get and getMany answer, which have nothing to refresh it with; has is true', async () => {
    const { cache } = startCache(windows);
    await cache.set('key', 'value');
    expect([await cache.get('key'), (await cache.getMany(['key'])).size]).toEqual(['value', 1]);
    await passSeconds(61);
    expect([await cache.get('key'), (await cache.getMany(['key'])).size]).toEqual([undefined, 0]);
    expect(await cache.has('key')).toBe(true);
  });
});

describe('a value that may be handed out when its loader fails', () => {
  async function startOld() {
    const started = startCache(windows);
    await started.cache.getOrSet('key', () => 'old');
    await passSeconds(60 + 600 + 1);
    return started;
  }
  const fail = () => Promise.reject(new Error('database down'));

  it('is, which is said, and the loader is tried again at each call', async () => {
    logs.start();
    const { cache } = await startOld();
    for (let read = 0; read < 2; read += 1)
      expect(await cache.getOrSetEntry('key', fail)).toEqual({
        value: 'old',
        source: 'stale',
        ageSeconds: 661,
      });
    expect(logs.lines.filter((line) => line.includes('database down'))).toHaveLength(1);
    expect(await cache.getOrSet('key', () => 'new')).toBe('new');
  });

  it('is not after its last window: everyone who waits gets the loader’s error', async () => {
    const { cache } = await startOld();
    await passSeconds(3_600);
    const outcomes = await Promise.allSettled([cache.getOrSet('key', fail), cache.getOrSet('key', fail)]);
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { message: 'database down' } },
      { status: 'rejected', reason: { message: 'database down' } },
    ]);
  });

  it('is after the soft limit, and what the loader loads later is stored', async () => {
    const { cache } = await startOld();
    const loading = deferred<string>();
    const options = { loaderSoftTimeoutSeconds: 0.5 };
    const value = cache.getOrSet('key', () => loading.promise, options);
    await passSeconds(0.5);
    expect(await value).toBe('old');
    loading.resolve('new');
    await passSeconds(0);
    expect(await cache.get('key')).toBe('new');
  });

  it('is when the loader fails after the soft limit, without an unhandled rejection', async () => {
    logs.start();
    const { cache } = await startOld();
    const loading = deferred<string>();
    const value = cache.getOrSet('key', () => loading.promise, { loaderSoftTimeoutSeconds: 0.5 });
    await passSeconds(0.5);
    expect(await value).toBe('old');
    loading.reject(new Error('database down'));
    await passSeconds(0);
    expect(logs.lines.filter((line) => line.includes('database down'))).toHaveLength(1);
  });

  it('is when the loader takes longer than its hard limit', async () => {
    const { cache } = await startOld();
    const value = cache.getOrSet('key', () => new Promise<string>(() => undefined), {
      loaderTimeoutSeconds: 2,
    });
    await passSeconds(2);
    expect(await value).toBe('old');
  });
});

describe('a value that nobody found', () => {
  it('is remembered for notFoundSeconds, and looks like a miss to get', async () => {
    const { cache } = startCache({ notFoundSeconds: 10 });
    const loader = vi.fn<() => undefined>(() => undefined);
    expect(await cache.getOrSetEntry('key', loader)).toMatchObject({ value: undefined, source: 'loader' });
    await passSeconds(9);
    expect(await cache.getOrSetEntry('key', loader)).toMatchObject({ value: undefined, source: 'cache' });
    expect([await cache.get('key'), loader.mock.calls.length]).toEqual([undefined, 1]);
    await passSeconds(2);
    await cache.getOrSet('key', loader);
    expect(loader).toHaveBeenCalledTimes(2);
  });
});

describe('early refresh', () => {
  it('refreshes a fresh value behind when chance says so, and not in the first half of its time', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0);
    const { cache } = startCache({ ttlSeconds: 100, earlyRefresh: true });
    let runs = 0;
    const loader = vi.fn<() => Promise<number>>(async () => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      return (runs += 1);
    });
    const first = cache.getOrSet('key', loader);
    await passSeconds(0.4);
    expect(await first).toBe(1);
    await passSeconds(49);
    expect(await cache.getOrSet('key', loader)).toBe(1);
    await passSeconds(2);
    expect(loader).toHaveBeenCalledTimes(1);
    // −δ·ln(random) ≥ the time left: sure for a random number of 0, out of question for one near 1.
    random.mockReturnValue(0.999);
    expect(await cache.getOrSet('key', loader)).toBe(1);
    await passSeconds(0);
    expect(loader).toHaveBeenCalledTimes(1);
    random.mockReturnValue(0);
    expect(await cache.getOrSetEntry('key', loader)).toMatchObject({ value: 1, source: 'cache' });
    await passSeconds(1);
    expect(await cache.getOrSet('key', loader)).toBe(2);
    expect(loader).toHaveBeenCalledTimes(2);
    random.mockRestore();
  });
});
