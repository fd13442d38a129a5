import { spreadOf } from '../report.js';
import type { Scenario } from './arena.js';

const rounds = 7;

export const memory: readonly Scenario[] = [
  {
    title: () => 'hits from memory, one after another, each second of CPU',
    run: (arena, contestant) =>
      arena.withCache(contestant, { near: true }, async (cache) => {
        const key = arena.key();
        const call = () => cache.getOrSet(key, () => Promise.resolve('value'));
        const callOften = async (times: number) => {
          for (let done = 0; done < times; done += 1) await call();
        };
        await callOften(2);
        const { reads, writes } = await arena.requests(() => callOften(arena.size.callers));
        if (reads + writes > 0) return '–';
        const calls = arena.size.callers * 50;
        await callOften(calls);
        const micros: number[] = [];
        for (let round = 0; round < rounds; round += 1) {
          // Not by the clock: other work of the machine is not the cache's.
          const before = process.cpuUsage();
          await callOften(calls);
          const { user, system } = process.cpuUsage(before);
          micros.push((user + system) / calls);
        }
        return `${(1 / spreadOf(micros).median).toFixed(2)} M`;
      }),
  },
];
