import { setTimeout as sleep } from 'node:timers/promises';
import { type Arena, count, type Scenario, time } from './arena.js';
import type { Contestant } from './caches/cache.js';
import { callAll } from './calls.js';
import { loadWhile } from './one-process.js';

const loaderMs = 50;
const hangsForMs = 3_000;

export const betweenProcesses: readonly Scenario[] = [
  {
    title: ({ trials }) => `deleted while it loads, by another process, which then reads: stale of ${trials}`,
    run: async (arena, contestant) => String(await staleAfterDeletes(arena, contestant, arena.size.trials)),
  },
  {
    title: () => '2 processes miss 20 keys at once: loads',
    run: async (arena, contestant) => count((await loadEverywhere(arena, contestant, 2, 20)).loads),
  },
  {
    title: ({ processes }) =>
      `${processes} processes miss 50 keys at once, loader ${loaderMs} ms: loads, longest wait`,
    run: async (arena, contestant) => {
      const { loads, longestMs } = await loadEverywhere(arena, contestant, arena.size.processes, 50);
      return `${count(loads)}, ${time(longestMs)}`;
    },
  },
  {
    title: () => 'another process hangs in its loader of the key: wait',
    isSlow: true,
    run: (arena, contestant) =>
      arena.withMembers(contestant, 1, {}, (other) =>
        arena.withCache(contestant, {}, async (cache) => {
          const keys = arena.keys(1);
          const hanging = other.call({ keys, value: 'late', loaderMs: hangsForMs });
          await sleep(loaderMs);
          const { longestMs } = await callAll(cache, { keys, value: 'value' });
          await hanging;
          return time(longestMs);
        }),
      ),
  },
];

/** @returns how many of the keys are stale when the process reads them that deleted them */
export async function staleAfterDeletes(arena: Arena, contestant: Contestant, deletes: number) {
  return arena.withMembers(contestant, 1, {}, (other) =>
    arena.withCache(contestant, {}, async (cache) => {
      const keys = arena.keys(deletes);
      await loadWhile(cache, keys, () => other.delete(keys));
      const { values } = await other.call({ keys, value: 'new' });
      return values.filter((value) => value === 'old').length;
    }),
  );
}

/** All processes ask for all keys at once, and none of them is cached. */
export async function loadEverywhere(arena: Arena, contestant: Contestant, processes: number, keys: number) {
  return arena.withMembers(contestant, processes, {}, async (...members) => {
    const calls = { keys: arena.keys(keys), value: 'value', loaderMs };
    const answers = await Promise.all(members.map((member) => member.call(calls)));
    return {
      loads: answers.reduce((sum, { loads }) => sum + loads, 0),
      longestMs: Math.max(...answers.map((answer) => answer.longestMs)),
    };
  });
}
