import { describe, expect, it } from 'vitest';
import type { CacheService } from '../cache/cache.service.js';
import { Generation } from './generation.js';

interface Asked {
  readonly name: 'get' | 'increment';
  readonly amount: number;
  readonly answer: () => Promise<void>;
  readonly fail: () => Promise<void>;
}

/** A cache with one number, which answers when a test says so. */
function scene(stored?: number) {
  const momento = { stored };
  const asked: Asked[] = [];
  const clock = { nowMs: 0 };
  const ask = (name: Asked['name'], amount: number) => {
    // Carried out when it is asked, however late it is answered.
    if (name === 'increment') momento.stored = (momento.stored ?? 0) + amount;
    const { stored: value } = momento;
    return new Promise<number | undefined>((resolve, reject) => {
      const settle = (end: () => void) => async () => {
        end();
        for (let count = 0; count < 10; count += 1) await Promise.resolve();
      };
      asked.push({
        name,
        amount,
        answer: settle(() => resolve(value)),
        fail: settle(() => reject(new Error('away'))),
      });
    });
  };
  const cache = {
    get: () => ask('get', 0),
    increment: (_key: string, amount: number) => ask('increment', amount),
  } as unknown as CacheService;
  const generation = new Generation({
    cache,
    key: 'generation',
    lifeSeconds: 400,
    boundMs: 5_000,
    nowMs: () => clock.nowMs,
  });
  const take = () => {
    const [one] = asked.splice(0, 1);
    if (one === undefined) throw new Error('nothing was asked');
    return one;
  };
  const begin = async () => {
    const current = generation.current();
    await take().answer();
    return current;
  };
  return { generation, momento, asked, clock, take, begin };
}

describe('the generation of a namespace', () => {
  it('is asked for once, then behind, and waited for when what is known is too old', async () => {
    const { generation, asked, clock, take, begin, momento } = scene(7);
    expect(await begin()).toBe(7);
    clock.nowMs += 2_500;
    expect([generation.current(), asked.length]).toEqual([7, 0]);
    momento.stored = 8;
    clock.nowMs += 1;
    expect([generation.current(), generation.current(), asked.length]).toEqual([7, 7, 1]);
    await take().answer();
    expect([generation.current(), asked.length]).toEqual([8, 0]);
    clock.nowMs += 5_001;
    momento.stored = 9;
    const waiting = [generation.current(), generation.current()].map(async (number) => number);
    expect(asked.length).toBe(1);
    await take().answer();
    expect(await Promise.all(waiting)).toEqual([9, 9]);
  });

  it('is as old as the question, not as its answer', async () => {
    const { generation, clock, take, begin } = scene(7);
    await begin();
    clock.nowMs += 3_000;
    void generation.current();
    clock.nowMs += 1_900;
    await take().answer();
    clock.nowMs += 3_101;
    expect(generation.current()).toBeInstanceOf(Promise);
  });

  it('is asked for again after a failure, which disturbs nobody before its time is over', async () => {
    const { generation, clock, take, begin } = scene(7);
    await begin();
    clock.nowMs += 3_000;
    expect(generation.current()).toBe(7);
    await take().fail();
    expect(generation.current()).toBe(7);
    await take().fail();
    clock.nowMs += 3_000;
    const current = generation.current();
    await Promise.all([expect(current).rejects.toThrow('away'), take().fail()]);
    const again = generation.current();
    await take().answer();
    expect(await again).toBe(7);
  });

  it('begins somewhere else where there is none, and is kept alive now and then', async () => {
    const { generation, asked, clock, take, momento } = scene();
    const first = generation.current();
    await take().answer();
    expect(asked[0]?.amount).toBeGreaterThan(0);
    await take().answer();
    expect(await first).toBe(momento.stored);
    const names: string[] = [];
    for (let seconds = 0; seconds <= 400; seconds += 10) {
      clock.nowMs += 10_000;
      const current = generation.current();
      const { name, answer } = take();
      names.push(name);
      await answer();
      await current;
    }
    expect(names.filter((name) => name === 'increment')).toHaveLength(3);
  });

  it('is not set back by an answer that was under way when it was cleared', async () => {
    const { generation, clock, take, begin } = scene(7);
    await begin();
    clock.nowMs += 3_000;
    void generation.current();
    const before = take();
    const cleared = generation.next();
    await take().answer();
    await cleared;
    await before.answer();
    expect(generation.current()).toBe(8);
  });

  it('is the last of two clears that overtake each other', async () => {
    const { generation, take, begin } = scene(7);
    await begin();
    const clears = [generation.next(), generation.next()];
    const [first, second] = [take(), take()];
    await second.answer();
    await first.answer();
    await Promise.all(clears);
    expect(generation.current()).toBe(9);
  });

  it('begins somewhere else when it is cleared after it was lost', async () => {
    const { generation, momento, take, begin } = scene(7);
    await begin();
    momento.stored = undefined;
    const cleared = generation.next();
    await take().answer();
    await take().answer();
    await cleared;
    expect(await generation.current()).toBe(momento.stored);
    expect(momento.stored).toBeGreaterThan(7);
  });
});
