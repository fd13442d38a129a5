import type { CacheService } from 'nestjs-momento';
import { describe, expect, it, vi } from 'vitest';
import { load, pass, thousand, useMeasuredApps } from './caching.fixture.js';
import { rowsOf, written } from './tables.js';

const { servers, startCache } = useMeasuredApps();

async function fail(): Promise<never> {
  await load();
  throw new Error('the database is down');
}

type Story = (
  measure: (caches: CacheService | CacheService[], work: () => Promise<unknown>) => Promise<void>,
) => Promise<void>;

/** Finds in README.md what the work of a story costs, in the row that begins so. */
async function expectCosts(section: string, row: string, story: Story): Promise<void> {
  let costs: string[] = [];
  await story(async (caches, work) => {
    const operations = () =>
      [caches].flat().reduce((sum, cache) => sum + cache.stats().estimatedOperations, 0);
    const before = [servers.momento.requestCount(), operations()] as const;
    await work();
    costs = [servers.momento.requestCount() - before[0], operations() - before[1]].map(written);
  });
  const said = rowsOf(section).find(([first]) => first === row);
  expect(costs).toEqual(said?.slice(-2));
}

const caches: Readonly<Record<string, Story>> = {
  'a hit': async (measure) => {
    const cache = await startCache();
    await cache.set('key', 1);
    await measure(cache, () => cache.getOrSet('key', load));
  },
  'a near hit': async (measure) => {
    const cache = await startCache({ nearCache: {} });
    await cache.getOrSet('key', load);
    await measure(cache, () => cache.getOrSet('key', load));
  },
  'a miss': async (measure) => {
    const cache = await startCache();
    await measure(cache, () => cache.getOrSet('key', load));
  },
  'a miss in a fleet': async (measure) => {
    const cache = await startCache({ singleFlight: 'fleet' });
    await measure(cache, () => cache.getOrSet('key', load));
  },
  '1,000 misses of one key': async (measure) => {
    const cache = await startCache();
    await measure(cache, () => Promise.all(thousand.map(() => cache.getOrSet('key', load))));
  },
  '1,000 cached keys in one tick': async (measure) => {
    const cache = await startCache();
    await cache.setMany(thousand.map((key) => [key, 1]));
    await measure(cache, () => Promise.all(thousand.map((key) => cache.getOrSet(key, load))));
  },
  'the fresh time is over': async (measure) => {
    const cache = await startCache({ ttlSeconds: 60, staleSeconds: 600 });
    await cache.getOrSet('key', load);
    pass(61);
    const refreshed = new Promise((resolve) => cache.on('refresh', resolve));
    await measure(cache, async () => {
      expect((await cache.getOrSetEntry('key', load)).source).toBe('stale');
      await refreshed;
    });
  },
  'the loader fails, or hangs': async (measure) => {
    const cache = await startCache();
    await measure(cache, () => expect(cache.getOrSet('key', fail)).rejects.toThrow('down'));
  },
  'it is deleted while it loads, by this process': async (measure) => {
    const cache = await startCache();
    await measure(cache, async () => {
      await cache.getOrSet('key', () => cache.delete('key').then(load));
      expect(cache.stats().fenced).toBe(1);
    });
  },
  'the same, by another process of a fleet': async (measure) => {
    const [cache, other] = [await startCache({ singleFlight: 'fleet' }), await startCache()];
    await measure([cache, other], async () => {
      await cache.getOrSet('key', () => other.delete('key').then(load));
      expect(cache.stats().fenced).toBe(1);
    });
    expect(await cache.get('key')).toBeUndefined();
  },
  'Momento is down: 10 calls one after another': async (measure) => {
    const cache = await startCache();
    servers.momento.faults.fail('get', 'UNAVAILABLE', { times: Infinity });
    await measure(cache, async () => {
      for (const key of thousand.slice(0, 10))
        expect(await cache.getOrSet(key, () => 'loaded')).toBe('loaded');
    });
  },
  'Momento hangs: the same': async (measure) => {
    const cache = await startCache({}, 100);
    servers.momento.faults.hang('get');
    await measure(cache, async () => {
      for (const key of thousand.slice(0, 10))
        expect(await cache.getOrSet(key, () => 'loaded')).toBe('loaded');
    });
  },
  "a key is deleted, with invalidation: 'topic'": async (measure) => {
    const cache = await startCache({ nearCache: { invalidation: 'topic' } });
    await cache.getOrSet('key', load);
    await vi.waitFor(() => expect(servers.momento.stats().subscriptions).toBe(1));
    const published = () => expect(servers.momento.requestCount('topic-publish')).toBe(1);
    await measure(cache, async () => {
      await cache.delete('key');
      await vi.waitFor(published);
    });
  },
};

const named = { tags: ['team:7'] };
const told = { tags: () => ['team:7'] };

const tags: Readonly<Record<string, Story>> = {
  'a hit, tags named': async (measure) => {
    const cache = await startCache(named);
    await cache.getOrSet('key', load);
    await measure(cache, () => cache.getOrSet('key', load));
  },
  'a hit, tags from the value': async (measure) => {
    const cache = await startCache(told);
    await cache.getOrSet('key', load);
    await measure(cache, () => cache.getOrSet('key', load));
  },
  'a miss, tags named': async (measure) => {
    const cache = await startCache(named);
    await cache.getOrSet('other', load);
    await measure(cache, () => cache.getOrSet('key', load));
  },
  'a miss, tags from the value': async (measure) => {
    const cache = await startCache(told);
    await cache.getOrSet('other', load);
    await measure(cache, () => cache.getOrSet('key', load));
  },
  'the first miss with a tag': async (measure) => {
    const cache = await startCache(named);
    await measure(cache, () => cache.getOrSet('key', load));
  },
  'a tag is made invalid': async (measure) => {
    const cache = await startCache(named);
    await cache.setMany(thousand.map((key) => [key, 'cached']));
    await measure(cache, () => cache.invalidateTags('team:7'));
    expect((await cache.getMany(thousand)).size).toBe(0);
  },
};

describe('what README.md says that a cache costs when…', { timeout: 60_000 }, () => {
  it.each(Object.entries(caches))('%s', async (row, story) => {
    await expectCosts('### …to a cache', row, story);
  });

  it.each(Object.entries(tags))('%s', async (row, story) => {
    await expectCosts('### Tags', row, story);
  });

  it.each([
    ['### …to a cache', caches],
    ['### Tags', tags],
  ])('is measured in each row of %s', (section, stories) => {
    const rows = rowsOf(section).filter((row) => /^[\d,]+$/.test(row.at(-1) ?? ''));
    expect(rows.map(([first = '']) => first).toSorted()).toEqual(Object.keys(stories).toSorted());
  });
});
