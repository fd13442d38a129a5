import { describe, expect, it } from 'vitest';
import { RefreshBackoff } from './refresh-backoff.js';

function startBackoff() {
  const clock = { nowMs: 0 };
  return { clock, backoff: new RefreshBackoff(() => clock.nowMs) };
}

describe('RefreshBackoff', () => {
  it('doubles the pause of an item from a second to a minute, and forgets it at a success', () => {
    const { clock, backoff } = startBackoff();
    const pausesMs: number[] = [];
    for (let failure = 0; failure < 9; failure += 1) {
      backoff.failed('a');
      const fromMs = clock.nowMs;
      while (!backoff.allows('a')) clock.nowMs += 1_000;
      pausesMs.push(clock.nowMs - fromMs);
    }
    expect(pausesMs.map((ms) => ms / 1000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(backoff.allows('b')).toBe(true);
    backoff.failed('a');
    backoff.succeeded('a');
    expect(backoff.allows('a')).toBe(true);
    backoff.failed('a');
    clock.nowMs += 1_000;
    expect(backoff.allows('a')).toBe(true);
  });

  it('remembers 10,000 items, those that failed last', () => {
    const { backoff } = startBackoff();
    for (let item = 0; item <= 10_000; item += 1) backoff.failed(`item ${item}`);
    expect([backoff.allows('item 0'), backoff.allows('item 1'), backoff.allows('item 10000')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
