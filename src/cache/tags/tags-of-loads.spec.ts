import { beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { writeMarker } from '../entry/envelope.js';
import { deferred, startCache } from '../load/load.fixture.js';
import { markerKeyOf } from './marker.js';

const tagged = { tags: ['org'] };
const logs = captureLogs();

beforeEach(() => logs.start());

describe('a load', () => {
  it('that began before an invalidation by another process is not stored as valid', async () => {
    const { cache, process } = startCache(tagged);
    const other = process();
    const loading = deferred<string>();
    const value = cache.getOrSet('key', () => loading.promise);
    await vi.waitFor(() => expect(cache.get(markerKeyOf('org'))).resolves.toBeUndefined());
    await other.cache.invalidateTags('org');
    loading.resolve('old');
    expect(await value).toBe('old');
    expect(await other.cache.getOrSet('key', () => 'new')).toBe('new');
  });

  it.each([
    ['that are named', ['org']],
    ['of the value', () => ['org']],
  ])(
    'that began before an invalidation is not handed to who asks after it, with tags %s',
    async (_name, tags) => {
      const { cache, store } = startCache();
      const [old, started] = [deferred<string>(), deferred<void>()];
      const first = cache.getOrSet(
        'key',
        () => {
          started.resolve();
          return old.promise;
        },
        { tags },
      );
      await started.promise;
      await cache.invalidateTags('org');
      const second = cache.getOrSet('key', () => 'new', { tags });
      old.resolve('old');
      expect(await Promise.all([first, second])).toEqual(['old', 'new']);
      expect(await cache.getOrSet('key', () => 'third', { tags: ['org'] })).toBe('new');
      expect(store.items.size).toBe(2);
    },
  );

  it.each([
    ['without tags', undefined],
    ['with other tags', ['other']],
  ])('%s is shared all the same', async (_name, tags) => {
    const { cache } = startCache();
    const [old, started] = [deferred<string>(), deferred<void>()];
    const load = vi.fn<() => Promise<string>>(() => {
      started.resolve();
      return old.promise;
    });
    const first = cache.getOrSet('key', load, { tags });
    await started.promise;
    await cache.invalidateTags('org');
    const second = cache.getOrSet('key', load, { tags });
    old.resolve('old');
    expect([await first, await second, load.mock.calls.length]).toEqual(['old', 'old', 1]);
  });

  it('remembers with the tags that nothing was found', async () => {
    const { cache } = startCache({ ...tagged, notFoundSeconds: 60 });
    const load = vi.fn<() => undefined>(() => undefined);
    for (let time = 0; time < 2; time += 1) expect(await cache.getOrSet('key', load)).toBeUndefined();
    await cache.invalidateTags('org');
    expect(await cache.getOrSet('key', load)).toBeUndefined();
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('whose tags only the value tells is not stored when one was invalidated within 5 s before it by another clock', async () => {
    const { cache, store } = startCache({ tags: () => ['org'] });
    const marked = (ageMs: number) =>
      store.set({ key: markerKeyOf('org'), value: writeMarker(new Uint8Array(16), Date.now() - ageMs) });
    await marked(4_000);
    await cache.getOrSet('key', () => 1);
    expect(store.items.has('key')).toBe(false);
    await marked(6_000);
    await cache.getOrSet('key', () => 2);
    expect(await cache.getOrSet('key', () => 3)).toBe(2);
    // The invalid value that is there tells the tags before the load.
    await cache.invalidateTags('org');
    await cache.getOrSet('key', () => 4);
    expect(await cache.getOrSet('key', () => 5)).toBe(4);
  });

  it('goes on when markers can be neither read nor made, and is not stored', async () => {
    for (const failing of ['getMany', 'setIfAbsent']) {
      const { cache, store } = startCache(tagged);
      store.before = ({ name }) => {
        if (name === failing) throw new Error('Momento is away');
      };
      expect(await cache.getOrSet('key', () => 1)).toBe(1);
      expect(store.items.size).toBe(0);
    }
    const { cache, store } = startCache({ tags: () => ['org'] });
    store.errorOf = (key) => (key === 'key' ? undefined : new Error('Momento is away'));
    expect(await cache.getOrSet('key', () => 1)).toBe(1);
    expect(store.items.size).toBe(0);
  });
});
