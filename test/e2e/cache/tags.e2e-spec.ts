import { CacheService, MomentoModule } from 'nestjs-momento';
import { beforeEach, describe, expect, it } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);

const rpcs = ['get', 'get-batch', 'set', 'set-batch', 'set-if', 'set-if-not-exists'] as const;

/** Requests of each kind that the work made. */
async function requestsOf(work: () => Promise<unknown>): Promise<Partial<Record<string, number>>> {
  const before = rpcs.map((rpc) => servers.momento.requestCount(rpc));
  await work();
  const counts = rpcs.map(
    (rpc, index) => [rpc, servers.momento.requestCount(rpc) - (before[index] ?? 0)] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

describe.each([true, false])('tags, with batching %s', (batching) => {
  let cache: CacheService;
  let other: CacheService;

  beforeEach(async () => {
    const boot = async () =>
      (await start(MomentoModule.forRoot(options({ cache: { batching } })))).get(CacheService);
    [cache, other] = [await boot(), await boot()];
  });

  it('that are named cost one request a hit, and those that the value tells two', async () => {
    const named = () => cache.getOrSet('user:1', () => ({ org: 7 }), { tags: ['org:7'] });
    await named();
    expect(await requestsOf(named)).toEqual({ 'get-batch': 1 });
    const told = () => other.getOrSet('user:2', () => ({ org: 7 }), { tags: ({ org }) => [`org:${org}`] });
    await told();
    expect(await requestsOf(told)).toEqual({
      get: batching ? 2 : 1,
      ...(batching ? {} : { 'get-batch': 1 }),
    });
    expect(await requestsOf(() => cache.get('user:3'))).toEqual({ get: 1 });
  });

  it('invalidate in all processes, in one request', async () => {
    const ask = (one: CacheService, value: string) =>
      one.getOrSet('user:1', () => value, { tags: ['a', 'b'] });
    expect([await ask(cache, 'old'), await ask(other, 'not called')]).toEqual(['old', 'old']);
    expect(await requestsOf(() => other.invalidateTags(['b', 'c']))).toEqual({ 'set-batch': 1 });
    expect(await cache.get('user:1')).toBeUndefined();
    expect([await ask(cache, 'new'), await ask(other, 'not called')]).toEqual(['new', 'new']);
    expect([...(await other.getMany(['user:1', 'user:2']))]).toEqual([['user:1', 'new']]);
  });

  it('of many keys are read in the same requests', async () => {
    const keys = Array.from({ length: 99 }, (_, index) => `key ${index}`);
    const ask = () =>
      cache.getOrSetMany(keys, (missing) => missing.map((key) => [key, key] as const), { tags: ['all'] });
    expect(await requestsOf(ask)).toMatchObject({ 'get-batch': 1, 'set-batch': 1 });
    expect(await requestsOf(ask)).toEqual({ 'get-batch': 1 });
    await other.invalidateTags('all');
    expect((await cache.getMany(keys)).size).toBe(0);
  });
});

it('hold in a fleet', async () => {
  const app = () =>
    start(MomentoModule.forRoot(options({ cache: { singleFlight: 'fleet', tags: ['org'] } })));
  const [cache, other] = [(await app()).get(CacheService), (await app()).get(CacheService)];
  let database = 'old';
  const first = cache.getOrSet('key', async () => {
    const value = database;
    database = 'new';
    await other.invalidateTags('org');
    return value;
  });
  const joined = cache.getOrSet('key', () => database);
  expect([await first, await joined]).toEqual(['old', 'new']);
  expect(await other.getOrSet('key', () => 'not called')).toBe('new');
});
