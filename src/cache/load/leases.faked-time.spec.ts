import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startCache } from './load.fixture.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const binding = { ttlSeconds: 1, staleSeconds: 60, singleFlight: 'fleet' } as const;

describe('a lease in the place of a value that may still be handed out', () => {
  it.each([
    ['loads', () => 'new'],
    ['fails', () => Promise.reject(new Error('The loader fails.'))],
  ])('is not taken when the value is deleted right before, and its holder %s', async (_what, loader) => {
    const { process } = startCache(binding);
    const [one, two] = [process(), process()];
    await one.cache.set('key', 'old');
    await passMs(2_000);
    let isDeleted = false;
    two.store.after = async ({ name }) => {
      if (name !== 'getWithHash' || isDeleted) return;
      isDeleted = true;
      await one.cache.delete('key');
    };
    expect(
      await two.cache.getOrSet('key', async () => {
        await new Promise((resolve) => setTimeout(resolve, 500));
        return loader();
      }),
    ).toBe('old');
    await passMs(100);
    expect(isDeleted).toBe(true);
    const during = one.cache.getOrSet('key', () => 'newer');
    await passMs(3_000);
    expect(['new', 'newer']).toContain(await during);
    const after = one.cache.getOrSet('key', () => 'newer');
    await passMs(3_000);
    expect(['new', 'newer']).toContain(await after);
  });
});
