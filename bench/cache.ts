import { CacheClient, Configurations, CredentialProvider } from '@gomomento/sdk';
import { NestFactory } from '@nestjs/core';
import { CacheService, fromMomentoLocal, MomentoModule } from 'nestjs-momento';
import type { OtherProcess } from './other-process.js';
import { interleave, type Report, spreadOf } from './report.js';

/** Two clients of the SDK differ by several percent from each other, so several of each kind take turns. */
const instances = 4;
const rounds = 15;
/** Many short slices: a long one meets the machine's other work too often, and a few of them swing by a tenth. */
const slicesARound = 200;
const getsASlice = 20;

type Kind = 'raw' | 'rawOne' | 'plain' | 'one' | 'rawTick' | 'tick';

/** The server runs in a process of its own, so that the CPU of this one is the client's. */
export async function measureCache(report: Report, server: OtherProcess): Promise<void> {
  const configuration = Configurations.Laptop.latest();
  const root = MomentoModule.forRoot({
    credentials: fromMomentoLocal({ port: server.port }),
    configuration,
    cacheName: 'bench',
  });
  const apps = [];
  for (let index = 0; index < instances; index += 1)
    apps.push(await NestFactory.createApplicationContext(root, { logger: false }));
  const caches = apps.map((app) => app.get(CacheService));
  const [cache] = caches;
  if (cache === undefined) throw new Error('there is no app');
  const plains = caches.map((one) => one.cache('bench', { batching: false }));
  const credentialProvider = CredentialProvider.forMomentoLocal({ hostname: '127.0.0.1', port: server.port });
  const raws = Array.from(
    { length: instances },
    () => new CacheClient({ configuration, credentialProvider, defaultTtlSeconds: 60 }),
  );
  const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
  await cache.setMany(
    ['key', ...keys].map((key) => [key, 'value'] as const),
    { ttlSeconds: 3600 },
  );

  const turns = new Map<unknown, number>();
  /** Each kind in its own order. */
  const next = <T>(ones: readonly T[]): T => {
    const turn = (turns.get(ones) ?? 0) + 1;
    turns.set(ones, turn);
    return ones[turn % instances] as T;
  };
  // A slice stays with one client, as an app does.
  const sliceOf = <T>(ones: readonly T[], atOnce: number, get: (one: T) => Promise<unknown>) => {
    return () => {
      const one = next(ones);
      return cpuOf(getsASlice, atOnce, () => get(one));
    };
  };
  const measures: Record<Kind, () => Promise<number>> = {
    raw: sliceOf(raws, 20, (raw) => rawGet(raw, 'key')),
    plain: sliceOf(plains, 20, (plain) => plain.get('key')),
    rawOne: sliceOf(raws, 1, (raw) => rawGet(raw, 'key')),
    one: sliceOf(caches, 1, (one) => one.get('key')),
    rawTick: () => timeOf(keys.map((key) => () => rawGet(next(raws), key))),
    tick: () => timeOf(keys.map((key) => () => cache.get(key))),
  };
  const ratios = async (ours: Kind, raw: Kind, slices: number): Promise<number[]> => {
    const pair = { [raw]: measures[raw], [ours]: measures[ours] };
    await interleave(slices, pair);
    const results: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // By turns: what the machine does meanwhile falls on both, and the median leaves it out.
      const taken = await interleave(slices, pair);
      const middle = (kind: Kind) => spreadOf(taken.map((slice) => slice[kind] ?? Number.NaN)).median;
      results.push(middle(ours) / middle(raw));
    }
    return results;
  };
  report.rounds(
    'CacheService.get, batching off, over CacheClient.get and JSON.parse, CPU',
    await ratios('plain', 'raw', slicesARound),
    { atMost: 1.02 },
  );
  report.rounds(
    'CacheService.get one at a time, over the same, CPU',
    await ratios('one', 'rawOne', slicesARound / 4),
    {
      atMost: 1.05,
    },
  );
  const ticks = await ratios('tick', 'rawTick', 3);
  report.rounds(
    '1,000 gets in one tick, throughput over raw gets',
    ticks.map((ratio) => 1 / ratio),
    { atLeast: 8 },
  );
  const keyMicros: number[] = [];
  for (let round = 0; round < rounds; round += 1)
    keyMicros.push(await cpuOf(1_000, 1_000, (index) => cache.get(keys[index] ?? 'key')));
  report.rounds('1,000 gets in one tick, µs of CPU a key', keyMicros, { atMost: 40 });

  const calls = async (rpc: string) => (await server.usage()).calls[rpc] ?? 0;
  const requests = async (rpcs: readonly string[], work: () => Promise<unknown>) => {
    const count = async () => {
      let sum = 0;
      for (const rpc of rpcs) sum += await calls(rpc);
      return sum;
    };
    const before = await count();
    await work();
    return (await count()) - before;
  };
  report.count(
    'requests a CacheService.get',
    (await requests(['get', 'get-batch'], measures.plain)) / getsASlice,
    {
      exactly: 1,
    },
  );
  report.count('1,000 gets in one tick: requests', await requests(['get', 'get-batch'], measures.tick), {
    atMost: 10,
  });

  let loads = 0;
  const [readsBefore, writesBefore] = [await calls('get'), await calls('set')];
  await Promise.all(Array.from({ length: 1_000 }, () => cache.getOrSet('cold', async () => ++loads)));
  report.count('1,000 concurrent misses: loads', loads, { exactly: 1 });
  report.count('1,000 concurrent misses: reads', (await calls('get')) - readsBefore, { exactly: 1 });
  report.count('1,000 concurrent misses: writes', (await calls('set')) - writesBefore, { exactly: 1 });
  let failures = 0;
  const failing = () => {
    failures += 1;
    throw new Error('loader');
  };
  const startedAt = performance.now();
  await Promise.allSettled(Array.from({ length: 1_000 }, () => cache.getOrSet('failing', failing)));
  report.count('1,000 concurrent misses, failing loader: loads', failures, { exactly: 1 });
  report.count('1,000 concurrent misses, failing loader: ms', performance.now() - startedAt, { atMost: 50 });

  let bulkLoads = 0;
  const half = keys.map((key, index) => (index % 2 === 0 ? key : `cold ${key}`));
  const loadMissing = (missing: string[]) => {
    bulkLoads += 1;
    return missing.map((key) => [key, key] as const);
  };
  const bulk = () => cache.getOrSetMany(half, loadMissing);
  const bulkReads = await requests(['get', 'get-batch', 'set', 'set-batch'], bulk);
  report.count('getOrSetMany, 1,000 keys, half cached: requests (10 reads, 5 writes)', bulkReads, {
    exactly: 15,
  });
  report.count('getOrSetMany, 1,000 keys, half cached: loads', bulkLoads, { exactly: 1 });
  for (const raw of raws) raw.close();
  await Promise.all(apps.map((app) => app.close()));
}

/** What a user of the raw client writes. */
async function rawGet(raw: CacheClient, key: string): Promise<unknown> {
  const response = await raw.get('bench', key);
  return JSON.parse(response.value() ?? 'null') as unknown;
}

/** Microseconds of this process's CPU a call, so many at a time. */
async function cpuOf(
  calls: number,
  atOnce: number,
  call: (index: number) => Promise<unknown>,
): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < calls; done += atOnce)
    await Promise.all(Array.from({ length: atOnce }, (_, index) => call(done + index)));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

/** Milliseconds until all have ended that begin at once. */
async function timeOf(calls: readonly (() => Promise<unknown>)[]): Promise<number> {
  const startedAtMs = performance.now();
  await Promise.all(calls.map((call) => call()));
  return performance.now() - startedAtMs;
}
