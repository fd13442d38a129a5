import { TimeoutError } from '@gomomento/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { deferred, startCache } from '../load/load.fixture.js';
import { markerKeyOf } from './marker.js';

const tagged = { tags: ['org'] };
const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const logs = captureLogs();

beforeEach(() => {
  vi.useFakeTimers();
  logs.start();
});
afterEach(() => vi.useRealTimers());

describe.each([true, false])('an invalidation that fails, with batching %s', (batching) => {
  const fail = (key: string) => (key === markerKeyOf('org') ? new TimeoutError('no answer') : undefined);

  it('is tried again until it holds; until then its values are gone in this process', async () => {
    const { cache, store, process } = startCache({ ...tagged, batching });
    const other = process();
    await cache.set('key', 'old');
    await cache.set('other', 'other', { tags: ['b'] });
    store.errorOf = (key, { name }) => (name.startsWith('set') ? fail(key) : undefined);
    await cache.invalidateTags(['org', 'b']);
    expect(logs.lines.join()).toContain('invalidateTags');
    expect([await cache.get('key'), await cache.get('other')]).toEqual([undefined, undefined]);
    expect(await cache.getOrSet('key', () => 'new')).toBe('new');
    expect(await cache.getOrSet('key', () => 'newer')).toBe('newer');
    expect(await other.cache.get('key')).toBe('newer');
    await passMs(2_500);
    store.errorOf = undefined;
    expect(await other.cache.get('key')).toBe('newer');
    await passMs(4_500);
    expect(await other.cache.get('key')).toBeUndefined();
    await cache.set('key', 'last');
    expect(await cache.getOrSet('key', () => 'not called')).toBe('last');
  });

  it('is not remembered when a later one succeeds', async () => {
    const { cache, store, context } = startCache({ ...tagged, batching });
    store.errorOf = fail;
    await cache.invalidateTags('org');
    expect(context.evictions.size).toBe(1);
    store.errorOf = undefined;
    await cache.invalidateTags('org');
    expect(context.evictions.size).toBe(0);
    await cache.set('key', 1);
    await passMs(10_000);
    expect(await cache.get('key')).toBe(1);
  });

  it('is made at the end of the app', async () => {
    const closing = new AbortController();
    const { cache, store, process } = startCache({ ...tagged, batching }, { closing: closing.signal });
    await cache.set('key', 1);
    store.errorOf = fail;
    await cache.invalidateTags('org');
    store.errorOf = undefined;
    closing.abort();
    await passMs(0);
    expect(await process().cache.get('key')).toBeUndefined();
  });

  it('hides what is read while it is tried again', async () => {
    const { cache, store } = startCache({ ...tagged, batching });
    await cache.set('key', 'old');
    store.errorOf = fail;
    await cache.invalidateTags('org');
    store.errorOf = undefined;
    const slow = deferred<void>();
    let isRead = false;
    store.after = async ({ keys, name }) => {
      if (!keys.includes('key') || !name.startsWith('get')) return;
      isRead = true;
      await slow.promise;
    };
    const read = cache.get('key');
    await vi.waitFor(() => expect(isRead).toBe(true));
    await passMs(3_000);
    slow.resolve();
    expect(await read).toBeUndefined();
  });
});

it('leaves nothing behind after 300 of them', async () => {
  const { cache, context } = startCache(tagged);
  for (let time = 0; time < 300; time += 1) {
    const value = cache.getOrSet(`key ${time % 7}`, () => time, { tags: [`tag ${time}`, 'org'] });
    await Promise.all([value, cache.invalidateTags([`tag ${time}`])]);
  }
  await passMs(1);
  expect([context.evictions.size, context.inFlight.count, context.tagsOf('demo-cache').making.size]).toEqual([
    0, 0, 0,
  ]);
});
