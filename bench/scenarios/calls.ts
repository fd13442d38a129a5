import { setTimeout as sleep } from 'node:timers/promises';
import type { Cache } from './caches/cache.js';

/** Callers who all begin at once, each for its key; a key may be asked for by many. */
export interface Calls {
  readonly keys: readonly string[];
  /** What the loaders answer. */
  readonly value: string;
  readonly loaderMs?: number;
  readonly fails?: boolean;
}

/** The same callers again and again. */
export interface Waves extends Calls {
  readonly times: number;
  readonly everyMs: number;
}

export interface Answered {
  readonly loads: number;
  /** What the callers got, but for those that were rejected. */
  readonly values: readonly (string | undefined)[];
  readonly rejected: number;
  readonly longestMs: number;
}

export async function callAll(cache: Cache, calls: Calls): Promise<Answered> {
  return callInWaves(cache, { ...calls, times: 1, everyMs: 0 });
}

export async function callInWaves(cache: Cache, waves: Waves): Promise<Answered> {
  const { keys, value, loaderMs = 0, fails = false } = waves;
  let loads = 0;
  let longestMs = 0;
  const loader = async () => {
    loads += 1;
    await sleep(loaderMs);
    if (fails) throw new Error('the loader fails');
    return value;
  };
  const call = async (key: string) => {
    const startedAtMs = performance.now();
    try {
      return await cache.getOrSet(key, loader);
    } finally {
      longestMs = Math.max(longestMs, performance.now() - startedAtMs);
    }
  };
  const answers: Promise<string | undefined>[] = [];
  for (let wave = 0; wave < waves.times; wave += 1) {
    const wavesCalls = keys.map(call);
    // Some are rejected before all have begun.
    for (const answer of wavesCalls) answer.catch(() => undefined);
    answers.push(...wavesCalls);
    if (wave < waves.times - 1) await sleep(waves.everyMs);
  }
  const settled = await Promise.allSettled(answers);
  const values = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  return { loads, values, rejected: settled.length - values.length, longestMs };
}
