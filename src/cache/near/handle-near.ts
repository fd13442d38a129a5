import type { CacheWatch } from '../statistics/cache-watch.js';
import type { Keep, NearCache, NearHit } from './near-cache.js';

/** What a handle keeps in this process. */
export interface Near {
  readonly isOn: boolean;
  /** What is kept of the key as the caller wrote it; a hit is counted. */
  find(key: string): NearHit | undefined;
  /** Called when a read or a load begins. @returns what keeps what it finds; undefined: nothing is kept */
  begin(fullKey: string): Keep | undefined;
}

export const noNear: Near = { isOn: false, find: () => undefined, begin: () => undefined };

/** The near cache that a handle shares with its like. */
export class HandleNear implements Near {
  readonly isOn = true;
  readonly #cache: NearCache;
  readonly #keyPrefix: string;
  readonly #watch: Pick<CacheWatch, 'asked'>;

  constructor(cache: NearCache, keyPrefix: string, watch: Pick<CacheWatch, 'asked'>) {
    this.#cache = cache;
    this.#keyPrefix = keyPrefix;
    this.#watch = watch;
  }

  find(key: string): NearHit | undefined {
    // Whatever else is no key would become one behind a prefix.
    if (typeof key !== 'string') return undefined;
    const hit = this.#cache.get(this.#keyPrefix === '' ? key : this.#keyPrefix + key);
    if (hit !== undefined) this.#watch.asked(key, 'near');
    return hit;
  }

  begin(fullKey: string): Keep {
    return this.#cache.begin(fullKey);
  }
}
