import type { HandleContext } from '../handle.js';
import { CacheDictionary } from './dictionary.js';
import { CacheList } from './list.js';
import { CacheSet } from './set.js';
import { CacheSortedSet } from './sorted-set.js';

/**
 * Momento's collections in a cache, by their names; any client in any language reads them under the same key. Each method here
 * rejects a name that is not a filled string with a `MomentoCacheError`, and asks Momento nothing.
 */
export class CacheCollections {
  readonly #context: HandleContext;

  constructor(context: HandleContext) {
    this.#context = context;
  }

  /** Values by field. */
  dictionary<T>(name: string): CacheDictionary<T> {
    return new CacheDictionary(this.#context, name);
  }

  /** Values in order. */
  list<T>(name: string): CacheList<T> {
    return new CacheList(this.#context, name);
  }

  /** Different strings. */
  set<T extends string = string>(name: string): CacheSet<T> {
    return new CacheSet(this.#context, name);
  }

  /** Different strings, each with a score. */
  sortedSet(name: string): CacheSortedSet {
    return new CacheSortedSet(this.#context, name);
  }
}
