import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { readEntry } from '../entry/envelope.js';
import type { MemoryStore, StoreCall } from '../remote/memory-store.fixture.js';
import { deferred, startCache, startLoader } from './load.fixture.js';

const fleet = { singleFlight: 'fleet' } as const;
const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const logs = captureLogs();

beforeEach(() => {
  vi.useFakeTimers();
  logs.start();
});
afterEach(() => vi.useRealTimers());

/** Several processes over the same items, whose calls take a millisecond each way. */
function startFleet(size: number, binding = {}) {
  const { process } = startCache({ ...fleet, ...binding });
  return Array.from({ length: size }, () => {
    const started = process();
    started.store.before = () => new Promise((resolve) => setTimeout(resolve, 1));
    return started;
  });
}

function noProcess(): never {
  throw new Error('there is no such process');
}

/** How often each call was made, without those that were not. */
function countsOf(store: MemoryStore | undefined) {
  const counts = Object.entries(store?.calls ?? {}).map(([name, { count }]) => [name, count] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

describe('a fleet', () => {
  it('loads each of 50 keys once for 4 processes that miss them at once', async () => {
    const loader = vi.fn<(key: string) => Promise<string>>(async (key) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return `value of ${key}`;
    });
    const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);
    const asked = startFleet(4).flatMap(({ cache }) =>
      keys.map((key) => cache.getOrSet(key, () => loader(key))),
    );
    await passMs(1_000);
    expect(await Promise.all(asked)).toEqual(
      Array.from({ length: 4 }, () => keys.map((key) => `value of ${key}`)).flat(),
    );
    expect(loader).toHaveBeenCalledTimes(50);
  });

  it('costs one request more a miss and none a hit', async () => {
    const [one] = startFleet(1);
    const value = one?.cache.getOrSet('key', () => 'value');
    await passMs(10);
    expect(await value).toBe('value');
    expect(countsOf(one?.store)).toEqual({ get: 1, setIfAbsentOrHashEqual: 1, setIfPresentAndHashEqual: 1 });
    const hit = one?.cache.getOrSet('key', () => 'not called');
    await passMs(10);
    expect([await hit, countsOf(one?.store)]).toEqual([
      'value',
      { get: 2, setIfAbsentOrHashEqual: 1, setIfPresentAndHashEqual: 1 },
    ]);
  });

  it('that changes a key while it is loaded does not store the old value, and only the caller who loaded it gets it', async () => {
    const [one, other] = startFleet(2);
    let database = 'old';
    const started = deferred<void>();
    const first = one?.cache.getOrSet('key', async () => {
      const value = database;
      started.resolve();
      await new Promise((resolve) => setTimeout(resolve, 50));
      return value;
    });
    await passMs(5);
    await started.promise;
    database = 'new';
    const deleted = other?.cache.delete('key');
    await passMs(5);
    await deleted;
    const joined = one?.cache.getOrSet('key', () => database);
    await passMs(200);
    expect([await first, await joined]).toEqual(['old', 'new']);
    const later = other?.cache.getOrSet('key', () => 'not called');
    await passMs(10);
    expect(await later).toBe('new');
  });

  it('whose loader fails gives the lease back: another process does not wait for it', async () => {
    const [one, other] = startFleet(2);
    const failing = Promise.allSettled([
      one?.cache.getOrSet('key', () => Promise.reject(new Error('database down'))),
    ]);
    await passMs(10);
    expect(await failing).toMatchObject([{ status: 'rejected', reason: { message: 'database down' } }]);
    const value = other?.cache.getOrSet('key', () => 'value');
    await passMs(10);
    expect(await value).toBe('value');
  });

  it('with a process that died while it loaded: others wait for 2 s and load, then the lease is over', async () => {
    const [dead, other] = startFleet(2);
    void dead?.cache.getOrSet('key', () => new Promise<string>(() => undefined));
    await passMs(10);
    const loader = startLoader();
    const value = other?.cache.getOrSet('key', loader);
    await passMs(1_900);
    expect(loader.runs).toBe(0);
    await passMs(500);
    expect([await value, other?.store.calls.setIfPresentAndHashEqual.count]).toEqual([1, 0]);
    await passMs(10_000);
    const later = other?.cache.getOrSet('key', loader);
    await passMs(10);
    expect([await later, other?.store.calls.setIfPresentAndHashEqual.count]).toEqual([2, 1]);
  });

  it('refreshes what is stale in one process, while the others hand it out; a failure puts it back', async () => {
    const processes = startFleet(4, { ttlSeconds: 60, staleSeconds: 600 });
    const [one] = processes;
    const set = one?.cache.set('key', 'old');
    await passMs(61_000);
    await set;
    const loading = deferred<string>();
    const loader = vi.fn<() => Promise<string>>(() => loading.promise);
    for (let round = 0; round < 3; round += 1) {
      const asked = processes.map(({ cache }) => cache.getOrSetEntry('key', loader));
      await passMs(20);
      for (const answer of await Promise.all(asked))
        expect(answer).toMatchObject({ value: 'old', source: 'stale' });
    }
    expect(loader).toHaveBeenCalledTimes(1);
    loading.reject(new Error('database down'));
    await passMs(1_100);
    const again = processes.map(({ cache }) => cache.getOrSetEntry('key', async () => 'new'));
    await passMs(20);
    for (const answer of await Promise.all(again))
      expect(answer).toMatchObject({ value: 'old', source: 'stale' });
    const fresh = one?.cache.getOrSet('key', () => 'not called');
    await passMs(20);
    expect(await fresh).toBe('new');
  });

  it('never shows a lease to get, getMany and getOrSet', async () => {
    const [one, other] = startFleet(2);
    void one?.cache.getOrSet('key', () => new Promise<string>(() => undefined));
    await passMs(10);
    const seen = Promise.all([
      other?.cache.get('key'),
      other?.cache.getMany(['key']),
      other?.store.get('key'),
    ]);
    await passMs(10);
    const [value, values, stored] = await seen;
    expect([value, values?.size, stored && readEntry(stored).kind]).toEqual([undefined, 0, 'lease']);
  });

  it('goes on without leases when the cache fails in the middle', async () => {
    const [one] = startFleet(1);
    if (one !== undefined)
      one.store.before = ({ name }) => {
        if (name.startsWith('setIf')) throw new Error('Momento is away');
      };
    const values = Promise.all([
      one?.cache.getOrSet('key', () => 'a'),
      one?.cache.getOrSet('key', () => 'b'),
    ]);
    await passMs(10);
    expect(await values).toEqual(['a', 'a']);
  });

  it('gives every call that begins after a change that change or a later one, however calls interleave', async () => {
    const anyEvent = fc.record({
      atMs: fc.nat(120),
      process: fc.nat(2),
      isChange: fc.boolean(),
      by: fc.constantFrom('delete' as const, 'evict' as const),
    });
    const delays = fc.infiniteStream(fc.nat(12));
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { minLength: 2, maxLength: 24 }), delays, async (events, delay) => {
        const wait = () => new Promise<void>((resolve) => setTimeout(resolve, Number(delay.next().value)));
        let [database, ended] = [0, 0];
        const violations: string[] = [];
        const { process } = startCache(fleet);
        const processes = [0, 1, 2].map(() => {
          const started = process();
          /** Which changes had ended when the reads that are under way began. */
          const reads = new Map<StoreCall, number>();
          started.store.before = (call) => {
            if (call.name.startsWith('get')) reads.set(call, ended);
            return wait();
          };
          started.store.after = async (call) => {
            await wait();
            reads.delete(call);
          };
          return { ...started, reads };
        });
        const work = events.map(async ({ atMs, process: index, isChange, by }) => {
          await new Promise((resolve) => setTimeout(resolve, atMs));
          const { cache, reads } = processes[index] ?? noProcess();
          if (isChange) {
            const version = (database += 1);
            await wait();
            await cache[by]('key');
            ended = Math.max(ended, version);
            return;
          }
          const must = ended;
          const isExcused = [...reads.values()].some((endedBefore) => endedBefore < must);
          const value = await cache.getOrSet('key', async () => {
            await wait();
            const version = database;
            await wait();
            return version;
          });
          if (value < must && !isExcused) violations.push(`${value} instead of ${must}`);
        });
        await passMs(20_000);
        await Promise.all(work);
        expect(violations).toEqual([]);
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
