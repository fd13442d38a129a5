import { MomentoErrorCode } from '@gomomento/sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { useService } from '../../../../test/conformance/conformance.fixture.js';
import { Canary, everythingOf } from '../../../../test/support/canary.js';
import { captureLogs } from '../../../../test/support/capture-logs.js';
import { makeV2Key } from '../../../../test/support/keys.js';
import { MomentoCacheError, MomentoLockError } from '../../../foundation/momento.errors.js';
import type { HandleContext } from '../handle.js';
import { clientsOfProcesses, contextOf, errorOf, newContext } from '../handles.fixture.js';
import { CacheLock, type LockOptions } from './lock.js';
import { LockClient } from './lock-client.fixture.js';

const service = useService();
const logs = captureLogs();
beforeEach(() => logs.start());

const lockOf = (context: HandleContext, name = 'job') => new CacheLock(context, name);

/** Work in a lock that somebody holds until the test lets it end. */
async function held(lock: CacheLock) {
  let end: () => void = () => undefined;
  let outcome = Promise.resolve();
  await new Promise<void>((started) => {
    outcome = lock.withLock(() => {
      started();
      return new Promise<void>((resolve) => (end = resolve));
    });
  });
  return async () => {
    end();
    await outcome;
  };
}

describe('a lock', () => {
  it('lets 4 processes add 25 times each, and none over another', async () => {
    const { cacheName } = newContext(service);
    const numbers: number[] = [];
    let [holders, most] = [0, 0];
    const add = async (client: HandleContext['client']) => {
      const lock = lockOf(contextOf(client, cacheName));
      for (let time = 0; time < 25; time += 1) {
        await lock.withLock(
          async ({ fencingNumber }) => {
            most = Math.max(most, (holders += 1));
            numbers.push(fencingNumber);
            const found = await client.get(cacheName, 'sum');
            const sum = 'valueString' in found ? Number(found.valueString()) : 0;
            await client.set(cacheName, 'sum', String(sum + 1));
            holders -= 1;
          },
          { waitSeconds: Infinity },
        );
      }
    };
    await Promise.all(clientsOfProcesses(service).map(add));
    expect(await service.client.get(cacheName, 'sum').then((found) => found.value())).toBe('100');
    expect(most).toBe(1);
    expect(numbers).toHaveLength(100);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  });

  it('lets each of 30 who wait at once have it in the end', async () => {
    const context = newContext(service);
    const end = await held(lockOf(context));
    const served = Array.from({ length: 30 }, (_, index) =>
      lockOf(context).withLock(() => index, { waitSeconds: 60 }),
    );
    await end();
    expect(await Promise.all(served)).toEqual(Array.from({ length: 30 }, (_, index) => index));
  });

  it('gives back what the work gives, and is free again at once', async () => {
    const lock = lockOf(newContext(service));
    expect(await lock.withLock(() => 'now')).toBe('now');
    expect(await lock.withLock(async () => undefined)).toBeUndefined();
    expect(await lock.withLock(async () => 'later')).toBe('later');
  });

  it.each([[0], [0.05]])(
    'is not got within %f s while somebody holds it, and says so',
    async (waitSeconds) => {
      const context = newContext(service);
      const end = await held(lockOf(context, 'a\nb'));
      const sentAtMs = performance.now();
      const error = await errorOf(lockOf(context, 'a\nb').withLock(() => 'never', { waitSeconds }));
      expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(waitSeconds * 1000 - 2);
      expect(error).toBeInstanceOf(MomentoLockError);
      expect(error).toMatchObject({
        code: 'lock-not-acquired',
        message: String.raw`The lock 'a\nb' is held by somebody else, and was not got within ${waitSeconds} s. Try again later, or give withLock more waitSeconds.`,
        advice: 'Try again later, or give withLock more waitSeconds.',
      });
      await end();
      expect(await lockOf(context, 'a\nb').withLock(() => 'now')).toBe('now');
    },
  );

  it('is got when the lease of a process that died is over', async () => {
    const context = newContext(service);
    await service.client.setIfAbsent(context.cacheName, 'lock:job', 'token of the dead', { ttl: 10 });
    expect(await errorOf(lockOf(context).withLock(() => 'never'))).toBeInstanceOf(MomentoLockError);
    service.clock.advance(10_000);
    expect(await lockOf(context).withLock(() => 'now')).toBe('now');
  });

  it('has a lease of so many seconds, rounded up, and leaves nothing for longer than a second', async () => {
    const context = newContext(service);
    const remainingMs = async () => {
      const ttl = await service.client.itemGetTtl(context.cacheName, 'lock:job');
      return 'remainingTtlMillis' in ttl ? ttl.remainingTtlMillis() : undefined;
    };
    expect(await lockOf(context).withLock(remainingMs, { leaseSeconds: 29.5 })).toBe(30_000);
    expect(await lockOf(context).withLock(remainingMs)).toBe(10_000);
    expect(await remainingMs()).toBe(1_000);
    service.clock.advance(1_000);
    expect(await remainingMs()).toBeUndefined();
  });

  it('of another name, prefix or cache is another lock', async () => {
    const context = newContext(service);
    const end = await held(lockOf(context));
    expect(await lockOf(context, 'job:2').withLock(() => 1)).toBe(1);
    expect(await lockOf({ ...context, keyPrefix: 'p:' }).withLock(() => 2)).toBe(2);
    expect(await lockOf(newContext(service)).withLock(() => 3)).toBe(3);
    await service.client.set(context.cacheName, 'job', 'a value of that name');
    await end();
    expect(await lockOf(context, '__proto__').withLock(() => 4)).toBe(4);
  });
});

it('holds the process while somebody waits for it, and not while it is held', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
  const context = contextOf(new LockClient().client, 'demo-cache');
  const before = timers();
  const end = await held(lockOf(context));
  expect(timers()).toBe(before);
  const waiting = lockOf(context).withLock(() => 'now', { waitSeconds: 60 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(timers()).toBe(before + 1);
  await end();
  expect(await waiting).toBe('now');
});

it('costs three requests, of which one is for the fencing number', async () => {
  const context = newContext(service);
  await lockOf(context).withLock(() => 'the first, which begins the counter');
  const before = service.momento.requestCount();
  await lockOf(context).withLock(() => 'another');
  expect(service.momento.requestCount() - before).toBe(3);
});

describe('errors', () => {
  it.each<[string, LockOptions, string]>([
    ['a lease of 0', { leaseSeconds: 0 }, 'leaseSeconds is 0'],
    ['a lease that is no number', { leaseSeconds: Number.NaN }, 'leaseSeconds is NaN'],
    ['a lease of more than a day', { leaseSeconds: 86_401 }, 'at most 86400'],
    ['a wait below 0', { waitSeconds: -1 }, 'waitSeconds is -1'],
    ['a wait that is no number', { waitSeconds: '5' as unknown as number }, 'waitSeconds is 5'],
  ])('refuse %s before Momento is asked', async (_what, options, message) => {
    const before = service.momento.requestCount();
    const error = await errorOf(lockOf(newContext(service)).withLock(() => 'never', options));
    expect(error).toBeInstanceOf(MomentoCacheError);
    expect(error).toMatchObject({
      code: MomentoErrorCode.INVALID_ARGUMENT_ERROR,
      message: expect.stringContaining(message),
      operation: { name: 'lock.withLock', target: 'job' },
    });
    expect(service.momento.requestCount()).toBe(before);
  });

  it.each([[''], [undefined as unknown as string], ['\ud800']])('refuse the name %j', (name) => {
    expect(() => new CacheLock(newContext(service), name)).toThrow(
      expect.objectContaining({ code: MomentoErrorCode.INVALID_ARGUMENT_ERROR }),
    );
  });

  it('tell that the cache is missing, and leave nothing to be tried again', async () => {
    const context = contextOf(service.client, 'no-such-cache');
    const error = await errorOf(lockOf(context).withLock(() => 'never'));
    expect(error).toBeInstanceOf(MomentoCacheError);
    expect(error).toMatchObject({
      code: MomentoErrorCode.CACHE_NOT_FOUND_ERROR,
      advice: expect.stringContaining('createCaches'),
    });
    expect(context.inFlight.count).toBe(0);
  });

  it('show no key that was put into the place of a name', async () => {
    const [context, key] = [newContext(service), makeV2Key()];
    const end = await held(lockOf(context, key));
    const error = await errorOf(lockOf(context, key).withLock(() => 'never'));
    expect(new Canary(key).findIn(everythingOf(error))).toBeUndefined();
    await end();
  });
});
