import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import type { CacheService } from 'nestjs-momento';
import { KeyvMomento } from 'nestjs-momento/keyv';
import type { OtherProcess } from '../other-process.js';
import { interleave, type Report } from '../report.js';
import { cpuOf, requestsOf } from './costs.js';
import { startRedis } from './redis-server.js';

const rounds = 7;
const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
const ways = { 'one at a time': 1, '1,000 in one tick': keys.length };

/** Keyv on Momento, beside the cache itself, and beside Keyv on Redis where there is one. */
export async function measureKeyv(report: Report, server: OtherProcess, cache: CacheService): Promise<void> {
  const redis = await startRedis();
  const ours = new Keyv({
    store: new KeyvMomento(cache, { clearSeenWithinSeconds: 600 }),
    namespace: 'bench',
  });
  const theirs = redis && new Keyv({ store: new KeyvRedis(redis.url), namespace: 'bench' });
  for (const keyv of [ours, theirs]) if (keyv !== undefined) await fill(keyv);
  await cache.setMany(keys.map((key) => [key, key] as const));

  const requests = (work: () => Promise<unknown>) => requestsOf(server, work);
  const all = () => Promise.all(keys.map((key) => ours.get(key)));
  report.count('Keyv: requests a get', await requests(() => ours.get('key')), { exactly: 1 });
  report.count('Keyv: requests a set', await requests(() => ours.set('key', 1)), { exactly: 1 });
  report.count('Keyv: requests of 1,000 gets in one tick', await requests(all), { atMost: 10 });

  for (const [way, atOnce] of Object.entries(ways)) {
    const get = (of: (key: string) => Promise<unknown>) => () =>
      cpuOf(keys.length, atOnce, (index) => of(keys[index] ?? 'key'));
    const measures = {
      momento: get((key) => ours.get(key)),
      cache: get((key) => cache.get(key)),
      redis: get(async (key) => theirs?.get(key)),
    };
    await interleave(1, measures);
    const taken = await interleave(rounds, measures);
    const micros = (kind: keyof typeof measures) => taken.map((round) => round[kind]);
    report.rounds(`Keyv on Momento, ${way}, µs of CPU a get`, micros('momento'));
    report.rounds(
      `Keyv on Momento, ${way}, over CacheService.get, CPU`,
      taken.map(({ momento, cache: itself }) => momento / itself),
    );
    if (theirs === undefined) console.log(`Keyv on Redis, ${way}: not measured, there is no redis-server`);
    else report.rounds(`Keyv on Redis, ${way}, µs of CPU a get`, micros('redis'));
  }
  await theirs?.disconnect();
  await redis?.stop();
}

/** Keyv makes misses of failures, which would be measured as well. @throws Error when what is written is not there */
async function fill(keyv: Keyv): Promise<void> {
  await keyv.setMany(keys.map((key) => ({ key, value: key })));
  const found = await keyv.get<string>(keys);
  if (found.some((value, index) => value !== keys[index]))
    throw new Error('a Keyv does not give back what it was given');
}
