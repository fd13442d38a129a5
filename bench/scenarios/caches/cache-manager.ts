import { createCache } from 'cache-manager';
import { KeyvCacheableMemory } from 'cacheable';
import { Keyv } from 'keyv';
import { type Contestant, Remote } from './cache.js';
import { keyvOver } from './keyv-store.js';

/** Two stores, as its documentation shows. In place of a grace it refreshes behind, in the last third of a value's time. */
export const cacheManager: Contestant = {
  name: 'cache-manager',
  async open(setUp) {
    const ttlMs = setUp.ttlSeconds * 1000;
    const memory = new Keyv({ store: new KeyvCacheableMemory({ ttl: ttlMs, lruSize: 10_000 }) });
    const cache = createCache({
      stores: [memory, keyvOver(new Remote(setUp))],
      ttl: ttlMs,
      ...(setUp.graceSeconds === undefined ? {} : { refreshThreshold: ttlMs / 3, refreshAllStores: true }),
    });
    return {
      getOrSet: (key, loader) => cache.wrap(key, loader),
      delete: async (key) => {
        await cache.del(key);
      },
      close: async () => {
        await cache.disconnect();
      },
    };
  },
};
