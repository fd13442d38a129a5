import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failureOf } from '../../../test/support/keys.js';
import { TimeLimit, TimeLimitExceeded } from './time-limit.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => undefined);

/** How a promise stands, once everything that is due has run. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  let state: unknown = 'pending';
  const settle = (outcome: unknown) => (state = outcome);
  void promise.then(settle, settle);
  await vi.advanceTimersByTimeAsync(0);
  return state;
}

describe('TimeLimit', () => {
  it('is over when its time is, and says so by its signal', async () => {
    const limit = new TimeLimit(1_000);
    await vi.advanceTimersByTimeAsync(999);
    expect(limit.isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(limit.isOver).toBe(true);
    expect(limit.signal.aborted).toBe(true);
  });

  it('is over when its parent is aborted, be it before or after', () => {
    const parent = new AbortController();
    const before = new TimeLimit(1_000, parent.signal);
    expect(before.isOver).toBe(false);
    parent.abort();
    const after = new TimeLimit(1_000, parent.signal);
    expect([before.isOver, after.isOver]).toEqual([true, true]);
    before.release();
    after.release();
  });

  it('lets go of its timer and its parent when it is released', () => {
    const parent = new AbortController();
    const limit = new TimeLimit(1_000, parent.signal);
    expect(vi.getTimerCount()).toBe(1);
    limit.release();
    expect(vi.getTimerCount()).toBe(0);
    parent.abort();
    expect(limit.isOver).toBe(false);
  });

  it('waits as long as a timer can, for limits longer than that', async () => {
    const limit = new TimeLimit(2 ** 40);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(limit.isOver).toBe(false);
    limit.release();
  });
});

describe('TimeLimit.race', () => {
  it('gives the outcome of the work', async () => {
    const limit = new TimeLimit(1_000);
    await expect(limit.race(Promise.resolve('done'))).resolves.toBe('done');
    await expect(limit.race(Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    limit.release();
  });

  it('rejects when the time is over, although the work goes on', async () => {
    const limit = new TimeLimit(1_000);
    const race = limit.race(never());
    await vi.advanceTimersByTimeAsync(999);
    expect(await stateOf(race)).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect(await stateOf(race)).toBeInstanceOf(TimeLimitExceeded);
  });

  it('rejects at once when the time is over already', async () => {
    const limit = new TimeLimit(0);
    await vi.advanceTimersByTimeAsync(0);
    await expect(limit.race(never())).rejects.toThrow(TimeLimitExceeded);
  });

  it('takes in what the work throws after the time is over', async () => {
    const limit = new TimeLimit(1_000);
    const race = limit.race(
      new Promise((_resolve, reject) => setTimeout(() => reject(new Error('too late')), 2_000)),
    );
    const failure = failureOf(() => race);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await failure).toBeInstanceOf(TimeLimitExceeded);
  });
});

describe('TimeLimit.pause', () => {
  it('waits for its duration', async () => {
    const limit = new TimeLimit(1_000);
    const pause = limit.pause(300).then(() => 'over');
    await vi.advanceTimersByTimeAsync(299);
    expect(await stateOf(pause)).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect(await stateOf(pause)).toBe('over');
    limit.release();
  });

  it('ends with the limit, and does not fail', async () => {
    const parent = new AbortController();
    const byTime = new TimeLimit(100).pause(5_000);
    const byParent = new TimeLimit(1_000, parent.signal).pause(5_000);
    parent.abort();
    await vi.advanceTimersByTimeAsync(100);
    await expect(Promise.all([byTime, byParent])).resolves.toHaveLength(2);
    await vi.advanceTimersByTimeAsync(900);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not wait at all when the limit is over', async () => {
    const limit = new TimeLimit(0);
    await vi.advanceTimersByTimeAsync(0);
    await expect(limit.pause(5_000)).resolves.toBeUndefined();
  });
});
