import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Arena, count, type Scenario, time } from './arena.js';
import type { Cache, Contestant } from './caches/cache.js';
import { type Calls, callAll } from './calls.js';

/** What is written behind a call is over by then. */
const settleMs = 50;

export const oneProcess: readonly Scenario[] = [
  {
    title: ({ callers }) => `${count(callers)} callers miss one key: loads / reads / writes`,
    run: (arena, contestant) =>
      arena.withCache(contestant, {}, async (cache) => {
        const calls = { keys: sameKey(arena), value: 'value', loaderMs: 5 };
        const { reads, writes, result } = await arena.requests(() => settled(cache, calls));
        return `${count(result.loads)} / ${count(reads)} / ${count(writes)}`;
      }),
  },
  {
    title: () => 'the same, the loader fails: loads / reads, time',
    run: (arena, contestant) =>
      arena.withCache(contestant, {}, async (cache) => {
        const calls = { keys: sameKey(arena), value: 'value', loaderMs: 5, fails: true };
        const { reads, result } = await arena.requests(() => callAll(cache, calls));
        const quiet = result.values.length === 0 ? '' : `; ${count(result.values.length)} get no error`;
        return `${count(result.loads)} / ${count(reads)}, ${time(result.longestMs)}${quiet}`;
      }),
  },
  {
    title: ({ trials }) => `deleted while it loads, in the same process: stale of ${trials}`,
    run: (arena, contestant) =>
      arena.withCache(contestant, {}, async (cache) => {
        const keys = arena.keys(arena.size.trials);
        await loadWhile(cache, keys, () => Promise.all(keys.map((key) => cache.delete(key))));
        const { values } = await callAll(cache, { keys, value: 'new' });
        return String(values.filter((value) => value === 'old').length);
      }),
  },
  {
    title: ({ keysATick }) => `${count(keysATick)} cached keys in one tick: requests`,
    run: (arena, contestant) =>
      arena.withMembers(contestant, 1, {}, async (member) => {
        const keys = arena.keys(arena.size.keysATick);
        await member.call({ keys, value: 'value' });
        return readElsewhere(arena, contestant, keys);
      }),
  },
  {
    title: ({ keysATick }) => `${count(keysATick)} missing keys in one tick: requests`,
    run: (arena, contestant) =>
      arena.withCache(contestant, {}, async (cache) => {
        const calls = { keys: arena.keys(arena.size.keysATick), value: 'value' };
        const { reads, writes } = await arena.requests(() => settled(cache, calls));
        return count(reads + writes);
      }),
  },
  {
    title: ({ callers }) => `one key, ${count(callers)} hits one after another: requests`,
    run: (arena, contestant) =>
      arena.withCache(contestant, {}, async (cache) => {
        const key = arena.key();
        await settled(cache, { keys: [key], value: 'value' });
        const { reads, writes } = await arena.requests(async () => {
          for (let call = 0; call < arena.size.callers; call += 1)
            await cache.getOrSet(key, () => Promise.resolve('value'));
        });
        return count(reads + writes);
      }),
  },
  {
    title: () => 'one miss: requests',
    run: (arena, contestant) =>
      arena.withCache(contestant, {}, async (cache) => {
        const { reads, writes } = await arena.requests(() =>
          settled(cache, { keys: [arena.key()], value: 'value' }),
        );
        return count(reads + writes);
      }),
  },
];

const sameKey = (arena: Arena) => Array<string>(arena.size.callers).fill(arena.key());

async function settled(cache: Cache, calls: Calls) {
  const answered = await callAll(cache, calls);
  await sleep(settleMs);
  return answered;
}

/** What another process has cached, in a process whose memory does not know it. */
async function readElsewhere(arena: Arena, contestant: Contestant, keys: readonly string[]): Promise<string> {
  return arena.withCache(contestant, {}, async (cache) => {
    const { reads, writes, result } = await arena.requests(() => callAll(cache, { keys, value: 'value' }));
    const loads = result.loads === 0 ? '' : `; ${count(result.loads)} are loaded again`;
    return `${count(reads + writes)}${loads}`;
  });
}

/** Begins to load the old value of every key, and lets the loads end after `change`. */
export async function loadWhile(
  cache: Cache,
  keys: readonly string[],
  change: () => Promise<unknown>,
): Promise<void> {
  const gate = new EventEmitter();
  gate.setMaxListeners(keys.length);
  const allBegun = once(gate, 'all begun');
  let begun = 0;
  const loads = keys.map((key) =>
    cache.getOrSet(key, async () => {
      begun += 1;
      if (begun === keys.length) gate.emit('all begun');
      await once(gate, 'changed');
      return 'old';
    }),
  );
  await allBegun;
  await change();
  gate.emit('changed');
  await Promise.all(loads);
  await sleep(settleMs);
}
