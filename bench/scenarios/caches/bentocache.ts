import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import type { CreateDriverResult, L2CacheDriver } from 'bentocache/types';
import { type Contestant, Remote } from './cache.js';

/** Two levels, as its documentation recommends, with grace, soft limit and circuit breaker. */
export const bentocache: Contestant = {
  name: 'bentocache',
  async open(setUp) {
    const remote = new Remote(setUp);
    const { ttlSeconds, graceSeconds = 0, softLimitMs = 0 } = setUp;
    const bento = new BentoCache({
      default: 'bench',
      ttl: ttlSeconds * 1000,
      grace: graceSeconds > 0 && graceSeconds * 1000,
      timeout: softLimitMs,
      l2CircuitBreakerDuration: '30s',
      stores: {
        bench: bentostore()
          .useL1Layer(memoryDriver({ maxItems: 10_000 }))
          .useL2Layer({
            options: {},
            factory: () => driverOf(remote),
          } satisfies CreateDriverResult<L2CacheDriver>),
      },
    });
    return {
      getOrSet: (key, factory) => bento.getOrSet<string>({ key, factory }),
      delete: async (key) => {
        await bento.delete({ key });
      },
      close: () => bento.disconnect(),
    };
  },
};

function driverOf(remote: Remote): L2CacheDriver {
  const driver: L2CacheDriver = {
    type: 'l2',
    namespace: () => driver,
    get: (key) => remote.get(key),
    pull: (key) => remote.get(key),
    async set(key, value, ttlMs) {
      await remote.set(key, value, ttlMs);
      return true;
    },
    async delete(key) {
      await remote.delete(key);
      return true;
    },
    async deleteMany(keys) {
      await Promise.all(keys.map((key) => remote.delete(key)));
      return true;
    },
    clear: () => Promise.resolve(),
    async disconnect() {
      remote.close();
    },
  };
  return driver;
}
