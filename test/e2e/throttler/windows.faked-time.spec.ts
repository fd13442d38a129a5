import { CacheService, MomentoModule } from 'nestjs-momento';
import { type MomentoThrottlerOptions, MomentoThrottlerStorage } from 'nestjs-momento/throttler';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

// Before the server starts, so that it goes by the same clock.
beforeEach(() => vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => vi.useRealTimers());
const servers = useEmbeddedServers();
const { start, options } = useApps(servers);
const pass = (ms: number) => vi.advanceTimersByTime(ms);

/** As a process of its own, as far as limits go. */
async function startStorage(more: MomentoThrottlerOptions = {}) {
  const app = await start(MomentoModule.forRoot(options()));
  return new MomentoThrottlerStorage(app.get(CacheService), { timeoutSeconds: 10, ...more });
}

interface Hit {
  readonly key?: string;
  readonly ttl?: number;
  readonly limit?: number;
  readonly block?: number;
  readonly name?: string;
}

const hit = (
  storage: MomentoThrottlerStorage,
  { key = 'client', ttl = 10_000, limit = 2, block = ttl, name = 'default' }: Hit = {},
) => storage.increment(key, ttl, limit, block, name);

const passes = (totalHits: number, timeToExpire: number) => ({
  totalHits,
  timeToExpire,
  isBlocked: false,
  timeToBlockExpire: 0,
});
const blocks = (totalHits: number, seconds: number) => ({
  totalHits,
  timeToExpire: seconds,
  isBlocked: true,
  timeToBlockExpire: seconds,
});
const requests = () => servers.momento.requestCount();

describe('a window', () => {
  it('begins with the first request, and is not made longer by later ones', async () => {
    const storage = await startStorage();
    const limit = 5;
    expect(await hit(storage, { limit })).toEqual(passes(1, 10));
    pass(6_000);
    expect(await hit(storage, { limit })).toEqual(passes(2, 4));
    pass(3_500);
    expect(await hit(storage, { limit })).toEqual(passes(3, 1));
    pass(500);
    expect(await hit(storage, { limit })).toEqual(passes(1, 10));
  });

  it('is that of all processes; where another one began it, its end is told as late as it can be', async () => {
    const [one, other] = [await startStorage(), await startStorage()];
    expect(await hit(one)).toEqual(passes(1, 10));
    pass(4_000);
    expect(await hit(other)).toEqual(passes(2, 10));
    pass(1_000);
    expect(await hit(one, { limit: 9 })).toEqual(passes(3, 5));
    expect(await hit(other, { limit: 9 })).toEqual(passes(4, 9));
    pass(5_000);
    expect(await hit(other)).toEqual(passes(1, 10));
    expect(await hit(one)).toEqual(passes(2, 10));
  });

  it('is rounded up to whole seconds', async () => {
    const storage = await startStorage();
    await hit(storage, { ttl: 1_500 });
    pass(1_900);
    expect(await hit(storage, { ttl: 1_500 })).toEqual(passes(2, 1));
    pass(100);
    expect(await hit(storage, { ttl: 1_500 })).toEqual(passes(1, 2));
  });

  it('is of one throttler and one key, whatever these are', async () => {
    const storage = await startStorage();
    const hostile = ['', 'a', 'b"],["a', 'a","b', '\n\u0000', '\ud800', '\ud801', 'x'.repeat(100_000)];
    for (const name of hostile)
      for (const key of hostile) expect(await hit(storage, { name, key })).toEqual(passes(1, 10));
  });

  it('costs one request a hit', async () => {
    const storage = await startStorage();
    const before = requests();
    for (let count = 1; count <= 20; count += 1) await hit(storage, { limit: 20 });
    expect(requests() - before).toBe(20);
  });
});

describe('a block', () => {
  it('lasts as long as it was told from when the limit was exceeded, and costs no request while it does', async () => {
    const storage = await startStorage();
    const block = 60_000;
    for (const count of [1, 2]) expect(await hit(storage, { block })).toEqual(passes(count, 10));
    pass(4_000);
    expect(await hit(storage, { block })).toEqual(blocks(3, 60));
    const before = requests();
    pass(59_000);
    for (let count = 0; count < 300; count += 1) expect(await hit(storage, { block })).toEqual(blocks(3, 1));
    expect(requests()).toBe(before);
    pass(1_000);
    expect(await hit(storage, { block })).toEqual(passes(1, 10));
  });

  it('is one in every process, also in one that has not seen the client, and when the window is over', async () => {
    const [one, other, third] = [await startStorage(), await startStorage(), await startStorage()];
    const block = 60_000;
    for (let count = 0; count < 3; count += 1) await hit(one, { block });
    pass(30_000);
    const before = requests();
    expect(await hit(other, { block })).toEqual(blocks(4, 30));
    expect(requests() - before).toBe(2);
    expect(await hit(other, { block })).toEqual(blocks(3, 30));
    expect(requests() - before).toBe(2);
    pass(29_500);
    expect(await hit(third, { block })).toEqual(blocks(5, 1));
    pass(500);
    for (const [index, storage] of [one, other].entries())
      expect(await hit(storage, { block })).toEqual(passes(index + 1, 10));
  });

  it('may be shorter than the window, and begins the count anew', async () => {
    const storage = await startStorage();
    const more = { ttl: 60_000, block: 5_000 };
    for (let count = 0; count < 3; count += 1) await hit(storage, more);
    pass(5_000);
    expect(await hit(storage, more)).toEqual(passes(1, 60));
  });

  it('of 0 is none: what exceeds the limit is refused until the window is over', async () => {
    const storage = await startStorage();
    for (const count of [1, 2]) expect(await hit(storage, { block: 0 })).toEqual(passes(count, 10));
    pass(3_000);
    expect(await hit(storage, { block: 0 })).toEqual(blocks(3, 7));
    pass(7_000);
    expect(await hit(storage, { block: 0 })).toEqual(passes(1, 10));
  });

  it('is begun by the next process when the one that should have died', async () => {
    const [one, other] = [await startStorage(), await startStorage()];
    for (let count = 0; count < 2; count += 1) await hit(one, { block: 60_000 });
    servers.momento.faults.fail('dictionary-set', 'RESOURCE_EXHAUSTED');
    expect(await hit(one, { block: 60_000 })).toEqual(blocks(3, 60));
    servers.momento.faults.clear();
    expect(await hit(other, { block: 60_000 })).toEqual(blocks(4, 60));
    pass(59_000);
    expect(await hit(await startStorage(), { block: 60_000 })).toEqual(blocks(5, 1));
  });

  it('holds when the window ends while it begins', async () => {
    const storage = await startStorage();
    for (let count = 0; count < 2; count += 1) await hit(storage, { block: 60_000 });
    servers.momento.faults.delay('dictionary-set', 50);
    const third = hit(storage, { block: 60_000 });
    await vi.waitFor(() => expect(servers.momento.requestCount('dictionary-set')).toBe(1));
    pass(10_000);
    expect((await third).isBlocked).toBe(true);
    expect((await hit(await startStorage(), { block: 60_000 })).isBlocked).toBe(true);
  });
});
