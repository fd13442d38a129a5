import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { EndOfTick } from './end-of-tick.js';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the end of a tick', () => {
  it('does the work once, after what was begun in the tick', async () => {
    const seen: string[] = [];
    const end = new EndOfTick(() => void seen.push('work'));
    end.ask();
    end.ask();
    void Promise.resolve()
      .then(() => seen.push('reaction'))
      .then(() => end.ask())
      .then(() => seen.push('its reaction'));
    seen.push('rest');
    await tick();
    expect(seen).toEqual(['rest', 'reaction', 'its reaction', 'work']);
  });

  it('does it again when it is asked for later, be it by the work itself', async () => {
    let count = 0;
    const end = new EndOfTick(() => {
      count += 1;
      if (count === 2) end.ask();
    });
    end.ask();
    await tick();
    expect(count).toBe(1);
    end.ask();
    await tick();
    expect(count).toBe(3);
    await tick();
    expect(count).toBe(3);
  });

  it('is in the async context of who asked first', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const end = new EndOfTick(() => void seen.push(context.getStore()));
    context.run('first', () => end.ask());
    context.run('second', () => end.ask());
    await tick();
    expect(seen).toEqual(['first']);
  });
});
