import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../../test/support/capture-logs.js';
import { MomentoLockError } from '../../../foundation/momento.errors.js';
import { lostAnswer, lostRequest, newLock, noAnswer, openWork } from './lock.fixture.js';
import { CacheLock } from './lock.js';
import type { LockClient, Way } from './lock-client.fixture.js';

const logs = captureLogs();

beforeEach(() => {
  vi.useFakeTimers();
  logs.start();
});
afterEach(() => void vi.useRealTimers());

describe('a lock that is held', () => {
  it('is renewed every third of its lease, for as long as the work runs', async () => {
    const { momento, lock, name } = newLock();
    const { started, end, work } = openWork();
    const outcome = lock.withLock(work, { leaseSeconds: 9 });
    const { signal } = await started;
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(signal.aborted).toBe(false);
    expect(momento.sent.filter((what) => what === 'renew')).toHaveLength(1_200);
    end('done');
    expect(await outcome).toBe('done');
    expect(momento.valueOf(`lock:${name}`)).toBe('released');
    expect(vi.getTimerCount()).toBe(0);
    expect(logs.lines).toEqual([]);
  });

  it.each<[string, readonly Way[]]>([
    ['fail', [lostRequest, lostRequest]],
    ['lose their answers', [lostAnswer, lostAnswer]],
    ['get no answer', [noAnswer, noAnswer]],
    ['come late', [{ thereMs: 1_000, backMs: 400 }]],
  ])('stays when renewals %s, and one arrives within the lease', async (_how, ways) => {
    const { lock } = newLock({ renew: ways });
    const { started, end, work } = openWork();
    const outcome = lock.withLock(work, { leaseSeconds: 9 });
    const { signal } = await started;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(signal.aborted).toBe(false);
    end('done');
    expect(await outcome).toBe('done');
  });

  it('is renewed every third of its lease again after a failure', async () => {
    const { momento, lock } = newLock({ renew: [lostRequest] });
    const { started, end, work } = openWork();
    const outcome = lock.withLock(work, { leaseSeconds: 12 });
    const { signal } = await started;
    // At 4 s, which fails, 5 s, and then every 4 s.
    await vi.advanceTimersByTimeAsync(45_000);
    expect(momento.sent.filter((what) => what === 'renew')).toHaveLength(12);
    // What failed before is no reason any more.
    vi.spyOn(momento, 'setIfEqual').mockReturnValue(new Promise(() => undefined));
    await vi.advanceTimersByTimeAsync(12_000);
    expect(signal.reason).toMatchObject({ message: expect.stringContaining('in time: no answer within') });
    vi.restoreAllMocks();
    end('done');
    await outcome;
  });

  // More listeners of one signal than Node lets pass without a warning, which the set-up of the tests takes for a failure.
  it('is one of many on a connection', async () => {
    const { closing, context } = newLock();
    const works = Array.from({ length: 12 }, () => openWork());
    const outcomes = works.map(({ work }, index) => new CacheLock(context, `many-${index}`).withLock(work));
    const held = await Promise.all(works.map(({ started }) => started));
    closing.abort();
    expect(held.filter(({ signal }) => !signal.aborted)).toEqual([]);
    for (const { end } of works) end('done');
    await Promise.all(outcomes);
  });

  it.each<[string, Way, RegExp]>([
    ['fail', lostRequest, /not renewed in time: lock\.withLock .*lost on the way there/],
    ['get no answer', noAnswer, /not renewed in time: no answer within 1500 ms/],
  ])('is lost at the end of its lease when all renewals %s', async (_how, way, reason) => {
    const { lock, name } = newLock({ renew: Array<Way>(99).fill(way) });
    const { started, end, work } = openWork();
    const outcome = lock.withLock(work, { leaseSeconds: 9 });
    const { signal } = await started;
    await vi.advanceTimersByTimeAsync(8_999);
    expect(signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(signal.reason).toBeInstanceOf(MomentoLockError);
    expect(signal.reason).toMatchObject({
      code: 'lock-lost',
      message: expect.stringMatching(reason),
      advice: expect.stringContaining('Stop the work'),
    });
    expect(logs.lines).toEqual([
      expect.stringMatching(`^warn \\[CacheLock\\] The lock '${name}' was lost: `),
    ]);
    end('done');
    expect(await outcome).toBe('done');
  });

  it('counts its lease from when the last renewal was sent, not from when its answer came', async () => {
    const { lock } = newLock({
      take: [{ backMs: 2_000 }],
      renew: Array<Way>(99).fill(lostRequest),
    });
    const { started, end, work } = openWork();
    const outcome = lock.withLock(work, { leaseSeconds: 9 });
    await vi.advanceTimersByTimeAsync(2_000);
    const { signal } = await started;
    await vi.advanceTimersByTimeAsync(6_999);
    expect(signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(signal.aborted).toBe(true);
    end('done');
    await outcome;
  });

  it.each<[string, (momento: LockClient, key: string) => void]>([
    ['deleted', (momento, key) => void momento.items.delete(key)],
    ['taken by somebody else', (momento, key) => momento.put(key, 'another token', 600)],
  ])('is lost at the next renewal when it was %s, and is left as it is', async (_how, takeAway) => {
    const { momento, lock, name } = newLock();
    const { started, end, work } = openWork();
    const outcome = lock.withLock(work, { leaseSeconds: 9 });
    const { signal } = await started;
    takeAway(momento, `lock:${name}`);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(signal.reason).toMatchObject({
      code: 'lock-lost',
      message: expect.stringContaining('somebody else'),
    });
    const [before, requests] = [momento.valueOf(`lock:${name}`), momento.sent.length];
    end('done');
    expect(await outcome).toBe('done');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(momento.valueOf(`lock:${name}`)).toBe(before);
    expect(momento.sent).toHaveLength(requests);
  });

  it('is lost when the connection closes', async () => {
    const { lock, closing } = newLock();
    const { started, end, work } = openWork();
    const outcome = lock.withLock(work);
    const { signal } = await started;
    closing.abort();
    expect(signal.reason).toMatchObject({ code: 'lock-lost', message: expect.stringContaining('closes') });
    end('done');
    expect(await outcome).toBe('done');
  });

  it('is lost once: what follows changes nothing', async () => {
    const { lock, closing } = newLock({ renew: Array<Way>(99).fill(lostRequest) });
    const { started, end, work } = openWork();
    const outcome = lock.withLock(work, { leaseSeconds: 9 });
    const { signal } = await started;
    await vi.advanceTimersByTimeAsync(9_000);
    const { reason } = signal;
    closing.abort();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(signal.reason).toBe(reason);
    expect(logs.lines).toHaveLength(1);
    end('done');
    await outcome;
  });
});
