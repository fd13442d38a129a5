import { describe, expect, it } from 'vitest';
import { pause, withinTime } from './pause.js';

/** Timers that hold the process. */
const heldTimers = () => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;

describe('pause', () => {
  it('holds the process only where it is said to', async () => {
    const before = heldTimers();
    const end = new AbortController();
    const pauses = [pause(60_000, { signal: end.signal })];
    expect(heldTimers()).toBe(before);
    pauses.push(pause(60_000, { signal: end.signal, holdsProcess: true }));
    expect(heldTimers()).toBe(before + 1);
    end.abort();
    await Promise.all(pauses);
    expect(heldTimers()).toBe(before);
  });

  it('ends at once when its signal was aborted before', async () => {
    const before = heldTimers();
    await pause(60_000, { signal: AbortSignal.abort(), holdsProcess: true });
    expect(heldTimers()).toBe(before);
  });
});

describe('withinTime', () => {
  it('holds the process until the work or the time ends, and leaves no timer', async () => {
    const before = heldTimers();
    let finish: (value: string) => void = () => undefined;
    const work = withinTime(new Promise<string>((resolve) => (finish = resolve)), 60_000);
    expect(heldTimers()).toBe(before + 1);
    finish('done');
    expect(await work).toBe('done');
    expect(heldTimers()).toBe(before);
  });

  it('takes in what the work rejects with after its time', async () => {
    let fail: (error: Error) => void = () => undefined;
    expect(await withinTime(new Promise((_resolve, reject) => (fail = reject)), 1)).toBeUndefined();
    fail(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
