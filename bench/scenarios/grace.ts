import { setTimeout as sleep } from 'node:timers/promises';
import { count, type Scenario, time } from './arena.js';
import { callAll } from './calls.js';

const loaderMs = 200;
const softLimitMs = 100;
const slowMs = 1_000;
/** Before and after the end of a second. */
const storm = { afterMs: 700, everyMs: 10, times: 60, callers: 5 };

export const grace: readonly Scenario[] = [
  {
    title: ({ processes }) =>
      `expiry storm: ${processes} processes, ${count(storm.times * storm.callers)} callers each round the end of a TTL, loader ${loaderMs} ms: loads, longest wait`,
    isSlow: true,
    run: (arena, contestant) => {
      const setUp = { ttlSeconds: 1, graceSeconds: 30 };
      return arena.withMembers(contestant, arena.size.processes, setUp, async (...members) => {
        const key = arena.key();
        await members[0]?.call({ keys: [key], value: 'old' });
        await sleep(storm.afterMs);
        const keys = Array<string>(storm.callers).fill(key);
        const { times, everyMs } = storm;
        const answers = await Promise.all(
          members.map((member) => member.callInWaves({ keys, value: 'new', loaderMs, times, everyMs })),
        );
        const loads = answers.reduce((sum, answer) => sum + answer.loads, 0);
        return `${count(loads)}, ${time(Math.max(...answers.map(({ longestMs }) => longestMs)))}`;
      });
    },
  },
  {
    title: () =>
      `a value is over, its loader takes ${time(slowMs)}, soft limit ${softLimitMs} ms: wait, and what comes`,
    isSlow: true,
    run: (arena, contestant) =>
      arena.withCache(contestant, { ttlSeconds: 1, graceSeconds: 30, softLimitMs }, async (cache) => {
        const keys = arena.keys(1);
        await callAll(cache, { keys, value: 'the old value' });
        await sleep(1_100);
        const { longestMs, values } = await callAll(cache, {
          keys,
          value: 'the new value',
          loaderMs: slowMs,
        });
        // A load that goes on is not cut off by the end of its cache.
        await sleep(slowMs);
        return `${time(longestMs)}, ${values[0]}`;
      }),
  },
];
