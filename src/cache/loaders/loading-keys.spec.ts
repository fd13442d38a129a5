import { describe, expect, it } from 'vitest';
import { deferred, startCache } from '../load/load.fixture.js';
import { MomentoReentrantLoadError } from './loader.errors.js';

describe('a loader that asks for its own key', () => {
  it('is told so, also when another loader has ended meanwhile', async () => {
    const { cache } = startCache();
    const other = deferred<string>();
    const asks = cache.getOrSet('key', async () => {
      await other.promise;
      return cache.getOrSet('key', () => 'inner');
    });
    await cache.getOrSet('other', () => 'value');
    other.resolve('go on');
    await expect(asks).rejects.toThrow(MomentoReentrantLoadError);
  });

  it('is told so each time, however many loaders have run before', async () => {
    const { cache } = startCache();
    for (let time = 0; time < 3; time += 1) {
      await cache.getOrSet(`other ${time}`, () => 'value');
      const asks = cache.getOrSet('key', async () => {
        await Promise.resolve();
        return cache.getOrSet('key', () => 'inner');
      });
      await expect(asks).rejects.toThrow(MomentoReentrantLoadError);
    }
  });

  it('may do so when it has ended, while others run', async () => {
    const { cache } = startCache();
    const ended = deferred<string>();
    let later: Promise<string> | undefined;
    await cache.getOrSet('key', () => {
      later = ended.promise.then(() => cache.getOrSet('key', () => 'again'));
      return 'value';
    });
    const running = cache.getOrSet('other', async () => {
      ended.resolve('now');
      return later;
    });
    expect(await running).toBe('value');
  });
});
