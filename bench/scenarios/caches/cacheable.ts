import { Cacheable } from 'cacheable';
import { type Contestant, Remote } from './cache.js';
import { keyvOver } from './keyv-store.js';

/** Its memory before Momento; a loader's error is told, which it is not by default. It has no grace and no limits. */
export const cacheable: Contestant = {
  name: 'cacheable',
  async open(setUp) {
    const cache = new Cacheable({
      secondary: keyvOver(new Remote(setUp)),
      ttl: setUp.ttlSeconds * 1000,
    });
    cache.on('error', () => undefined);
    return {
      getOrSet: (key, loader) => cache.getOrSet(key, loader, { throwErrors: 'function' }),
      delete: async (key) => {
        await cache.delete(key);
      },
      close: () => cache.disconnect(),
    };
  },
};
