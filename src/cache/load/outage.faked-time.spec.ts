import { CancelledError, LimitExceededError, TimeoutError } from '@gomomento/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { startCache, startLoader } from './load.fixture.js';

const logs = captureLogs(['warn', 'log']);
const passSeconds = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

beforeEach(() => {
  vi.useFakeTimers();
  logs.start();
});
afterEach(() => vi.useRealTimers());

/** A cache whose calls end after 1.1 s, as those of a hung one do. */
function startHung(error: unknown = new TimeoutError('no answer')) {
  // Each call for itself: what fails one batch is one failure.
  const started = startCache({ batching: false });
  started.store.before = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    throw error;
  };
  return started;
}

describe('a cache that hangs', () => {
  it('costs its time limit three times and then nothing, but for one call that tries after 1 s, 2 s, 4 s…', async () => {
    const { cache, store } = startHung();
    const loader = startLoader();
    const waitsMs: number[] = [];
    for (let call = 0; call < 6; call += 1) {
      const startedAtMs = Date.now();
      const value = cache.getOrSet(`key ${call}`, loader).then(() => waitsMs.push(Date.now() - startedAtMs));
      await vi.advanceTimersToNextTimerAsync();
      await value;
    }
    expect([waitsMs, loader.runs]).toEqual([[1_100, 1_100, 1_100, 0, 0, 0], 6]);
    const counts: number[] = [];
    for (let second = 0; second < 12; second += 1) {
      await passSeconds(1.001);
      void cache.getOrSet('key', loader);
      void cache.getOrSet('other', loader);
      await passSeconds(0);
      counts.push(store.calls.get.count);
    }
    await passSeconds(2);
    // Open at 0 s; tried at 1 s, over at 2.1; at 5 s, over at 6.1; at 11 s.
    expect(counts).toEqual([4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 6, 6]);
    expect(logs.lines.filter((line) => line.includes('does not answer: values'))).toHaveLength(1);
  });

  it('is asked again by everybody when it has answered, also a direct call', async () => {
    const { cache, store } = startHung();
    for (const key of ['a', 'b', 'c']) void cache.getOrSet(key, () => key);
    await passSeconds(1.1);
    store.before = undefined;
    expect(await cache.getOrSet('d', () => 'd')).toBe('d');
    expect(store.calls.set.count).toBe(0);
    await cache.set('e', 'cached');
    expect(await cache.getOrSet('e', () => 'not called')).toBe('cached');
    expect(logs.lines.at(-1)).toContain('Momento answers again');
  });

  it('makes direct calls fail as it does, each after its own time', async () => {
    const { cache, store } = startHung();
    const calls = Promise.allSettled(Array.from({ length: 5 }, (_, index) => cache.get(`key ${index}`)));
    await passSeconds(1.1);
    await calls;
    const later = Promise.allSettled([cache.get('key')]);
    await passSeconds(1.1);
    expect([await later, store.calls.get.count]).toMatchObject([[{ status: 'rejected' }], 6]);
  });

  it.each([
    ['the account’s limit', new LimitExceededError('too many')],
    ['a call that was cancelled', new CancelledError('cancelled')],
  ])('is not what %s is: that is an answer', async (_case, error) => {
    const { cache, store } = startHung(error);
    for (let call = 0; call < 5; call += 1) {
      const value = cache.getOrSet('key', () => call);
      await passSeconds(1.1);
      await value;
    }
    expect(store.calls.get.count).toBe(5);
  });

  it('also is one that takes longer than cacheTimeoutSeconds', async () => {
    const { cache, store } = startHung();
    for (let call = 0; call < 5; call += 1) {
      const value = cache.getOrSet('key', () => call, { cacheTimeoutSeconds: 0.05 });
      await passSeconds(0.05);
      expect(await value).toBe(call);
    }
    expect(store.calls.get.count).toBe(3);
    await passSeconds(2);
  });
});
