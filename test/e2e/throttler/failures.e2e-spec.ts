import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { CacheService, MomentoModule } from 'nestjs-momento';
import { type MomentoThrottlerOptions, MomentoThrottlerStorage } from 'nestjs-momento/throttler';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { Canary } from '../../support/canary.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { limited } from './guarded-app.fixture.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);
const logs = captureLogs();
const running: INestApplication[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

async function startGuarded(more: MomentoThrottlerOptions, framework = 'express', limit = 2) {
  const throttlers = [{ ttl: 60_000, limit, blockDuration: 120_000 }];
  const imports = [
    MomentoModule.forRoot(options({ shutdownTimeoutSeconds: 1 })),
    limited(throttlers, { timeoutSeconds: 5, ...more }),
  ];
  const testing = await Test.createTestingModule({ imports }).compile();
  const app =
    framework === 'fastify'
      ? testing.createNestApplication(new FastifyAdapter(), { logger: false })
      : testing.createNestApplication({ logger: false });
  running.push(app);
  await app.listen(0, '127.0.0.1');
  logs.start();
  const url = await app.getUrl();
  return { app, ask: () => fetch(url) };
}

async function startStorage(more: MomentoThrottlerOptions = {}) {
  const app = await start(MomentoModule.forRoot(options()));
  logs.start();
  return { app, storage: new MomentoThrottlerStorage(app.get(CacheService), more) };
}

const open = { totalHits: 0, timeToExpire: 10, isBlocked: false, timeToBlockExpire: 0 };
const closed = { totalHits: 0, timeToExpire: 1, isBlocked: true, timeToBlockExpire: 1 };

describe.each(['express', 'fastify'])('a ThrottlerGuard on %s', (framework) => {
  it('lets pass and refuses with the headers that it has', async () => {
    const { ask } = await startGuarded({}, framework);
    const [first, second, third] = [await ask(), await ask(), await ask()];
    expect([first.status, second.status, third.status]).toEqual([200, 200, 429]);
    expect(first.headers.get('x-ratelimit-limit')).toBe('2');
    expect(second.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(Number(second.headers.get('x-ratelimit-reset'))).toBeGreaterThan(50);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(110);
    expect(logs.lines).toEqual([]);
  });

  it('lets pass, or refuses, while Momento is away, and counts again when it is back', async () => {
    const { ask: askOpen } = await startGuarded({}, framework);
    const { ask: askClosed } = await startGuarded({ fails: 'closed' }, framework);
    servers.momento.faults.fail('dictionary-increment', 'UNAVAILABLE');
    for (let count = 0; count < 5; count += 1) {
      expect((await askOpen()).status).toBe(200);
      const refused = await askClosed();
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    }
    servers.momento.faults.clear();
    await vi.waitFor(async () => expect((await askClosed()).status).toBe(200), 10_000);
    await vi.waitFor(async () => expect((await askOpen()).status).toBe(429), 10_000);
  });
});

describe('a MomentoThrottlerStorage', () => {
  it.each([
    ['open', open],
    ['closed', closed],
  ] as const)('fails %s within its time when Momento hangs, and then at once', async (fails, record) => {
    const { storage } = await startStorage({ fails, timeoutSeconds: 0.05 });
    servers.momento.faults.hang('dictionary-increment');
    const hit = () => storage.increment('client', 10_000, 1, 10_000, 'default');
    for (let count = 0; count < 3; count += 1) {
      const startedAtMs = performance.now();
      expect(await hit()).toEqual(record);
      expect(performance.now() - startedAtMs).toBeLessThan(4_000);
    }
    const before = servers.momento.requestCount();
    for (let count = 0; count < 100; count += 1) expect(await hit()).toEqual(record);
    expect(servers.momento.requestCount()).toBe(before);
    const what = fails === 'open' ? 'Requests pass without being counted' : 'Requests are refused';
    expect(logs.lines).toEqual([
      `warn [MomentoThrottlerStorage] ${what}: Momento has not answered within 0.05 s`,
    ]);
    servers.momento.faults.clear();
    // A hit that is answered late on a busy machine is counted all the same.
    const refused = await vi.waitFor(async () => {
      const counted = await hit();
      expect(counted.totalHits).toBeGreaterThan(1);
      return counted;
    }, 10_000);
    expect(refused.isBlocked).toBe(true);
  });

  it('refuses who has exceeded the limit also when Momento fails at that moment', async () => {
    const { storage } = await startStorage({ timeoutSeconds: 5 });
    servers.momento.faults.fail('dictionary-set', 'RESOURCE_EXHAUSTED');
    servers.momento.faults.fail('dictionary-get', 'RESOURCE_EXHAUSTED');
    const hit = () => storage.increment('client', 10_000, 1, 10_000, 'default');
    expect((await hit()).isBlocked).toBe(false);
    expect(await hit()).toEqual({ totalHits: 2, timeToExpire: 10, isBlocked: true, timeToBlockExpire: 10 });
    expect(await hit()).toMatchObject({ isBlocked: true });
    expect(logs.lines).toEqual([
      expect.stringContaining('A block is not known to other processes: dictionary.setMany'),
    ]);
  });

  it('fails for a moment only, and says what Momento refuses, without a key', async () => {
    const { storage } = await startStorage({ timeoutSeconds: 5 });
    const hit = () => storage.increment('client', 10_000, 2, 10_000, 'default');
    servers.momento.faults.fail('dictionary-increment', 'NOT_FOUND', {
      message: `no ${servers.apiKey}`,
      times: 1,
    });
    expect(await hit()).toEqual(open);
    expect(await hit()).toMatchObject({ totalHits: 1 });
    expect(logs.lines).toHaveLength(1);
    expect(logs.lines[0]).toContain('set createCaches: true');
    expect(new Canary(servers.apiKey).findIn(logs.lines.join('\n'))).toBeUndefined();
  });

  it('goes by its option also when the app is closed', async () => {
    const { app, storage } = await startStorage({ fails: 'closed' });
    await app.close();
    expect(await storage.increment('client', 10_000, 1, 10_000, 'default')).toEqual(closed);
  });

  it.each([0, -1, Number.NaN])('rejects a ttl of %s, whatever its option', async (ttl) => {
    const { storage } = await startStorage();
    await expect(storage.increment('client', ttl, 1, 10_000, 'default')).rejects.toMatchObject({
      name: 'MomentoCacheError',
      code: 'INVALID_ARGUMENT_ERROR',
      message: expect.stringContaining('not a number of seconds above 0'),
    });
  });

  it.each([
    [{ fails: 'no' } as unknown as MomentoThrottlerOptions, "fails: must be 'open' or 'closed'"],
    [{ timeoutSeconds: 0 }, 'timeoutSeconds: must be a number of seconds above 0'],
    [{ keyPrefix: 1 } as unknown as MomentoThrottlerOptions, 'keyPrefix: must be a string'],
    [{ limit: 1 } as MomentoThrottlerOptions, 'limit: is not an option'],
  ])('checks its options: %j', async (wrong, problem) => {
    await expect(startStorage(wrong)).rejects.toMatchObject({
      name: 'MomentoConfigurationError',
      code: 'invalid-options',
      message: expect.stringContaining(problem),
      advice: 'Correct them where it is made.',
    });
  });
});
