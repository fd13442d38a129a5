import { TopicClient, type TopicItem, TopicSubscribe } from '@gomomento/sdk';
import { NestFactory } from '@nestjs/core';
import { CacheService, fromMomentoLocal, MomentoModule } from 'nestjs-momento';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OtherProcess } from '../other-process.js';
import type { Report } from '../report.js';

const listeners = 4;
const seconds = 8;
const waveMs = 100;
const writesAWave = 1_000;
/** Written seldom enough that the others keep them meanwhile: one of them every so many waves. */
const rareKeys = Array.from({ length: 8 }, (_, index) => `rare ${index}`);
const wavesARareKey = 4;
const readEveryMs = 20;
const staleAtMostMs = 1_000;
const topicOfNearCaches = 'nestjs-momento/near';

/** 10,000 writes a second in one place, and what four near caches elsewhere hear of them. */
export async function measureInvalidation(report: Report, server: OtherProcess): Promise<void> {
  // As many keys as one message holds, and more: then it says that anything may have changed.
  for (const keys of [500, 5_000]) await measureKeys(report, server, keys);
}

async function measureKeys(report: Report, server: OtherProcess, count: number): Promise<void> {
  const apps = await Promise.all(Array.from({ length: listeners + 1 }, () => startApp(server.port)));
  const [writer, ...others] = apps.map((app) => app.get(CacheService));
  const topics = apps[0]?.get(TopicClient);
  if (writer === undefined || topics === undefined) throw new Error('there is no app');
  const messageBytes = [0];
  const subscription = await topics.subscribe('bench', topicOfNearCaches, {
    onItem: (item: TopicItem) => void messageBytes.push(item.valueUint8Array().length),
  });
  const keys = Array.from({ length: count }, (_, index) => `hot ${count} ${index}`);
  const versions = new Versions();
  await writeAll(writer, [...keys, ...rareKeys], versions);

  const reading = new AbortController();
  const reads = Promise.all(others.map((cache) => readUntil(reading.signal, cache, versions)));
  const publishes = async () => (await server.usage()).calls['topic-publish'] ?? 0;
  await sleep(1_000);
  const before = await publishes();
  const startedAtMs = performance.now();
  const writes = await writeFor(seconds * 1000, writer, keys, versions);
  const published = (await publishes()) - before;
  const tookSeconds = (performance.now() - startedAtMs) / 1000;
  await sleep(staleAtMostMs);
  reading.abort();
  const longestStaleMs = Math.max(...(await reads));
  let staleAfter = 0;
  for (const cache of others) staleAfter += await staleIn(cache, [...keys, ...rareKeys], versions);

  const what = `writes of ${count.toLocaleString('en-US')} keys, ${listeners} near caches listen`;
  report.count(`${what}: writes a second`, writes / tookSeconds);
  report.count('  messages a second', published / tookSeconds, { atMost: 2 });
  report.count('  bytes of the longest message', Math.max(...messageBytes), { atMost: 4_096 });
  report.count('  longest stale, ms', longestStaleMs, { atMost: staleAtMostMs });
  report.count('  stale keys 1 s after', staleAfter, { exactly: 0 });
  report.count(
    '  near hits meanwhile',
    others.reduce((sum, cache) => sum + cache.stats().nearHits, 0),
    // Of more keys than a message holds, everything is forgotten each time.
    count <= 500 ? { atLeast: 1 } : undefined,
  );
  if (subscription instanceof TopicSubscribe.Subscription) subscription.unsubscribe();
  await Promise.all(apps.map((app) => app.close()));
}

function startApp(port: number) {
  const root = MomentoModule.forRoot({
    credentials: fromMomentoLocal({ port }),
    cacheName: 'bench',
    cache: { nearCache: { invalidation: 'topic' } },
  });
  return NestFactory.createApplicationContext(root, { logger: false });
}

/** What each key holds, and since when: versions count from 0. */
class Versions {
  readonly #endedAtMs = new Map<string, number[]>();

  next(key: string): number {
    return this.#endedAtMs.get(key)?.length ?? 0;
  }

  /** The write of the next one has ended. */
  written(keys: readonly string[]): void {
    const nowMs = performance.now();
    for (const key of keys) {
      const ended = this.#endedAtMs.get(key);
      if (ended === undefined) this.#endedAtMs.set(key, [nowMs]);
      else ended.push(nowMs);
    }
  }

  /** For how long a version that a read found, which began at that time, was no longer the latest. */
  staleMs(key: string, version: number, readAtMs: number): number {
    const replacedAtMs = this.#endedAtMs.get(key)?.[version + 1] ?? Infinity;
    return Math.max(0, readAtMs - replacedAtMs);
  }
}

async function writeAll(cache: CacheService, keys: readonly string[], versions: Versions): Promise<void> {
  await cache.setMany(keys.map((key) => [key, versions.next(key)] as const));
  versions.written(keys);
}

/** @returns how many keys were written */
async function writeFor(
  ms: number,
  cache: CacheService,
  keys: readonly string[],
  versions: Versions,
): Promise<number> {
  const startedAtMs = performance.now();
  let written = 0;
  for (let wave = 0; wave * waveMs < ms; wave += 1) {
    await sleep(startedAtMs + wave * waveMs - performance.now());
    for (let done = 0; done < writesAWave; done += 500) {
      const from = (wave * writesAWave + done) % keys.length;
      await writeAll(cache, keys.slice(from, from + 500), versions);
      written += 500;
    }
    const rareKey =
      wave % wavesARareKey === 0 ? rareKeys[(wave / wavesARareKey) % rareKeys.length] : undefined;
    if (rareKey !== undefined) await writeAll(cache, [rareKey], versions);
  }
  return written;
}

/** @returns the longest time for which what it found was stale, in milliseconds */
async function readUntil(signal: AbortSignal, cache: CacheService, versions: Versions): Promise<number> {
  let longestMs = 0;
  while (!signal.aborted) {
    const readAtMs = performance.now();
    const found = await cache.getMany<number>(rareKeys);
    for (const [key, version] of found)
      longestMs = Math.max(longestMs, versions.staleMs(key, version, readAtMs));
    await sleep(readEveryMs);
  }
  return longestMs;
}

async function staleIn(cache: CacheService, keys: readonly string[], versions: Versions): Promise<number> {
  const found = await cache.getMany<number>(keys);
  return keys.filter((key) => found.get(key) !== versions.next(key) - 1).length;
}
