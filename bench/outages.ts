import type { Cache } from './scenarios/caches/cache.js';
import { asItIs, inAFleet } from './scenarios/caches/this-library.js';
import { Arena } from './scenarios/arena.js';
import { loadEverywhere, staleAfterDeletes } from './scenarios/between-processes.js';
import { callAll } from './scenarios/calls.js';
import { startFleet } from './scenarios/member.js';
import type { OtherProcess } from './other-process.js';
import type { Report } from './report.js';

const rounds = 7;
const limitMs = 500;
const loaderMs = 50;
/** Three failures in a row open the breaker. */
const failuresUntilOpen = 3;
const callsOfABreaker = 100;
const deletes = 1_000;
const deletesAtOnce = 100;

/** What a cache that hangs costs, and what holds between processes. */
export async function measureOutages(report: Report, server: OtherProcess): Promise<void> {
  const processes = 4;
  const fleet = await startFleet(processes);
  const size = { callers: 0, keysATick: 0, trials: 0, processes, limitMs, nextCalls: 0 };
  const arena = new Arena(server, fleet.members, size);
  const firstMs: number[] = [];
  const openMs: number[] = [];
  let requests = 0;
  for (let round = 0; round < rounds; round += 1) {
    await arena.withCache(asItIs, { limitMs }, async (cache) => {
      await server.make('hang');
      const first = await callAll(cache, { keys: arena.keys(1), value: 'value', loaderMs });
      firstMs.push(first.longestMs - limitMs - loaderMs);
      for (let failures = 1; failures < failuresUntilOpen; failures += 1)
        await callAll(cache, { keys: arena.keys(1), value: 'value' });
      const open = await arena.requests(() => timeOfCalls(arena, cache));
      openMs.push(open.result);
      requests += open.reads + open.writes;
      await server.make('clear');
    });
  }
  report.rounds('hung cache: first call, ms beyond its limit and the loader', firstMs, { atMost: 20 });
  report.rounds(`breaker open: ${callsOfABreaker} calls, ms beyond the loader`, openMs, { atMost: 20 });
  report.count('breaker open: requests', requests, { exactly: 0 });

  const loads: number[] = [];
  for (let round = 0; round < rounds; round += 1)
    loads.push((await loadEverywhere(arena, inAFleet, processes, 50)).loads);
  report.rounds('fleet of 4, 50 keys at once: loads', loads, { exactly: 50 });
  let stale = 0;
  for (let done = 0; done < deletes; done += deletesAtOnce)
    stale += await staleAfterDeletes(arena, inAFleet, deletesAtOnce);
  report.count('1,000 deletes by another process while loading: stale', stale, { exactly: 0 });
  await fleet.stop();
}

async function timeOfCalls(arena: Arena, cache: Cache): Promise<number> {
  const { longestMs } = await callAll(cache, { keys: arena.keys(callsOfABreaker), value: 'value', loaderMs });
  return longestMs - loaderMs;
}
