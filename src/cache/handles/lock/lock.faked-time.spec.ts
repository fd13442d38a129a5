import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../../test/support/capture-logs.js';
import { MomentoCacheError, MomentoLockError } from '../../../foundation/momento.errors.js';
import { contextOf, errorOf } from '../handles.fixture.js';
import { lostAnswer, lostRequest, newLock, noAnswer, openWork } from './lock.fixture.js';
import { CacheLock } from './lock.js';
import { LockClient, type Way } from './lock-client.fixture.js';

const logs = captureLogs();

beforeEach(() => {
  vi.useFakeTimers();
  logs.start();
});
afterEach(() => void vi.useRealTimers());

describe('the release', () => {
  it.each<[string, readonly Way[], number]>([
    ['fails once', [lostRequest], 0],
    ['fails until nearly the end of the lease', Array<Way>(9).fill(lostRequest), 0],
    ['gets no answer', [noAnswer], 1_500],
  ])('is tried again behind when it %s', async (_how, ways, waitedMs) => {
    const { momento, lock, name, inFlight } = newLock({ release: ways });
    const outcome = lock.withLock(() => 'done', { leaseSeconds: 9 });
    await vi.advanceTimersByTimeAsync(waitedMs);
    expect(await outcome).toBe('done');
    expect(inFlight.count).toBe(1);
    await vi.advanceTimersByTimeAsync(8_999 - waitedMs);
    expect(momento.valueOf(`lock:${name}`)).toBeUndefined();
    expect(momento.sent.filter((what) => what === 'release')).toHaveLength(ways.length + 1);
    expect(inFlight.count).toBe(0);
    expect(logs.lines).toEqual([]);
  });

  it('frees the lock at once, also when its answer is lost, and not that of the next holder', async () => {
    const { momento, lock, name } = newLock({ release: [lostAnswer] });
    await lock.withLock(() => 'first', { leaseSeconds: 9 });
    const { started, end, work } = openWork();
    const second = lock.withLock(work, { leaseSeconds: 9 });
    const { signal } = await started;
    const token = momento.valueOf(`lock:${name}`);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(momento.sent.filter((what) => what === 'release')).toHaveLength(2);
    expect(momento.valueOf(`lock:${name}`)).toBe(token);
    expect(signal.aborted).toBe(false);
    end('done');
    await second;
  });

  it('meets a renewal that is under way, and leaves no timer', async () => {
    const { momento, lock, name } = newLock({ renew: [{ backMs: 1_000 }] });
    const { started, end, work } = openWork();
    const outcome = lock.withLock(work, { leaseSeconds: 9 });
    await started;
    await vi.advanceTimersByTimeAsync(3_500);
    end('done');
    expect(await outcome).toBe('done');
    await vi.advanceTimersByTimeAsync(500);
    expect(vi.getTimerCount()).toBe(0);
    expect(momento.valueOf(`lock:${name}`)).toBe('released');
  });

  it('says that it gave up when the lease is over, and lets the process go', async () => {
    const { lock, inFlight, name } = newLock({ release: Array<Way>(99).fill(lostRequest) });
    expect(await lock.withLock(() => 'done', { leaseSeconds: 9 })).toBe('done');
    await vi.advanceTimersByTimeAsync(9_000);
    expect(inFlight.count).toBe(0);
    expect(logs.lines).toEqual([
      expect.stringMatching(
        `The lock '${name}' could not be released; it is free when its lease of 9 s is over: `,
      ),
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is given up when the connection closes', async () => {
    const { lock, inFlight, closing, momento } = newLock({ release: Array<Way>(99).fill(lostRequest) });
    await lock.withLock(() => 'done', { leaseSeconds: 9 });
    closing.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(inFlight.count).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    // The last one says by its error why.
    expect(momento.sent.filter((what) => what === 'release')).toHaveLength(2);
  });

  it('follows work that throws, and a number that cannot be had', async () => {
    const { momento, lock, name } = newLock({ number: [{}, {}, {}, lostRequest] });
    const failure = new Error('the work failed');
    const fail = () => {
      throw failure;
    };
    expect(await errorOf(lock.withLock(fail))).toBe(failure);
    expect(momento.valueOf(`lock:${name}`)).toBe('released');
    expect(await errorOf(lock.withLock(async () => fail()))).toBeInstanceOf(MomentoCacheError);
    expect(momento.valueOf(`lock:${name}`)).toBe('released');
    expect(await errorOf(lock.withLock(async () => fail()))).toBe(failure);
    expect(momento.valueOf(`lock:${name}`)).toBe('released');
  });
});

describe('a take', () => {
  it.each([
    ['shortest', 0, [0, 10, 30, 70, 150, 250, 350, 450, 500]],
    ['longest', 1, [0, 20, 60, 140, 300, 500]],
  ])('looks again after 20 ms, doubling to 200 ms, with jitter (%s)', async (_which, random, expected) => {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    const sentAtMs: number[] = [];
    const momento = new LockClient(() => {
      sentAtMs.push(performance.now());
      return {};
    });
    momento.put('lock:job', 'the token of somebody else', 60);
    const beginsAtMs = performance.now();
    const lock = new CacheLock(contextOf(momento.client, 'demo-cache'), 'job');
    const error = errorOf(lock.withLock(() => 'never', { waitSeconds: 0.5 }));
    await vi.advanceTimersByTimeAsync(500);
    expect(await error).toMatchObject({ code: 'lock-not-acquired' });
    expect(sentAtMs.map((atMs) => Math.round(atMs - beginsAtMs))).toEqual(expected);
    expect(vi.getTimerCount()).toBe(0);
    vi.restoreAllMocks();
  });

  it('whose answer is lost rejects, and leaves nothing behind', async () => {
    const { momento, lock, name, inFlight } = newLock({ take: [lostAnswer], release: [lostRequest] });
    expect(await errorOf(lock.withLock(() => 'never'))).toBeInstanceOf(MomentoCacheError);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(momento.valueOf(`lock:${name}`)).toBe('released');
    expect(inFlight.count).toBe(0);
    expect(await lock.withLock(() => 'next')).toBe('next');
  });

  it('that takes longer than the lease does not begin the work', async () => {
    const { lock } = newLock({ take: [{ backMs: 9_000 }] });
    const error = errorOf(lock.withLock(() => 'never', { leaseSeconds: 9 }));
    await vi.advanceTimersByTimeAsync(9_000);
    expect(await error).toMatchObject({ constructor: MomentoLockError, code: 'lock-lost' });
  });

  it('does not begin the work when the process stood still while it asked for the number', async () => {
    const { lock } = newLock({ number: [{}, {}, { backMs: 1 }] });
    const error = errorOf(lock.withLock(() => 'never', { leaseSeconds: 9 }));
    await vi.advanceTimersByTimeAsync(0);
    // Answers come before timers then.
    const nowMs = performance.now() + 20_000;
    vi.spyOn(performance, 'now').mockReturnValue(nowMs);
    await vi.advanceTimersByTimeAsync(1);
    vi.restoreAllMocks();
    expect(await error).toMatchObject({ code: 'lock-lost' });
  });

  it('does not begin the work when the connection is closed', async () => {
    const { lock, closing } = newLock();
    closing.abort();
    expect(await errorOf(lock.withLock(() => 'never'))).toMatchObject({
      code: 'lock-lost',
      message: expect.stringContaining('closes'),
    });
  });

  it('leaves nothing open after 300 times', async () => {
    const { lock, closing, inFlight } = newLock();
    // What Node warns of beyond.
    setMaxListeners(10, closing.signal);
    const remove = vi.spyOn(closing.signal, 'removeEventListener');
    const add = vi.spyOn(closing.signal, 'addEventListener');
    for (let time = 0; time < 300; time += 1) await lock.withLock(() => time);
    expect(add).toHaveBeenCalledTimes(300);
    expect(new Set(add.mock.calls.map(([, listener]) => listener))).toEqual(
      new Set(remove.mock.calls.map(([, listener]) => listener)),
    );
    expect(vi.getTimerCount()).toBe(0);
    expect(inFlight.count).toBe(0);
  });
});

describe('fencing numbers', () => {
  const day = 86_400_000;

  it('grow by one while the counter lives, which is a day after its last use', async () => {
    const { lock } = newLock();
    const number = () => lock.withLock(({ fencingNumber }) => fencingNumber);
    const first = await number();
    expect(await number()).toBe(first + 1);
    await vi.advanceTimersByTimeAsync(day - 1);
    expect(await number()).toBe(first + 2);
    await vi.advanceTimersByTimeAsync(day - 1);
    expect(await number()).toBe(first + 3);
  });

  it('go on above all former ones when the counter is gone', async () => {
    const { lock } = newLock();
    const number = () => lock.withLock(({ fencingNumber }) => fencingNumber);
    let [first, last] = [await number(), 0];
    for (let time = 0; time < 1_000; time += 1) last = await number();
    expect(last).toBe(first + 1_000);
    await vi.advanceTimersByTimeAsync(day);
    first = await number();
    expect(first).toBeGreaterThan(last);
    expect(Number.isSafeInteger(first)).toBe(true);
  });

  it('come to an end where the clock stands in 1970', async () => {
    const { lock } = newLock();
    const number = () => lock.withLock(({ fencingNumber }) => fencingNumber);
    vi.setSystemTime(0);
    const first = await number();
    expect(await number()).toBeGreaterThan(first);
  });

  it('are not changed by a former holder that comes late to begin the counter', async () => {
    const { lock, momento } = newLock({
      number: [{}, { thereMs: 20_000 }],
      renew: Array<Way>(99).fill(lostRequest),
    });
    const late = errorOf(lock.withLock(() => 'never', { leaseSeconds: 9 }));
    await vi.advanceTimersByTimeAsync(10_000);
    const next = await lock.withLock(({ fencingNumber }) => fencingNumber);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await late).toMatchObject({ code: 'lock-lost' });
    const later = await lock.withLock(({ fencingNumber }) => fencingNumber);
    expect(later).toBeGreaterThan(next);
    expect(later).toBeLessThan(next + 10);
    expect(momento.sent.filter((what) => what === 'number').length).toBeLessThan(10);
  });
});
