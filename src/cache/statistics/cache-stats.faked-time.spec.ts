import { TimeoutError } from '@gomomento/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MomentoReentrantLoadError } from '../loaders/loader.errors.js';
import { deferred, startCache, startLoader } from '../load/load.fixture.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());
const passSeconds = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

describe('stats', () => {
  it('are all 0 before anything is asked for', () => {
    const { breaker, ...counts } = startCache().cache.stats();
    expect(breaker).toBe('closed');
    expect(Object.entries(counts).filter(([, count]) => count !== 0)).toEqual([]);
    expect(Object.keys(counts).toSorted()).toEqual([
      'batchedReads',
      'estimatedOperations',
      'fenced',
      'hits',
      'joined',
      'listenerFailures',
      'loadFailures',
      'loads',
      'misses',
      'nearBytes',
      'nearHits',
      'nearItems',
      'pendingEvictions',
      'reads',
      'savedRequests',
      'stale',
      'stored',
      'writes',
    ]);
  });

  it('say how each key that is asked for ended', async () => {
    const { cache } = startCache({ ttlSeconds: 60, staleSeconds: 60 });
    const loader = startLoader();
    await Promise.all([cache.getOrSet('key', loader), cache.getOrSet('key', loader)]);
    expect(cache.stats()).toMatchObject({ misses: 1, joined: 1, loads: 1, stored: 1, reads: 1, writes: 1 });
    await cache.getOrSetEntry('key', loader);
    await cache.get('key');
    await cache.getMany(['key', 'other', 'other']);
    expect(cache.stats()).toMatchObject({ hits: 3, misses: 2 });
    await passSeconds(61);
    await cache.getOrSet('key', loader);
    await passSeconds(0);
    expect(cache.stats()).toMatchObject({ hits: 3, stale: 1, misses: 2, loads: 2, stored: 2 });
  });

  it('count a loader that fails, for each caller in one way', async () => {
    const { cache } = startCache();
    const failing = () => cache.getOrSet('key', () => Promise.reject(new Error('broken')));
    await Promise.allSettled([failing(), failing()]);
    expect(cache.stats()).toMatchObject({ misses: 1, joined: 1, loads: 1, loadFailures: 1, stored: 0 });
  });

  it('count a stale value that stands in for a loader as stale', async () => {
    const { cache } = startCache({ ttlSeconds: 60, staleIfErrorSeconds: 60 });
    await cache.set('key', 'old');
    await passSeconds(61);
    await cache.getOrSet('key', () => Promise.reject(new Error('broken')));
    expect(cache.stats()).toMatchObject({ stale: 1, hits: 0, misses: 0, loads: 1, loadFailures: 1 });
  });

  it('count a key that was refused nowhere', async () => {
    const { cache } = startCache();
    await expect(cache.get('')).rejects.toThrow('not a filled string');
    await expect(cache.getOrSet('', startLoader())).rejects.toThrow('not a filled string');
    await expect(cache.getOrSet('key', () => cache.getOrSet('key', startLoader()))).rejects.toThrow(
      MomentoReentrantLoadError,
    );
    expect(cache.stats()).toMatchObject({ misses: 1, joined: 0, loads: 1, loadFailures: 1 });
  });

  it('count what was held back because the key was changed meanwhile', async () => {
    const { cache } = startCache();
    const loading = deferred<string>();
    const asked = cache.getOrSet('key', () => loading.promise);
    await passSeconds(0);
    await cache.delete('key');
    loading.resolve('old');
    await asked;
    expect(cache.stats()).toMatchObject({ loads: 1, stored: 0, fenced: 1 });
  });

  it('count what a fleet held back, and who asks again once', async () => {
    const { cache, process } = startCache({ singleFlight: 'fleet' });
    const other = process();
    const loading = deferred<string>();
    const asked = [
      cache.getOrSet('key', () => loading.promise),
      cache.getOrSet('key', () => loading.promise),
    ];
    await passSeconds(0);
    await other.cache.delete('key');
    loading.resolve('old');
    await Promise.all(asked);
    // Who joined got nothing of the load that was fenced, and loaded by itself.
    expect(cache.stats()).toMatchObject({ misses: 2, joined: 0, loads: 2, fenced: 1, stored: 1 });
    expect(other.cache.stats()).toMatchObject({ misses: 0, writes: 1 });
  });

  it('count a value that another process loaded meanwhile as a hit', async () => {
    const { cache, process } = startCache({ singleFlight: 'fleet' });
    const loading = deferred<string>();
    const theirs = process().cache.getOrSet('key', () => loading.promise);
    await passSeconds(0);
    const ours = cache.getOrSet('key', startLoader());
    await passSeconds(0.1);
    loading.resolve('theirs');
    await passSeconds(1);
    expect(await Promise.all([theirs, ours])).toEqual(['theirs', 'theirs']);
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 0, loads: 0 });
  });

  it('count nothing as stored that was not', async () => {
    const { cache, store } = startCache();
    await cache.getOrSet('a', () => undefined);
    await cache.getOrSet('b', () => 'b', { storeIf: () => false });
    store.errorOf = (_key, { name }) => (name === 'set' ? new TimeoutError('away') : undefined);
    await cache.getOrSet('c', () => 'c');
    expect(cache.stats()).toMatchObject({ loads: 3, stored: 0, fenced: 0, loadFailures: 0 });
  });

  it('are those of the cache, whatever handles of it there were', async () => {
    const { cache } = startCache();
    for (let request = 0; request < 300; request += 1)
      await cache.cache('sessions', { keyPrefix: `${request}:` }).get('key');
    expect(cache.cache('sessions').stats()).toMatchObject({ misses: 300, reads: 300 });
    expect(cache.stats()).toMatchObject({ misses: 0, reads: 0 });
  });

  it('tell what batching saves', async () => {
    const { cache } = startCache();
    await Promise.all(['a', 'b', 'c', 'a'].map((key) => cache.get(key)));
    expect(cache.stats()).toMatchObject({ batchedReads: 3, savedRequests: 3, reads: 3 });
  });

  it('tell the evictions of this cache that are pending, and the state of the breaker', async () => {
    const { cache, store } = startCache();
    const other = cache.cache('demo');
    store.errorOf = () => new TimeoutError('away');
    await cache.evict(['a', 'b', 'c']);
    expect([cache.stats(), other.stats()]).toMatchObject([
      { pendingEvictions: 3, breaker: 'open' },
      { pendingEvictions: 0, breaker: 'open' },
    ]);
    store.errorOf = undefined;
    await passSeconds(2);
    expect(cache.stats()).toMatchObject({ pendingEvictions: 0, breaker: 'closed', writes: 6 });
  });

  it('are a picture of the moment', async () => {
    const { cache } = startCache();
    const before = cache.stats();
    await cache.get('key');
    expect([before.misses, cache.stats().misses]).toEqual([0, 1]);
  });
});
