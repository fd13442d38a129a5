import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { readEntry } from '../entry/envelope.js';
import { startCache, startLoader } from '../load/load.fixture.js';
import type { MemoryStore } from '../remote/memory-store.fixture.js';
import { markerKeyOf } from './marker.js';

const tagged = { tags: ['org'] };
const logs = captureLogs();

beforeEach(() => logs.start());
afterEach(() => vi.restoreAllMocks());

/** How often each call was made since, without those that were not. */
function countsOf(store: MemoryStore) {
  const counts = Object.entries(store.calls).map(([name, { count }]) => [name, count] as const);
  for (const calls of Object.values(store.calls)) calls.count = 0;
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

describe.each([
  ['a request a call', { batching: false }],
  ['batching', { batching: true }],
])('tags, with %s', (_name, binding) => {
  it('that are named are read with the value: one request a hit', async () => {
    const { cache, store } = startCache(binding);
    const loader = startLoader();
    const ask = () => cache.getOrSet('key', loader, tagged);
    expect(await ask()).toBe(1);
    expect(countsOf(store)).toEqual({ getMany: 1, setIfAbsent: 1, set: 1 });
    expect(await ask()).toBe(1);
    expect(countsOf(store)).toEqual({ getMany: 1 });
    await cache.invalidateTags('org');
    expect(await ask()).toBe(2);
    expect(await ask()).toBe(2);
    expect(loader.runs).toBe(2);
  });

  it('of the value are read after it: a second request a hit', async () => {
    const { cache, store } = startCache(binding);
    const loader = startLoader();
    const ask = () => cache.getOrSet('key', loader, { tags: (value) => [`org ${value}`, 'all'] });
    expect(await ask()).toBe(1);
    countsOf(store);
    expect(await ask()).toBe(1);
    const { get = 0, getMany = 0 } = countsOf(store);
    expect(get + getMany).toBe(2);
    await cache.invalidateTags(['org 3']);
    expect(await ask()).toBe(1);
    await cache.invalidateTags(['org 1']);
    expect(await ask()).toBe(2);
    expect(await ask()).toBe(2);
  });

  it('make a value invalid for get, getMany and getOrSetMany as well', async () => {
    const { cache, store } = startCache(binding);
    await cache.set('a', 1, tagged);
    expect(countsOf(store)).toMatchObject({ setIfAbsent: 1, set: 1 });
    await cache.setMany(
      [
        ['b', 2],
        ['c', 3],
      ],
      { tags: (value: number) => (value === 2 ? ['org'] : ['other']) },
    );
    expect(await cache.setIfAbsent('d', 4, tagged)).toBe(true);
    const keys = ['a', 'b', 'c', 'd'];
    expect(await cache.get('a')).toBe(1);
    expect([...(await cache.getMany(keys)).values()]).toEqual([1, 2, 3, 4]);
    await cache.invalidateTags(['org']);
    expect(await cache.get('a')).toBeUndefined();
    expect([...(await cache.getMany(keys))]).toEqual([['c', 3]]);
    const loaded = await cache.getOrSetMany(keys, (missing) => missing.map((key) => [key, 9] as const));
    expect([...loaded.values()]).toEqual([9, 9, 3, 9]);
  });

  it('of the handle are read with each value of get', async () => {
    const { cache, store } = startCache({ ...binding, ...tagged });
    await cache.set('a', 1);
    countsOf(store);
    expect([await cache.get('a'), countsOf(store)]).toEqual([1, { getMany: 1 }]);
    expect([await cache.getMany(['a']), countsOf(store)]).toEqual([new Map([['a', 1]]), { getMany: 1 }]);
    await cache.invalidateTags('org');
    expect(await cache.get('a')).toBeUndefined();
  });

  it('cost nothing when there are none', async () => {
    const { cache, store } = startCache(binding);
    expect(await cache.getOrSet('key', () => 1)).toBe(1);
    expect(await cache.get('key')).toBe(1);
    expect(countsOf(store)).toEqual({ get: 2, set: 1 });
    expect(store.items.get('key')?.bytes).toEqual(new TextEncoder().encode('1'));
  });
});

describe('a marker', () => {
  it('that is gone makes values invalid, also within their stale windows, and is made once for all', async () => {
    const { cache, store } = startCache({ ...tagged, staleSeconds: 60, staleIfErrorSeconds: 60 });
    await cache.getOrSet('key', () => 'old');
    store.items.delete(markerKeyOf('org'));
    countsOf(store);
    const load = vi.fn<(context: object) => string>(() => 'new');
    const values = await Promise.all(['key', 'other', 'third'].map((key) => cache.getOrSet(key, load)));
    expect([values, countsOf(store).setIfAbsent]).toEqual([['new', 'new', 'new'], 1]);
    expect(load.mock.calls[0]?.[0]).not.toHaveProperty('previous');
    expect(await cache.getOrSet('key', () => 'not called')).toBe('new');
  });

  it('is that of whoever was first', async () => {
    const { cache, store, process } = startCache(tagged);
    const other = process();
    store.before = async ({ name }) => {
      if (name !== 'setIfAbsent') return;
      store.before = undefined;
      await other.cache.getOrSet('other', () => 'other');
    };
    await cache.getOrSet('key', () => 'value');
    expect(await other.cache.getOrSet('key', () => 'not called')).toBe('value');
    expect(await cache.getOrSet('other', () => 'not called')).toBe('other');
  });

  it('that cannot be read is replaced, one that is gone again and again is given up', async () => {
    const { cache, store } = startCache(tagged);
    await store.set({ key: markerKeyOf('org'), value: 'something else' });
    await cache.getOrSet('key', () => 1);
    expect(await cache.getOrSet('key', () => 2)).toBe(1);
    vi.spyOn(store, 'setIfAbsent').mockResolvedValue(false);
    store.items.clear();
    expect(await cache.getOrSet('key', () => 3)).toBe(3);
    expect([store.items.size, logs.lines.join()]).toEqual([0, expect.stringContaining('marker')]);
    await expect(cache.set('key', 1)).rejects.toThrow('marker');
  });

  it('is shown by no read, and is one of the cache, whatever the prefixes', async () => {
    const { cache, process } = startCache(tagged);
    const prefixed = process({ keyPrefix: 'users:', ...tagged });
    await cache.set('key', 1);
    await prefixed.cache.set('key', 2);
    expect(await cache.get(markerKeyOf('org'))).toBeUndefined();
    expect(await cache.getMany([markerKeyOf('org')])).toEqual(new Map());
    await prefixed.cache.invalidateTags('org');
    expect([await cache.get('key'), await prefixed.cache.get('key')]).toEqual([undefined, undefined]);
  });

  it('lives for tagSeconds', async () => {
    const { cache, store } = startCache({ ...tagged, tagSeconds: 30.5 });
    await cache.set('key', 1);
    const { expiresAtMs = 0 } = store.items.get(markerKeyOf('org')) ?? {};
    expect(Math.round((expiresAtMs - Date.now()) / 1000)).toBe(31);
  });
});

describe('wrong tags', () => {
  it.each([
    ['', 'an empty one'],
    ['\ud800', 'half a pair of surrogates'],
  ])('are refused: %j, %s', async (tag) => {
    const { cache } = startCache();
    await expect(cache.invalidateTags(['good', tag])).rejects.toThrow('whole characters');
    await expect(cache.getOrSet('key', () => 1, { tags: [tag] })).rejects.toThrow('tags: must be a list');
    await expect(cache.set('key', 1, { tags: () => [tag] })).rejects.toThrow('tags answered');
  });

  it('are more than 50, and tagSeconds of a call', async () => {
    const { cache } = startCache();
    const tags = Array.from({ length: 51 }, (_, index) => `tag ${index}`);
    await expect(cache.set('key', 1, { tags })).rejects.toThrow('at most 50');
    await cache.invalidateTags(tags);
    await cache.set('key', 1, { tags: tags.slice(1) });
    const ofHandle: object = { tagSeconds: 1 };
    await expect(cache.set('key', 1, ofHandle)).rejects.toThrow('tagSeconds');
  });

  it('named twice are one', async () => {
    const { cache, store } = startCache();
    await cache.set('key', 1, { tags: ['org', 'org'] });
    const stored = readEntry(store.items.get('key')?.bytes ?? new Uint8Array());
    expect(stored).toMatchObject({ kind: 'value', tags: [{ tag: 'org' }] });
  });
});
