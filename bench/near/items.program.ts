import 'reflect-metadata';
import { CacheClient } from '@gomomento/sdk';
import { CacheService } from '../../src/cache/cache.service.js';
import { CacheContext } from '../../src/cache/load/cache-context.js';
import type { CacheStore } from '../../src/cache/remote/cache-store.js';

/** A process of its own, with `--expose-gc`: keeps as many items near as its parent says, and answers what its heap holds then. */
const maxItems = 1_000_000;
const itemsAtOnce = 1_000;
const bytes = Buffer.from(JSON.stringify('v'.repeat(100)));

/** In the place of Momento, so that nothing else is in the heap: it has this value under each key. */
const store = {
  get: () => Promise.resolve(bytes),
  getThen: (_key, then) => Promise.resolve(then({ value: bytes })),
  getMany: (keys) => Promise.resolve(keys.map(() => ({ value: bytes }))),
} as Pick<CacheStore, 'get' | 'getThen' | 'getMany'> as CacheStore;

const cache = new CacheService(
  Object.create(CacheClient.prototype) as CacheClient,
  'bench',
  { nearCache: { maxItems, ttlSeconds: 3_600 } },
  new CacheContext({ makeStore: () => store }),
);

async function heapBytesWith(items: number): Promise<number> {
  for (let kept = cache.stats().nearItems; kept < items; kept = cache.stats().nearItems) {
    const count = Math.min(itemsAtOnce, items - kept);
    await cache.getMany(Array.from({ length: count }, (_, index) => `item ${kept + index}`));
    if (cache.stats().nearItems !== kept + count) throw new Error('not all is kept near');
  }
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

process.on('message', ({ items }: { readonly items: number }) => {
  void heapBytesWith(items).then((heapBytes) => process.send?.(heapBytes));
});
process.once('SIGTERM', () => process.exit());
// What is made at the first call is no item's: the lists of the near cache have all their places from the beginning.
await cache.getMany([]);
console.log('{}');
