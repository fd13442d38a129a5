import { CacheClient } from '@gomomento/sdk';
import { CacheService, type GetOrSetOptions } from 'nestjs-momento';
import { describe, expect, it, vi } from 'vitest';
import { load as loadValue, pass, thousand, useMeasuredApps } from './caching.fixture.js';
import { rowsOf, written } from './tables.js';

const { servers, startApp, startCache } = useMeasuredApps();

/** What the README says of a step: what it costs without, and with it. */
const costsOf = (step: number) =>
  rowsOf('### Caching, step by step')
    .find(([first]) => first === String(step))
    ?.slice(-2);

const minute = { ttlSeconds: 60 };
let loads = 0;
const load = () => {
  loads += 1;
  return loadValue();
};

const counted = (count: number, one: string) => `${written(count)} ${one}${count === 1 ? '' : 's'}`;

async function requestsOf(work: () => Promise<unknown>): Promise<string> {
  const before = servers.momento.requestCount();
  await work();
  return counted(servers.momento.requestCount() - before, 'request');
}

async function costOf(work: () => Promise<unknown>): Promise<string> {
  loads = 0;
  const requests = await requestsOf(work);
  return `${counted(loads, 'load')}, ${requests}`;
}

async function oneAfterAnother(times: number, call: () => Promise<unknown>): Promise<void> {
  for (let made = 0; made < times; made += 1) await call();
}

describe('what README.md says that each step of caching saves', { timeout: 60_000 }, () => {
  it('getOrSet', async () => {
    const app = await startApp();
    const [client, cache] = [app.get(CacheClient), app.get(CacheService)];
    const byHand = async () => {
      await client.get('demo-cache', 'profile:1');
      await client.set('demo-cache', 'profile:1', await load());
    };
    const without = await costOf(() => Promise.all(thousand.map(byHand)));
    const withIt = await costOf(() =>
      Promise.all(thousand.map(() => cache.getOrSet('profile:2', load, minute))),
    );
    expect([without, withIt]).toEqual(costsOf(1));
  });

  it('batching', async () => {
    const batched = await startCache();
    const single = await startCache({ batching: false });
    await batched.setMany(thousand.map((key) => [key, 'cached']));
    const read = (cache: CacheService) => () => Promise.all(thousand.map((key) => cache.getOrSet(key, load)));
    expect([await costOf(read(single)), await costOf(read(batched))]).toEqual(costsOf(2));
  });

  it('getOrSetMany', async () => {
    const cache = await startCache();
    const without = await costOf(() => Promise.all(thousand.map((key) => cache.getOrSet(key, load))));
    servers.momento.flush();
    const withIt = await costOf(() =>
      cache.getOrSetMany(thousand, async (missing) => {
        const value = await load();
        return missing.map((key) => [key, value]);
      }),
    );
    expect([without, withIt]).toEqual(costsOf(3));
  });

  /** A thousand callers at once, when a value's time is over. @param stale what they do who get the old value */
  async function afterItsTime(
    windows: GetOrSetOptions<string>,
    stale: string,
    loader = load,
  ): Promise<string> {
    const cache = await startCache({ ...minute, ...windows });
    await cache.getOrSet('profile:1', load);
    pass(61);
    const ends: string[] = [];
    const refreshed = new Promise((resolve) => cache.on('refresh', resolve));
    const cost = await costOf(async () => {
      const calls = thousand.map(async () => cache.getOrSetEntry('profile:1', loader));
      for (const call of await Promise.allSettled(calls)) {
        if (call.status === 'rejected') ends.push('fail');
        else ends.push(call.value.source === 'stale' ? stale : 'wait');
      }
      if (windows.staleSeconds !== undefined) await refreshed;
    });
    servers.momento.flush();
    return `${written(ends.length)} ${[...new Set(ends)].join(', ')}; ${cost}`;
  }

  it('staleSeconds', async () => {
    const withIt = await afterItsTime({ staleSeconds: 600 }, 'do not wait');
    expect([await afterItsTime({}, ''), withIt]).toEqual(costsOf(4));
  });

  it('staleIfErrorSeconds', async () => {
    const fail = async () => {
      await load();
      throw new Error('the database is down');
    };
    const withIt = await afterItsTime({ staleIfErrorSeconds: 3600 }, 'get the old value', fail);
    expect([await afterItsTime({}, '', fail), withIt]).toEqual(costsOf(5));
  });

  it('notFoundSeconds', async () => {
    const cache = await startCache(minute);
    const ask = (notFoundSeconds: number) => () =>
      oneAfterAnother(100, () => cache.getOrSet('profile:0', () => void (loads += 1), { notFoundSeconds }));
    expect([await costOf(ask(0)), await costOf(ask(10))]).toEqual(costsOf(6));
  });

  it("singleFlight: 'fleet'", async () => {
    const reads = () => servers.momento.requestCount('get');
    const miss = async (singleFlight: 'process' | 'fleet') => {
      const fleet = await Promise.all(Array.from({ length: 4 }, () => startCache({ singleFlight })));
      loads = 0;
      const before = reads();
      const loadWhenAllHaveRead = async () => {
        await vi.waitFor(() => expect(reads()).toBeGreaterThanOrEqual(before + fleet.length));
        return load();
      };
      await Promise.all(
        fleet.map((cache) => cache.getOrSet(`profile of ${singleFlight}`, loadWhenAllHaveRead)),
      );
      return counted(loads, 'load');
    };
    expect([await miss('process'), await miss('fleet')]).toEqual(costsOf(7));
  });

  it('nearCache, alone and with invalidation', async () => {
    const readForTenMinutes = async (cache: CacheService) =>
      requestsOf(() =>
        oneAfterAnother(600, async () => {
          pass(1);
          await cache.get('settings');
        }),
      );
    const plain = await startCache();
    await plain.set('settings', 'cached', { ttlSeconds: 3600 });
    const untold = await startCache({ nearCache: {} });
    const told = await startCache({ nearCache: { invalidation: 'topic' } });
    // Until others are heard values are kept for 5 s, and what came before is forgotten then.
    await vi.waitFor(
      async () => {
        await told.get('settings');
        const { nearHits } = told.stats();
        pass(10);
        await told.get('settings');
        expect(told.stats().nearHits).toBe(nearHits + 1);
      },
      { timeout: 10_000, interval: 20 },
    );
    pass(60);
    await told.get('settings');
    const costs = [
      await readForTenMinutes(plain),
      await readForTenMinutes(untold),
      await readForTenMinutes(told),
    ];
    expect(costs.slice(0, 2)).toEqual(costsOf(8));
    expect(costs.slice(1)).toEqual(costsOf(9));
  });

  it('tags', async () => {
    const cache = await startCache();
    await cache.setMany(thousand.map((key) => [key, 'cached']));
    const without = await requestsOf(() => cache.deleteMany(thousand));
    await cache.setMany(
      thousand.map((key) => [key, 'cached']),
      { tags: ['team:7'] },
    );
    const withIt = await requestsOf(() => cache.invalidateTags('team:7'));
    expect((await cache.getMany(thousand)).size).toBe(0);
    expect([without, withIt]).toEqual(costsOf(10));
  });
});
