import { CacheClient, Configurations, CredentialProvider } from '@gomomento/sdk';
import { NestFactory } from '@nestjs/core';
import { CacheService, fromMomentoLocal, MomentoModule } from 'nestjs-momento';
import { measureNearItems } from './near/items.js';
import type { OtherProcess } from './other-process.js';
import { interleave, type Report } from './report.js';

const rounds = 7;
const keysATick = [1, 3, 10, 30, 100, 300, 1_000];
/** So many keys in all a round, however many go in a tick. */
const keysARound = 1_000;
const valueKilobytes = [1, 10, 100, 1_000];
/** So many kilobytes a round, and at least three calls. */
const kilobytesARound = 2_000;

/** How the cost of a key, a value and an item near grows. Nothing here has to hold: curves are there to be looked at. */
export async function measureGrowth(report: Report, server: OtherProcess): Promise<void> {
  const configuration = Configurations.Laptop.latest().withClientTimeoutMillis(20_000);
  const app = await NestFactory.createApplicationContext(
    MomentoModule.forRoot({
      credentials: fromMomentoLocal({ port: server.port }),
      configuration,
      cacheName: 'bench',
    }),
    { logger: false },
  );
  const credentialProvider = CredentialProvider.forMomentoLocal({ hostname: '127.0.0.1', port: server.port });
  const raw = new CacheClient({ configuration, credentialProvider, defaultTtlSeconds: 600 });
  const cache = app.get(CacheService);
  await measureTicks(report, server, cache);
  await measureValues(report, cache, raw);
  await measureNearItems(report);
  raw.close();
  await app.close();
}

async function measureTicks(report: Report, server: OtherProcess, cache: CacheService): Promise<void> {
  const keys = Array.from({ length: Math.max(...keysATick) }, (_, index) => `tick ${index}`);
  await cache.setMany(keys.map((key) => [key, 'value'] as const));
  const getAll = (count: number) => () => Promise.all(keys.slice(0, count).map((key) => cache.get(key)));
  const measures = Object.fromEntries(
    keysATick.map((count) => [count, () => cpuOf(Math.ceil(keysARound / count), getAll(count))]),
  );
  await interleave(1, measures);
  const taken = await interleave(rounds, measures);
  for (const count of keysATick) {
    report.count(`${count} gets in a tick: requests`, await requestsOf(server, getAll(count)));
    report.rounds(
      '  µs of CPU a key',
      taken.map((round) => (round[count] ?? Number.NaN) / count),
    );
  }
}

async function measureValues(report: Report, cache: CacheService, raw: CacheClient): Promise<void> {
  for (const kilobytes of valueKilobytes) {
    const value = 'v'.repeat(kilobytes * 1_000);
    const calls = Math.max(3, Math.ceil(kilobytesARound / kilobytes / 10));
    const measures = {
      rawSet: () => cpuOf(calls, () => raw.set('bench', 'raw', JSON.stringify(value))),
      set: () => cpuOf(calls, () => cache.set('ours', value)),
      rawGet: () =>
        cpuOf(calls, async () => JSON.parse((await raw.get('bench', 'raw')).value() ?? '') as unknown),
      get: () => cpuOf(calls, () => cache.get('ours')),
    };
    // What is read first: the order of a round is random.
    await Promise.all([raw.set('bench', 'raw', JSON.stringify(value)), cache.set('ours', value)]);
    await interleave(1, measures);
    const taken = await interleave(rounds * 3, measures);
    for (const [name, ours, theirs] of [
      ['get', 'get', 'rawGet'],
      ['set', 'set', 'rawSet'],
    ] as const) {
      report.rounds(
        `${name} of ${kilobytes} KB over the raw one, CPU`,
        taken.map((round) => round[ours] / round[theirs]),
      );
      report.rounds(
        '  µs of CPU',
        taken.map((round) => round[ours]),
      );
    }
  }
}

async function requestsOf(server: OtherProcess, work: () => Promise<unknown>): Promise<number> {
  const count = async () =>
    Object.values((await server.usage()).calls).reduce((sum, calls) => sum + calls, 0);
  const before = await count();
  await work();
  return (await count()) - before;
}

/** Microseconds of this process's CPU a call, one after the other. */
async function cpuOf(calls: number, call: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < calls; done += 1) await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}
