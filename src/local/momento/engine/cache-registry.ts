import { Cache, type CacheSettings } from './cache.js';
import { EngineError } from './engine-error.js';

export interface CacheRegistryOptions {
  readonly now: () => number;
  readonly topicHistoryMs: number;
  /** Most bytes of items, topics and leaderboards in each cache; default no limit. */
  readonly maxBytes?: number;
  /** Create a cache when a request names one that does not exist, instead of refusing the request. */
  readonly autoCreate: boolean;
}

/** The caches of one server, by name. */
export class CacheRegistry {
  readonly #caches = new Map<string, Cache>();
  readonly #settings: CacheSettings;
  readonly #autoCreate: boolean;
  #lastSequencePage = 0;

  constructor({ now, topicHistoryMs, maxBytes = Infinity, autoCreate }: CacheRegistryOptions) {
    this.#autoCreate = autoCreate;
    // Pages come from the clock, so that they also grow from one server to the next on the same port.
    const nextSequencePage = () =>
      (this.#lastSequencePage = Math.max(this.#lastSequencePage + 1, Math.floor(now())));
    this.#settings = { now, topicHistoryMs, maxBytes, nextSequencePage };
  }

  /** In the order of their creation. */
  get names(): readonly string[] {
    return [...this.#caches.keys()];
  }

  /** In the order of their creation. */
  get all(): readonly Cache[] {
    return [...this.#caches.values()];
  }

  /** @throws EngineError `cache-already-exists`, or `invalid-argument` for an empty name. */
  create(name: string): Cache {
    checkName(name);
    if (this.#caches.has(name)) {
      throw new EngineError('cache-already-exists', `Cache with name: ${name} already exists`);
    }
    const cache = new Cache(name, this.#settings);
    this.#caches.set(name, cache);
    return cache;
  }

  /** @throws EngineError `cache-not-found`, or `invalid-argument` for an empty name. */
  delete(name: string): void {
    checkName(name);
    if (!this.#caches.delete(name)) {
      throw notFound(name);
    }
  }

  /** @throws EngineError `cache-not-found`, or `invalid-argument` for an empty name. */
  get(name: string): Cache {
    checkName(name);
    const cache = this.#caches.get(name);
    if (cache !== undefined) {
      return cache;
    }
    if (this.#autoCreate) {
      return this.create(name);
    }
    throw notFound(name);
  }

  /** Removes every item and every leaderboard; the caches and their topics stay. */
  flushAll(): void {
    for (const cache of this.#caches.values()) {
      cache.flush();
    }
  }
}

function checkName(name: string): void {
  if (name.trim() === '') {
    throw new EngineError('invalid-argument', 'The cache name must not be empty');
  }
}

function notFound(name: string): EngineError {
  return new EngineError('cache-not-found', `Cache not found: ${name}`);
}
