import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { createCache } from 'cache-manager';
import { Cacheable, KeyvCacheableMemory } from 'cacheable';
import { Keyv } from 'keyv';
import type { OtherProcess } from '../other-process.js';
import { interleave, type Report } from '../report.js';
import type { Cache } from '../scenarios/caches/cache.js';
import { asItIs } from '../scenarios/caches/this-library.js';

const rounds = 15;
const maxItems = 10_000;
const ttlSeconds = 3_600;
const slices = { ours: 200_000, bentocache: 20_000, cacheable: 20_000, cacheManager: 20_000 };

type GetOrSet = Cache['getOrSet'];
type Kind = keyof typeof slices;

/**
 * What a hit in this process costs. The others have their memory alone, without Momento behind it: that is the best that they can do.
 * Calls are awaited one after the other, as a request does; together, the time between them would be shared, and less of it seen.
 */
export async function measureNearHits(report: Report, server: OtherProcess): Promise<void> {
  const near = await asItIs.open({ port: server.port, limitMs: 5_000, ttlSeconds, near: true });
  const bento = new BentoCache({
    default: 'near',
    ttl: ttlSeconds * 1000,
    stores: { near: bentostore().useL1Layer(memoryDriver({ maxItems })) },
  });
  const cacheable = new Cacheable({ ttl: ttlSeconds * 1000 });
  const memory = new Keyv({ store: new KeyvCacheableMemory({ ttl: ttlSeconds * 1000, lruSize: maxItems }) });
  const cacheManager = createCache({ stores: [memory], ttl: ttlSeconds * 1000 });
  const measures: Record<Kind, () => Promise<number>> = {
    ours: sliceOf('ours', (key, loader) => near.getOrSet(key, loader)),
    bentocache: sliceOf('bentocache', (key, factory) => bento.getOrSet<string>({ key, factory })),
    cacheable: sliceOf('cacheable', (key, loader) => cacheable.getOrSet(key, loader)),
    cacheManager: sliceOf('cacheManager', (key, loader) => cacheManager.wrap(key, loader)),
  };
  await interleave(2, measures);
  const taken = await interleave(rounds, measures);
  report.rounds(
    'near hit through getOrSet, millions each second of CPU',
    taken.map((round) => 1 / round.ours),
    { atLeast: 2 },
  );
  for (const [other, kind, atLeast] of [
    ["bentocache's memory", 'bentocache', 15],
    ["cacheable's memory", 'cacheable', 15],
    ["cache-manager's wrap of a memory", 'cacheManager', 4],
  ] as const)
    report.rounds(
      `  times as fast as ${other}`,
      taken.map((round) => round[kind] / round.ours),
      { atLeast },
    );
  await Promise.all([near.close(), bento.disconnectAll(), cacheable.disconnect(), cacheManager.disconnect()]);
}

const loader = () => Promise.resolve('value');

/** Microseconds of this process's CPU a hit. */
function sliceOf(kind: Kind, getOrSet: GetOrSet): () => Promise<number> {
  const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`);
  return async () => {
    const before = process.cpuUsage();
    for (let done = 0; done < slices[kind]; done += keys.length)
      for (const key of keys) await getOrSet(key, loader);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / slices[kind];
  };
}
