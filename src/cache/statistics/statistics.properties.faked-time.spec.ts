import { TimeoutError } from '@gomomento/sdk';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CacheService } from '../cache.service.js';
import { startCache } from '../load/load.fixture.js';
import type { MemoryStore, StoreCallName } from '../remote/memory-store.fixture.js';
import type { CacheEvent } from './cache-events.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const callMs = 1;
const loaderMs = 3;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const count = async (call: Promise<unknown>, ended: () => void) => {
  await call;
  ended();
};

/** What the test counts beside the cache. */
interface Seen {
  /** Keys asked for, but those of direct calls that reject. */
  asked: number;
  runs: number;
  failures: number;
  isLoaderBroken: boolean;
}

type Call = (cache: CacheService, seen: Seen, keys: readonly string[]) => Promise<unknown>;

async function run(seen: Seen, keys: readonly string[]): Promise<void> {
  const { isLoaderBroken } = seen;
  seen.runs += keys.length;
  await pause(loaderMs);
  if (!isLoaderBroken) return;
  seen.failures += keys.length;
  throw new Error('The loader is broken.');
}

const calls: Readonly<Record<string, Call>> = {
  getOrSet: (cache, seen, [key = 'a']) => {
    seen.asked += 1;
    return cache.getOrSet(key, async () => run(seen, [key]).then(() => 'loaded'));
  },
  getOrSetMany: (cache, seen, keys) => {
    seen.asked += new Set(keys).size;
    return cache.getOrSetMany(keys, async (missing) => {
      await run(seen, missing);
      return missing.map((key) => [key, 'loaded'] as const);
    });
  },
  get: (cache, seen, [key = 'a']) => count(cache.get(key), () => (seen.asked += 1)),
  getMany: (cache, seen, keys) => count(cache.getMany(keys), () => (seen.asked += new Set(keys).size)),
  has: (cache, _seen, [key = 'a']) => cache.has(key),
  set: (cache, _seen, [key = 'a']) => cache.set(key, 'set'),
  setMany: (cache, _seen, keys) => cache.setMany(keys.map((key) => [key, 'set'] as const)),
  setIfAbsent: (cache, _seen, [key = 'a']) => cache.setIfAbsent(key, 'set'),
  delete: (cache, _seen, [key = 'a']) => cache.delete(key),
  evict: (cache, _seen, keys) => cache.evict(keys),
  increment: (cache) => cache.increment('number'),
};

const tick = fc.record({
  calls: fc.array(
    fc.record({
      name: fc.constantFrom(...Object.keys(calls)),
      process: fc.nat(1),
      keys: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  isAway: fc.boolean(),
  isLoaderBroken: fc.boolean(),
  passMs: fc.constantFrom(0, 1, 2, 5, 600, 1_500, 3_000),
});

const names = ['hit', 'miss', 'stale', 'load', 'refresh', 'evict', 'breaker', 'error'] as const;

function start(process: ReturnType<typeof startCache>['process']) {
  const started = process();
  const seen: Seen = { asked: 0, runs: 0, failures: 0, isLoaderBroken: false };
  const told: Record<CacheEvent, number> = {
    hit: 0,
    miss: 0,
    stale: 0,
    load: 0,
    refresh: 0,
    evict: 0,
    breaker: 0,
    error: 0,
  };
  for (const name of names) started.cache.on(name, () => (told[name] += 1));
  return { ...started, seen, told };
}

const keysOf = (store: MemoryStore, ...of: StoreCallName[]) =>
  of.reduce((sum, name) => sum + store.calls[name].keys, 0);

describe('whatever is asked for, in two processes and in whatever order,', () => {
  it.each([['process'], ['fleet']] as const)(
    "counts add up, with singleFlight '%s'",
    async (singleFlight) => {
      const binding = { ttlSeconds: 1, staleSeconds: 1, staleIfErrorSeconds: 2, singleFlight };
      await fc.assert(
        fc.asyncProperty(
          fc.array(tick, { minLength: 1, maxLength: 8 }),
          fc.boolean(),
          async (ticks, canBeAway) => {
            const { process } = startCache(binding);
            const processes = [start(process), start(process)];
            const asked: Promise<unknown>[] = [];
            for (const { calls: made, isAway, isLoaderBroken, passMs: ms } of ticks) {
              for (const { store, seen } of processes) {
                seen.isLoaderBroken = isLoaderBroken;
                store.before = () => pause(callMs);
                store.errorOf = () => (isAway && canBeAway ? new TimeoutError('away') : undefined);
              }
              for (const { name, process: index, keys } of made) {
                const own = processes[index];
                const call = calls[name];
                if (own !== undefined && call !== undefined)
                  asked.push(call(own.cache, own.seen, keys).catch(() => undefined));
              }
              await passMs(ms);
            }
            await passMs(120_000);
            await Promise.all(asked);

            for (const { cache, store, seen, told } of processes) {
              const stats = cache.stats();
              const { nearHits, hits, stale, misses, joined } = stats;
              // Each key that was asked for has ended in one way.
              expect(nearHits + hits + stale + misses + joined).toBe(seen.asked);
              expect([stats.loads, stats.loadFailures]).toEqual([seen.runs, seen.failures]);
              // What was loaded was stored, or held back, or could not be stored.
              const lost = stats.loads - stats.loadFailures - stats.stored - stats.fenced;
              expect(lost).toBeGreaterThanOrEqual(0);
              expect(canBeAway ? 0 : lost).toBe(0);
              expect(stats.reads).toBe(keysOf(store, 'get', 'getMany', 'has', 'getWithHash'));
              const writes = keysOf(
                store,
                ...(['set', 'setMany', 'delete', 'increment', 'setIfAbsent'] as const),
                ...(['setIfAbsentOrHashEqual', 'setIfPresentAndHashEqual'] as const),
              );
              expect(stats.writes).toBe(writes);
              // Everything here is smaller than a KB.
              expect(stats.estimatedOperations).toBe(stats.reads + writes + keysOf(store, 'setIfAbsent'));
              // Who listens is told what is counted.
              expect([told.hit, told.miss, told.stale, told.load]).toEqual([
                hits,
                misses,
                stale,
                stats.loads,
              ]);
              expect([stats.pendingEvictions, stats.listenerFailures]).toEqual([0, 0]);
            }
          },
        ),
        { numRuns: 60 },
      );
    },
    60_000,
  );
});
