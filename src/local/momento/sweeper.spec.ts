import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CacheRegistry } from './engine/cache-registry.js';
import { setScalar } from './engine/items/scalars.js';
import { Sweeper } from './sweeper.js';

describe('Sweeper', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('frees expired items of every cache although nobody reads or writes, until it is stopped', () => {
    let nowMs = 0;
    const caches = new CacheRegistry({ now: () => nowMs, topicHistoryMs: 0, autoCreate: true });
    const held = () => caches.all.map(({ items }) => items.heldCount);
    const fill = (name: string, count: number) => {
      for (let index = 0; index < count; index += 1) {
        setScalar(caches.get(name).items, new Uint8Array(Buffer.from(`k${index}`)), new Uint8Array(), 10);
      }
    };
    fill('small', 10);
    fill('large', 5_000);
    const sweeper = new Sweeper(caches);
    sweeper.start();

    vi.advanceTimersByTime(1_000);
    expect(held()).toEqual([10, 5_000]);
    nowMs = 10;
    vi.advanceTimersByTime(2_000);
    expect(held()).toEqual([0, expect.toSatisfy((count: number) => count > 0 && count <= 4_000)]);
    vi.advanceTimersByTime(20_000);
    expect(held()).toEqual([0, 0]);

    fill('small', 10);
    sweeper.stop();
    nowMs = 20;
    vi.advanceTimersByTime(60_000);
    expect(held()).toEqual([10, 0]);
  });

  it('frees the messages of a topic that nobody publishes to any more', () => {
    let nowMs = 0;
    const caches = new CacheRegistry({ now: () => nowMs, topicHistoryMs: 5_000, autoCreate: true });
    const topic = caches.get('c').topics.get('t');
    topic.publish({ text: 'x' }, '');
    const sweeper = new Sweeper(caches);
    sweeper.start();

    nowMs = 5_000;
    vi.advanceTimersByTime(1_000);
    expect(topic.heldCount).toBe(1);
    nowMs = 5_001;
    vi.advanceTimersByTime(1_000);
    expect(topic.heldCount).toBe(0);
    sweeper.stop();
  });
});
