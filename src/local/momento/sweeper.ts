import type { CacheRegistry } from './engine/cache-registry.js';

const INTERVAL_MS = 1000;
/** How many times it takes to look at every item. */
const ROUNDS = 20;
const MIN_ITEMS_PER_ROUND = 1000;

/** Frees expired items and old messages, although nobody reads or writes, a part of the items each second. Holds no process. */
export class Sweeper {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly caches: CacheRegistry) {}

  start(): void {
    this.#timer = setInterval(() => this.#sweep(), INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sweep(): void {
    for (const cache of this.caches.all) {
      cache.sweep(Math.max(MIN_ITEMS_PER_ROUND, Math.ceil(cache.items.heldCount / ROUNDS)));
    }
  }
}
