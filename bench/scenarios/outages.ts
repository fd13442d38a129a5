import { type Arena, count, type Scenario, time } from './arena.js';
import type { Contestant } from './caches/cache.js';
import { callAll } from './calls.js';

export const outages: readonly Scenario[] = [
  {
    title: ({ limitMs, nextCalls }) =>
      `Momento hangs, limit ${time(limitMs)}: first call; next ${nextCalls}, their requests`,
    run: (arena, contestant) => during(arena, contestant, 'hang'),
  },
  {
    title: ({ nextCalls }) => `Momento is down: first call; next ${nextCalls}`,
    run: (arena, contestant) => during(arena, contestant, 'down'),
  },
];

async function during(arena: Arena, contestant: Contestant, outage: 'hang' | 'down'): Promise<string> {
  const { limitMs, nextCalls } = arena.size;
  return arena.withCache(contestant, { limitMs }, async (cache) => {
    await arena.server.make(outage);
    try {
      const first = await callAll(cache, { keys: arena.keys(1), value: 'value' });
      let rejected = first.rejected;
      const startedAtMs = performance.now();
      const { reads, writes } = await arena.requests(async () => {
        for (const key of arena.keys(nextCalls)) {
          rejected += (await callAll(cache, { keys: [key], value: 'value' })).rejected;
        }
      });
      const nextMs = performance.now() - startedAtMs;
      const requests = outage === 'hang' ? `, ${count(reads + writes)}` : '';
      const failed = rejected === 0 ? '' : `; ${rejected} of ${nextCalls + 1} fail`;
      return `${time(first.longestMs)}; ${time(nextMs)}${requests}${failed}`;
    } finally {
      await arena.server.make(outage === 'hang' ? 'clear' : 'up');
    }
  });
}
