import { CacheService, MomentoCacheError, MomentoModule } from 'nestjs-momento';
import { beforeEach, describe, expect, it } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);

type Rpc = 'get' | 'set' | 'get-batch' | 'set-batch';

/** Requests of each kind that the work made. */
async function requestsOf(work: () => Promise<unknown>): Promise<Partial<Record<Rpc, number>>> {
  const rpcs: readonly Rpc[] = ['get', 'set', 'get-batch', 'set-batch'];
  const before = rpcs.map((rpc) => servers.momento.requestCount(rpc));
  await work();
  const counts = rpcs.map(
    (rpc, index) => [rpc, servers.momento.requestCount(rpc) - (before[index] ?? 0)] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

describe('what one tick asks for', () => {
  let cache: CacheService;
  const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
  const entries = keys.map((key) => [key, `value of ${key}`] as const);

  beforeEach(async () => {
    const app = await start(MomentoModule.forRoot(options()));
    cache = app.get(CacheService);
  });

  it('is one request a hundred keys, for single reads and writes as for many', async () => {
    expect(await requestsOf(() => Promise.all(entries.map(([key, value]) => cache.set(key, value))))).toEqual(
      {
        'set-batch': 10,
      },
    );
    const single = () => Promise.all(keys.map((key) => cache.get(key)));
    expect(await requestsOf(single)).toEqual({ 'get-batch': 10 });
    expect(await single()).toEqual(entries.map(([, value]) => value));
    expect(await requestsOf(() => cache.getMany(keys))).toEqual({ 'get-batch': 10 });
    expect(await requestsOf(() => cache.get('key 1'))).toEqual({ get: 1 });
    expect(await requestsOf(() => Promise.all(keys.map(() => cache.get('key 1'))))).toEqual({ get: 1 });
  });

  it('is a request a call without batching', async () => {
    const plain = cache.cache('demo-cache', { batching: false });
    expect(await requestsOf(() => Promise.all(keys.slice(0, 10).map((key) => plain.get(key))))).toEqual({
      get: 10,
    });
  });

  it('of getOrSetMany is one read, one load of what is missing, and one write, a hundred keys in each request', async () => {
    await cache.setMany(entries.slice(0, 500));
    const loads: string[][] = [];
    let found = new Map<string, string>();
    const requests = await requestsOf(async () => {
      found = await cache.getOrSetMany(keys, (missing) => {
        loads.push(missing);
        return missing.map((key) => [key, `value of ${key}`] as const);
      });
    });
    expect([...found]).toEqual(entries);
    expect(loads).toEqual([keys.slice(500)]);
    expect(requests).toEqual({ 'get-batch': 10, 'set-batch': 5 });
  });

  it('fails for one key and not for the others', async () => {
    await cache.setMany<unknown>([
      ['text', 'text'],
      ['other', 1],
    ]);
    const outcomes = await Promise.allSettled([cache.get('text'), cache.set('', 1), cache.get('other')]);
    expect(outcomes).toMatchObject([
      { value: 'text' },
      { status: 'rejected', reason: { constructor: MomentoCacheError } },
      { value: 1 },
    ]);
  });

  it('reads what it wrote, without waiting for it', async () => {
    void cache.set('key', 1);
    expect(await cache.get('key')).toBe(1);
    void cache.delete('key');
    expect(await cache.get('key')).toBeUndefined();
    void cache.setMany([['key', 2]]);
    expect(await cache.getMany(['key'])).toEqual(new Map([['key', 2]]));
    void cache.increment('key');
    expect(await cache.getOrSet('key', () => 'not called')).toBe(3);
  });

  it('is repeated once when the batch found nobody', async () => {
    await cache.setMany([
      ['a', 1],
      ['b', 2],
    ]);
    servers.momento.faults.fail('get-batch', 'UNAVAILABLE', { times: 1 });
    expect(await Promise.all([cache.get('a'), cache.get('b')])).toEqual([1, 2]);
  });
});
