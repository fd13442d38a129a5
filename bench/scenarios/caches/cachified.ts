import { type Cache, type CacheEntry, cachified as getOrLoad } from '@epic-web/cachified';
import { type Contestant, Remote } from './cache.js';

/** Over one cache: Momento, or memory alone where a scenario wants it. It has a grace and no limits. */
export const cachified: Contestant = {
  name: 'cachified',
  async open(setUp) {
    const remote = new Remote(setUp);
    const cache: Cache = setUp.near === true ? new Map<string, CacheEntry>() : over(remote);
    const ttl = setUp.ttlSeconds * 1000;
    const swr = (setUp.graceSeconds ?? 0) * 1000;
    return {
      getOrSet: (key, getFreshValue) => getOrLoad({ key, cache, ttl, swr, getFreshValue }),
      delete: async (key) => {
        await cache.delete(key);
      },
      close: async () => remote.close(),
    };
  },
};

function over(remote: Remote): Cache {
  return {
    async get(key) {
      const text = await remote.get(key);
      return text === undefined ? undefined : (JSON.parse(text) as CacheEntry);
    },
    set: (key, entry) => {
      const { ttl, swr } = entry.metadata;
      return remote.set(key, JSON.stringify(entry), (ttl ?? 0) + (swr ?? 0));
    },
    delete: (key) => remote.delete(key),
  };
}
