import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { InFlight } from '../../foundation/time/in-flight.js';
import { deferred, startCache } from '../load/load.fixture.js';

const logs = captureLogs();
const passSeconds = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);
const unavailable = new Error('Momento is away');

beforeEach(() => {
  vi.useFakeTimers();
  logs.start();
});
afterEach(() => vi.useRealTimers());

/** A cache whose deletes fail as long as `isAway`. */
function startFailing(ttlSeconds = 600) {
  const closing = new AbortController();
  const inFlight = new InFlight();
  const started = startCache({ ttlSeconds }, { closing: closing.signal, inFlight });
  const away = { isAway: true, deletes: 0 };
  started.store.before = ({ name }) => {
    if (name !== 'delete') return;
    away.deletes += 1;
    if (away.isAway) throw unavailable;
  };
  return { ...started, away, closing, inFlight };
}

describe('evict', () => {
  it('deletes one key or many', async () => {
    const { cache, away } = startFailing();
    away.isAway = false;
    await cache.setMany([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    await cache.evict('a');
    await cache.evict(['b', 'c', 'b']);
    expect([(await cache.getMany(['a', 'b', 'c'])).size, away.deletes]).toEqual([0, 3]);
  });

  it('never fails because Momento does, says so once, and tries again after 2 s, 4 s, 8 s… until it holds', async () => {
    const { cache, away, context } = startFailing();
    await cache.set('key', 'old');
    await cache.evict('key');
    const counts: number[] = [];
    for (let second = 1; second <= 15; second += 1) {
      if (second === 10) away.isAway = false;
      await passSeconds(1);
      counts.push(away.deletes);
    }
    expect(counts).toEqual([1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4]);
    expect([await cache.get('key'), context.evictions.size]).toEqual([undefined, 0]);
    expect(logs.lines).toEqual([expect.stringContaining('still cached')]);
    await passSeconds(600);
    expect([away.deletes, vi.getTimerCount()]).toEqual([4, 0]);
  });

  it('that is pending: getOrSet hands out nothing old, and what it stores ends it', async () => {
    const { cache, context } = startFailing();
    await cache.set('key', 'old');
    await cache.evict('key');
    expect([await cache.getOrSet('key', () => 'new'), await cache.get('key')]).toEqual(['new', 'new']);
    expect(context.evictions.size).toBe(0);
  });

  it('that is pending is not handed out in a fleet either, where the old value is found again for its lease', async () => {
    const { cache, context } = startFailing();
    await cache.set('key', 'old');
    await cache.evict('key');
    expect(await cache.getOrSet('key', () => 'new', { singleFlight: 'fleet' })).toBe('new');
    expect([await cache.get('key'), context.evictions.size]).toEqual(['new', 0]);
  });

  it('that was asked for again while an earlier one was on its way is not forgotten with that one', async () => {
    const { cache, store, away, context } = startFailing();
    await cache.evict('key');
    const answered = deferred<void>();
    store.after = () => answered.promise;
    away.isAway = false;
    await passSeconds(2);
    // The first delete is carried out and not answered yet: something changes, and its eviction fails.
    context.evictions.add('10:demo-cachekey', 600, () => cache.delete('key'));
    answered.resolve();
    await passSeconds(0);
    expect(context.evictions.has('10:demo-cachekey')).toBe(true);
  });

  it.each<[string, (cache: ReturnType<typeof startCache>['cache']) => Promise<unknown>]>([
    ['set', (cache) => cache.set('key', 'new')],
    ['setMany', (cache) => cache.setMany([['key', 'new']])],
    ['increment', (cache) => cache.increment('key')],
  ])('is cancelled by a later %s of the key', async (_name, write) => {
    const { cache, away, context } = startFailing();
    await cache.evict('key');
    await write(cache);
    await passSeconds(60);
    expect([away.deletes, context.evictions.size]).toEqual([1, 0]);
  });

  it('is given up when the item must be gone by its TTL', async () => {
    const { cache, away, context } = startFailing(5);
    await cache.evict('key');
    await passSeconds(60);
    expect([away.deletes, context.evictions.size]).toEqual([2, 0]);
  });

  it('of a delete that rejects is queued as well', async () => {
    const { cache, away } = startFailing();
    await expect(cache.delete('key')).rejects.toBe(unavailable);
    await expect(cache.deleteMany(['key', 'other'])).rejects.toBe(unavailable);
    away.isAway = false;
    await passSeconds(2);
    expect(away.deletes).toBe(5);
  });

  it('refuses wrong arguments', async () => {
    const { cache } = startFailing();
    await expect(cache.evict(['key', ''])).rejects.toThrow('the key is not a filled string');
  });

  it('remembers 10,000 items, tries 50 at a time while Momento is away, and says what it drops', async () => {
    const { cache, away, context } = startFailing();
    await cache.evict(Array.from({ length: 10_001 }, (_, index) => `key ${index}`));
    expect(context.evictions.size).toBe(10_000);
    expect(logs.lines).toContainEqual(expect.stringContaining('more than 10000 evictions are pending'));
    away.deletes = 0;
    await passSeconds(2);
    expect([away.deletes, vi.getTimerCount()]).toEqual([50, 1]);
    away.isAway = false;
    await passSeconds(4);
    expect(context.evictions.size).toBe(0);
  });

  it('that is pending when the app closes is tried once more and waited for; what is lost is said', async () => {
    const { cache, store, away, context, closing, inFlight } = startFailing();
    await cache.evict(['a', 'b']);
    const answered = deferred<void>();
    away.isAway = false;
    store.before = async ({ keys: [key] }) => {
      await answered.promise;
      if (key === 'b') throw unavailable;
    };
    closing.abort();
    expect(inFlight.count).toBeGreaterThan(0);
    answered.resolve();
    expect(await inFlight.drain()).toBe(true);
    expect(logs.lines).toContainEqual(
      expect.stringContaining('1 evictions have not held before the end of the app'),
    );
    // A handler may still evict while the app drains.
    await cache.evict('b');
    await inFlight.drain();
    await passSeconds(0);
    expect([context.evictions.size, vi.getTimerCount()]).toEqual([0, 0]);
  });
});
