import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CallRate, type Turn } from './call-rate.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const now = () => performance.now();

function startRate(mostWaiting = 50) {
  const ending = new AbortController();
  const rate = new CallRate({ perSecond: 5, mostWaiting, signal: ending.signal, now });
  const startedAtMs = now();
  const begun: { call: number; atMs: number }[] = [];
  const ask = async (call: number): Promise<Turn> => {
    const turn = await rate.turn();
    if (turn === 'yours') begun.push({ call, atMs: now() - startedAtMs });
    return turn;
  };
  return { ask, begun, end: () => ending.abort() };
}

describe('CallRate', () => {
  it('lets five begin at once, and each later one a second after the fifth before it', async () => {
    const { ask, begun } = startRate();
    const asked = Promise.all(Array.from({ length: 12 }, (_, call) => ask(call)));
    await vi.advanceTimersByTimeAsync(999);
    expect(begun.map(({ call }) => call)).toEqual([0, 1, 2, 3, 4]);
    await vi.advanceTimersByTimeAsync(1);
    expect(begun).toHaveLength(10);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(begun.map(({ call }) => call)).toEqual(Array.from({ length: 12 }, (_, call) => call));
    expect(new Set(await asked)).toEqual(new Set(['yours']));
  });

  it('never lets more than five begin within a second, in their order, however they come', async () => {
    const pausesMs = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(pausesMs, async (pauses) => {
        const { ask, begun } = startRate();
        for (const [call, pauseMs] of pauses.entries()) {
          await vi.advanceTimersByTimeAsync(pauseMs);
          void ask(call);
        }
        await vi.advanceTimersByTimeAsync(10_000);
        expect(begun.map(({ call }) => call)).toEqual([...pauses.keys()]);
        for (const [index, { atMs }] of begun.entries())
          expect(atMs - (begun[index - 5]?.atMs ?? -Infinity)).toBeGreaterThanOrEqual(1_000);
      }),
      { numRuns: 30 },
    );
  });

  it('goes by the clock when timers are late, as in a process that was busy', async () => {
    const { ask, begun } = startRate();
    void Promise.all(Array.from({ length: 15 }, (_, call) => ask(call)));
    await vi.advanceTimersByTimeAsync(0);
    // All that was due in these three seconds runs now.
    const late = vi.spyOn(performance, 'now').mockReturnValue(now() + 3_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(begun).toHaveLength(10);
    late.mockRestore();
  });

  it('refuses one too many, and takes others when there is room again', async () => {
    const { ask } = startRate(2);
    const first = Array.from({ length: 8 }, (_, call) => ask(call));
    expect(await first[7]).toBe('too-many-wait');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await Promise.all(first)).toEqual([...Array.from({ length: 7 }, () => 'yours'), 'too-many-wait']);
    expect(await ask(8)).toBe('yours');
  });

  it('ends the waiting with its signal, and leaves no timer', async () => {
    const { ask, end } = startRate();
    const asked = Promise.all(Array.from({ length: 8 }, (_, call) => ask(call)));
    await vi.advanceTimersByTimeAsync(10);
    end();
    expect((await asked).slice(4)).toEqual(['yours', 'ended', 'ended', 'ended']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
