import type { TestingModule } from '@nestjs/testing';
import {
  type CacheLock,
  CacheService,
  type HeldLock,
  type LockOptions,
  MomentoClosedError,
  MomentoModule,
} from 'nestjs-momento';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { failureOf } from '../../support/keys.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);
const logs = captureLogs();

let app: TestingModule;
let cache: CacheService;

async function boot(shutdownTimeoutSeconds?: number): Promise<void> {
  app = await start(MomentoModule.forRoot(options({ shutdownTimeoutSeconds, cache: { keyPrefix: 'app:' } })));
  cache = app.get(CacheService);
  logs.start();
}
beforeEach(() => boot());

/** A lock that is held until the test lets it go. */
async function hold(lock: CacheLock, lockOptions?: LockOptions) {
  let end: () => void = () => undefined;
  const ended = new Promise<string>((resolve) => (end = () => resolve('done')));
  let outcome: Promise<string> = ended;
  const held = await new Promise<HeldLock>((started) => {
    outcome = lock.withLock((work) => {
      started(work);
      return ended;
    }, lockOptions);
  });
  return { held, end, outcome };
}

describe('a lock of an app', () => {
  it('is renewed past its lease, through a failure of one moment, and released through one', async () => {
    const lock = cache.lock('job');
    const { held, end, outcome } = await hold(lock, { leaseSeconds: 2 });
    servers.momento.faults.fail('set-if', 'UNAVAILABLE', { times: 1 });
    await vi.waitFor(() => expect(servers.momento.requestCount('set-if')).toBe(5), 5_000);
    expect(held.signal.aborted).toBe(false);
    servers.momento.faults.fail('set-if', 'UNAVAILABLE', { times: 1 });
    end();
    expect(await outcome).toBe('done');
    expect(await lock.withLock(() => 'next', { waitSeconds: 5 })).toBe('next');
  });

  it('is lost, and says so, when renewals hang', async () => {
    const { held, end, outcome } = await hold(cache.lock('hung job'), { leaseSeconds: 1 });
    servers.momento.faults.hang('set-if', { times: 20 });
    await vi.waitFor(() => expect(held.signal.aborted).toBe(true), 5_000);
    expect(held.signal.reason).toMatchObject({
      code: 'lock-lost',
      message: expect.stringContaining('no answer within'),
    });
    expect(logs.lines).toEqual([expect.stringContaining("The lock 'hung job' was lost")]);
    // Each attempt was given up when its time was over, and not only at the client's time limit of seconds.
    const pending = () => servers.momento.requests.filter(({ status }) => status === 'PENDING');
    await vi.waitFor(() => expect(pending()).toEqual([]), 1_000);
    end();
    expect(await outcome).toBe('done');
  });

  it('is waited for by the shutdown, and released by it', async () => {
    const { held, end, outcome } = await hold(cache.lock('job'));
    const closing = app.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(held.signal.aborted).toBe(false);
    end();
    await closing;
    expect(await outcome).toBe('done');
    expect(held.signal.aborted).toBe(false);
    expect(logs.lines).toEqual([]);
    await boot();
    expect(await cache.lock('job').withLock(() => 'next')).toBe('next');
  });

  it('is lost when the shutdown’s limit is over', async () => {
    await boot(0.1);
    const { held, end, outcome } = await hold(cache.lock('job'));
    await app.close();
    expect(held.signal.reason).toMatchObject({
      code: 'lock-lost',
      message: expect.stringContaining('closes'),
    });
    end();
    expect(await outcome).toBe('done');
    await vi.waitFor(() =>
      expect(logs.lines).toEqual([
        expect.stringContaining('still under way after 0.1 s'),
        expect.stringContaining("The lock 'job' was lost: the connection to Momento closes"),
        expect.stringContaining("The lock 'job' could not be released"),
      ]),
    );
  });

  it('that is waited for holds no shutdown up, and is given up by it', async () => {
    const [first, closing] = [app, cache];
    await boot();
    const { end, outcome } = await hold(cache.lock('job'));
    const waiting = closing.lock('job').withLock(() => 'never', { waitSeconds: 3_600 });
    const error = failureOf(() => waiting);
    await first.close();
    expect(await error).toMatchObject({
      code: 'lock-not-acquired',
      message: expect.stringContaining('held by somebody else, and the connection to Momento closes'),
    });
    end();
    await outcome;
  });
});

it('all handles work on the injected client, before and after the key was replaced', async () => {
  const users = cache.collections.dictionary<number>('users');
  const limit = cache.rateLimit('login', { limit: 2, windowSeconds: 3_600 });
  await users.set('ada', 7);
  expect(await limit.check('ada')).toMatchObject({ isAllowed: true, remaining: 1 });
  const [next, former] = [servers.momento.issueApiKey(), servers.apiKey];
  servers.secrets.putSecret('Momento_Auth_Token', next);
  servers.momento.revokeApiKey(former);
  expect(await users.get('ada')).toBe(7);
  expect(await limit.check('ada')).toMatchObject({ isAllowed: true, remaining: 0 });
  expect(await cache.lock('job').withLock(() => 'done')).toBe('done');
  await app.close();
  await expect(users.get('ada')).rejects.toBeInstanceOf(MomentoClosedError);
  await expect(limit.check('ada')).rejects.toBeInstanceOf(MomentoClosedError);
  await expect(cache.lock('job').withLock(() => 'never')).rejects.toBeInstanceOf(MomentoClosedError);
});
