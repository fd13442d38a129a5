import { TimeoutError } from '@gomomento/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import type { CacheService } from '../cache.service.js';
import { startCache, startLoader } from '../load/load.fixture.js';
import type { CacheEvents } from './cache-events.js';

const logs = captureLogs();
beforeEach(() => {
  vi.useFakeTimers();
  logs.start();
});
afterEach(() => vi.useRealTimers());
const passSeconds = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);
const names = ['hit', 'miss', 'load', 'stale', 'refresh', 'evict', 'breaker', 'error'] as const;

/** What listeners of a cache are told, in order. */
function listen(cache: CacheService) {
  const told: (readonly [string, CacheEvents[keyof CacheEvents]])[] = [];
  for (const name of names) cache.on(name, (payload) => told.push([name, payload]));
  return told;
}

const about = { cacheName: 'demo-cache', keyPrefix: 'p:', key: 'key' };
const slowLoader = () => new Promise<string>((resolve) => setTimeout(() => resolve('value'), 20));

describe('listeners of a cache are told', () => {
  it('of a miss with its load, and of a hit, with the key as the caller wrote it', async () => {
    const { cache } = startCache({ keyPrefix: 'p:' });
    const told = listen(cache);
    const asked = cache.getOrSet('key', slowLoader);
    await passSeconds(1);
    await asked;
    await cache.getOrSet('key', slowLoader);
    await cache.get('key');
    await cache.getMany(['key']);
    expect(told).toEqual([
      ['load', { ...about, durationMs: 20, isBehind: false }],
      ['miss', about],
      ...Array.from({ length: 3 }, () => ['hit', { ...about, source: 'cache' }]),
    ]);
  });

  it('of a loader that fails', async () => {
    const { cache } = startCache({ keyPrefix: 'p:' });
    const told = listen(cache);
    const error = new Error('broken');
    await expect(cache.getOrSet('key', () => Promise.reject(error))).rejects.toBe(error);
    expect(told).toEqual([
      ['load', { ...about, durationMs: 0, isBehind: false, error }],
      ['miss', about],
    ]);
  });

  it('of a stale value and its refresh', async () => {
    const { cache } = startCache({ keyPrefix: 'p:', ttlSeconds: 60, staleSeconds: 600 });
    await cache.set('key', 'old');
    await passSeconds(61);
    const told = listen(cache);
    await cache.getOrSet('key', slowLoader);
    await passSeconds(1);
    expect(told).toEqual([
      ['stale', about],
      ['load', { ...about, durationMs: 20, isBehind: true }],
      ['refresh', { ...about, durationMs: 20, source: 'loader' }],
    ]);
  });

  it('of a refresh that fails', async () => {
    const { cache } = startCache({ keyPrefix: 'p:', ttlSeconds: 60, staleSeconds: 600 });
    await cache.set('key', 'old');
    await passSeconds(61);
    const told = listen(cache);
    const error = new Error('broken');
    await cache.getOrSet('key', () => Promise.reject(error));
    await passSeconds(1);
    expect(told.slice(1)).toEqual([
      ['load', { ...about, durationMs: 0, isBehind: true, error }],
      ['refresh', { ...about, durationMs: 0, error }],
    ]);
  });

  it('of what is evicted, when it holds, and of each try that fails', async () => {
    const { cache, store } = startCache({ keyPrefix: 'p:' });
    const told = listen(cache);
    store.errorOf = (_key, { name }) => (name === 'delete' ? new TimeoutError('away') : undefined);
    await cache.evict('key');
    await passSeconds(2);
    store.errorOf = undefined;
    await passSeconds(4);
    await cache.deleteMany(['key', 'other']);
    const error = expect.objectContaining({ name: 'MomentoCacheError', code: 'TIMEOUT_ERROR' }) as unknown;
    const failed = ['error', { cacheName: 'demo-cache', key: 'key', step: 'evict', error }];
    expect(told).toEqual([
      failed,
      failed,
      ['evict', about],
      ['evict', about],
      ['evict', { ...about, key: 'other' }],
    ]);
  });

  it('of a cache that fails, each time, and of the breaker', async () => {
    const { cache, store } = startCache();
    const told = listen(cache);
    store.errorOf = () => new TimeoutError('away');
    for (const key of ['a', 'b', 'c']) await cache.getOrSet(key, startLoader());
    store.errorOf = undefined;
    await passSeconds(1);
    await cache.getOrSet('d', startLoader());
    const failed = (key: string) => ({
      cacheName: 'demo-cache',
      key,
      step: 'read',
      error: expect.objectContaining({ code: 'TIMEOUT_ERROR' }) as unknown,
    });
    expect(told.filter(([name]) => name === 'error').map(([, payload]) => payload)).toEqual(
      ['a', 'b', 'c'].map(failed),
    );
    expect(told.filter(([name]) => name === 'breaker').map(([, payload]) => payload)).toEqual(
      ['open', 'half-open', 'closed'].map((state) => ({ cacheName: 'demo-cache', state })),
    );
    // Of the three failures there is one line.
    expect(logs.lines.filter((line) => line.includes('Going on without the cache'))).toHaveLength(1);
  });

  it('of evictions that are given up, in every cache', async () => {
    const closing = new AbortController();
    const { cache, store } = startCache({}, { closing: closing.signal });
    const told = [listen(cache), listen(cache.cache('other'))];
    store.errorOf = () => new Error('away');
    await cache.evict('key');
    closing.abort();
    await passSeconds(1);
    expect(told.map((one) => one.at(-1))).toMatchObject([
      ['error', { cacheName: 'demo-cache', step: 'lost' }],
      ['error', { cacheName: 'other', step: 'lost' }],
    ]);
  });

  it('of their own cache only, by whatever handle, until they go', async () => {
    const { cache } = startCache();
    const told: string[] = [];
    const keep = ({ keyPrefix, key }: CacheEvents['miss']) => told.push(keyPrefix + key);
    expect(cache.cache('sessions').on('miss', keep).on('hit', keep)).toBeInstanceOf(cache.constructor);
    await cache.get('other cache');
    await cache.cache('sessions', { keyPrefix: 's:' }).get('key');
    cache.cache('sessions', { keyPrefix: 't:' }).off('miss', keep);
    await cache.cache('sessions').get('too late');
    expect(told).toEqual(['s:key']);
  });
});

describe('a listener that fails', () => {
  it('reaches no request, is logged once and counted each time', async () => {
    const { cache } = startCache();
    cache.on('miss', () => {
      throw new Error('The listener is broken.');
    });
    cache.on('load', () => Promise.reject(new Error('The listener is broken.')));
    for (let key = 0; key < 300; key += 1)
      expect(await cache.getOrSet(`${key}`, () => 'value')).toBe('value');
    expect(cache.stats().listenerFailures).toBe(600);
    expect(logs.lines.map((line) => line.split('\n')[0])).toEqual([
      "error [CacheService] A listener of 'load' failed.",
      "error [CacheService] A listener of 'miss' failed.",
    ]);
  });

  it('and asks for the key that it is told of gets it', async () => {
    const { cache } = startCache();
    const values: unknown[] = [];
    cache.on('load', async ({ key }) => values.push(await cache.getOrSet(key, () => 'never')));
    expect(await cache.getOrSet('key', () => 'value')).toBe('value');
    await passSeconds(0);
    expect(values).toEqual(['value']);
  });
});

describe('when the connection closes', () => {
  it('listeners go, of caches that are first used later as well; counts stay', async () => {
    const connection = new AbortController();
    const { cache } = startCache({}, { signal: connection.signal });
    const told = listen(cache);
    await cache.get('key');
    connection.abort();
    const late = [listen(cache), listen(cache.cache('other'))];
    await cache.get('key');
    await cache.cache('other').get('key');
    expect(told.map(([name]) => name)).toEqual(['miss']);
    expect(late).toEqual([[], []]);
    expect(cache.stats().misses).toBe(2);
  });
});
