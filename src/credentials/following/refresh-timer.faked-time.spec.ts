import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RefreshTimer } from './refresh-timer.js';

describe('RefreshTimer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('calls once when the time has come, and again only when set again', () => {
    const call = vi.fn<() => void>();
    const timer = new RefreshTimer(call, true);
    timer.set(1_000);
    expect(timer.dueAt?.getTime()).toBe(Date.now() + 1_000);
    vi.advanceTimersByTime(999);
    expect(call).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(call).toHaveBeenCalledTimes(1);
    expect(timer.dueAt).toBeUndefined();
  });

  it('set again replaces the time; stopped, it never calls', () => {
    const call = vi.fn<() => void>();
    const timer = new RefreshTimer(call, true);
    timer.set(1_000);
    timer.set(5_000);
    vi.advanceTimersByTime(4_000);
    timer.check();
    expect(call).not.toHaveBeenCalled();
    timer.stop();
    vi.advanceTimersByTime(60_000);
    timer.check();
    expect(call).not.toHaveBeenCalled();
  });

  it.each([
    ['a process that was frozen', true],
    ['Lambda, without timers', false],
  ])('calls on use after the time in %s', (_where, hasTimer) => {
    const call = vi.fn<() => void>();
    const timer = new RefreshTimer(call, hasTimer);
    timer.set(300_000);
    timer.check();
    // The clock goes on while no timer runs.
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(call).not.toHaveBeenCalled();
    timer.check();
    timer.check();
    expect(call).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(300_000);
    expect(call).toHaveBeenCalledTimes(1);
  });

  it('waits longer than the longest timeout of Node', () => {
    const call = vi.fn<() => void>();
    const thirtyDaysMs = 30 * 86_400_000;
    new RefreshTimer(call, true).set(thirtyDaysMs);
    vi.advanceTimersByTime(thirtyDaysMs - 1);
    expect(call).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(call).toHaveBeenCalledTimes(1);
  });

  it('does not hold the process', () => {
    vi.useRealTimers();
    const timer = new RefreshTimer(() => undefined, true);
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    timer.set(60_000);
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before);
    timer.stop();
  });
});
