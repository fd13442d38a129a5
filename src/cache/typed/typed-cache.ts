import type { CacheService } from '../cache.service.js';
import { MomentoBulkLoadError } from '../loaders/loader.errors.js';
import type {
  CacheEntry,
  CacheLoaderContext,
  CacheSetOptions,
  GetOrSetOptions,
} from '../options/cache.options.js';
import type { CacheDefinition } from './cache-definition.js';

/** Loads the value of an id. */
export type TypedCacheLoader<Value, Given> = (context: CacheLoaderContext<Value>) => Given | Promise<Given>;

/** Loads the values of many ids. What it leaves out is not found. */
export type TypedCacheBulkLoader<Id, Value, Given> = (
  ids: Id[],
  context: Pick<CacheLoaderContext<Value>, 'signal'>,
) => Iterable<readonly [Id, Given]> | Promise<Iterable<readonly [Id, Given]>>;

/**
 * A cache of a definition: `CacheService` with ids in place of keys, and one type of values. What a method does is said there;
 * an error that `key` throws rejects.
 */
export class TypedCache<Id, Value, Given = Value> {
  readonly #cache: CacheService;
  readonly #key: (id: Id) => string;

  constructor(cache: CacheService, { key }: CacheDefinition<Id, Value, Given>) {
    this.#cache = cache;
    this.#key = key;
  }

  get cacheName(): string {
    return this.#cache.cacheName;
  }

  /** @returns the value; `undefined` when there is none @throws MomentoCacheError */
  get(id: Id): Promise<Value | undefined> {
    try {
      return this.#cache.get<Value>(this.#key(id));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @throws MomentoCacheError */
  async set(id: Id, value: Given, options?: CacheSetOptions<Value>): Promise<void> {
    return this.#cache.set<unknown>(this.#key(id), value, options as CacheSetOptions);
  }

  /** @returns whether it was stored @throws MomentoCacheError */
  async setIfAbsent(id: Id, value: Given, options?: CacheSetOptions<Value>): Promise<boolean> {
    return this.#cache.setIfAbsent<unknown>(this.#key(id), value, options as CacheSetOptions);
  }

  /** @throws MomentoCacheError; it is tried again all the same */
  async delete(id: Id): Promise<void> {
    return this.#cache.delete(this.#key(id));
  }

  /** @throws MomentoCacheError the first of those that failed */
  async deleteMany(ids: readonly Id[]): Promise<void> {
    return this.#cache.deleteMany(ids.map((id) => this.#key(id)));
  }

  /** Deletes, and tries again until it holds. An id that is an array itself is given in a list. */
  async evict(ids: (Id extends readonly unknown[] ? never : Id) | readonly Id[]): Promise<void> {
    const list = (Array.isArray(ids) ? ids : [ids]) as readonly Id[];
    return this.#cache.evict(list.map((id) => this.#key(id)));
  }

  /** Makes every value of the whole cache invalid that carries one of the tags, of other definitions as well. */
  async invalidateTags(tags: string | readonly string[]): Promise<void> {
    return this.#cache.invalidateTags(tags);
  }

  /** Whether Momento has something for the id, fresh or not. @throws MomentoCacheError */
  async has(id: Id): Promise<boolean> {
    return this.#cache.has(this.#key(id));
  }

  /** @returns the hits, by id, in the order of the ids @throws MomentoCacheError */
  async getMany(ids: readonly Id[]): Promise<Map<Id, Value>> {
    const keys = this.#keysOf(ids);
    return byId(keys, await this.#cache.getMany<Value>([...keys.values()]));
  }

  /** @throws MomentoCacheError */
  async setMany(entries: Iterable<readonly [Id, Given]>, options?: CacheSetOptions<Value>): Promise<void> {
    return this.#cache.setMany<unknown>(this.#byKey(entries), options as CacheSetOptions);
  }

  /** The cached value, or the loader's, which is then stored; `undefined` only when the loader may answer so. */
  getOrSet(id: Id, loader: TypedCacheLoader<Value, Given>, options?: GetOrSetOptions<Value>): Promise<Value>;
  getOrSet(
    id: Id,
    loader: TypedCacheLoader<Value, Given | undefined>,
    options?: GetOrSetOptions<Value>,
  ): Promise<Value | undefined>;
  getOrSet(
    id: Id,
    loader: TypedCacheLoader<Value, Given | undefined>,
    options?: GetOrSetOptions<Value>,
  ): Promise<Value | undefined> {
    try {
      return this.#cache.getOrSet(this.#key(id), loader as TypedCacheLoader<Value, Value>, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As `getOrSet`, with where the value comes from and how old it is. */
  getOrSetEntry(
    id: Id,
    loader: TypedCacheLoader<Value, Given>,
    options?: GetOrSetOptions<Value>,
  ): Promise<CacheEntry<Value>>;
  getOrSetEntry(
    id: Id,
    loader: TypedCacheLoader<Value, Given | undefined>,
    options?: GetOrSetOptions<Value>,
  ): Promise<CacheEntry<Value | undefined>>;
  async getOrSetEntry(
    id: Id,
    loader: TypedCacheLoader<Value, Given | undefined>,
    options?: GetOrSetOptions<Value>,
  ): Promise<CacheEntry<Value | undefined>> {
    return this.#cache.getOrSetEntry(this.#key(id), loader as TypedCacheLoader<Value, Value>, options);
  }

  /**
   * Reads many ids, and loads those that are missing with one call of the loader.
   *
   * @returns what was found, by id, in the order of the ids
   * @throws MomentoBulkLoadError when the loader fails, with what was found by id
   */
  async getOrSetMany(
    ids: readonly Id[],
    loadMissing: TypedCacheBulkLoader<Id, Value, Given>,
    options?: GetOrSetOptions<Value>,
  ): Promise<Map<Id, Value>> {
    const keys = this.#keysOf(ids);
    const idOf = new Map(Array.from(keys, ([id, key]) => [key, id] as const));
    const load = async (
      missing: string[],
      context: Pick<CacheLoaderContext<Value>, 'signal'>,
    ): Promise<[string, Value][]> => {
      const loaded = await loadMissing(
        missing.map((key) => idOf.get(key) as Id),
        context,
      );
      // What is given is what is read, as the codec and the schema give it back.
      return this.#byKey(loaded) as unknown as [string, Value][];
    };
    try {
      return byId(keys, await this.#cache.getOrSetMany([...idOf.keys()], load, options));
    } catch (error) {
      if (!(error instanceof MomentoBulkLoadError)) throw error;
      throw new MomentoBulkLoadError(error.failed, byId(keys, error.found), error.cause);
    }
  }

  #keysOf(ids: readonly Id[]): Map<Id, string> {
    return new Map(ids.map((id) => [id, this.#key(id)]));
  }

  #byKey(entries: Iterable<readonly [Id, Given]>): [string, Given][] {
    return Array.from(entries, ([id, value]) => [this.#key(id), value]);
  }
}

/** The cache of a definition: `CacheOf<typeof users>`. */
export type CacheOf<Definition> =
  Definition extends CacheDefinition<infer Id, infer Value, infer Given>
    ? TypedCache<Id, Value, Given>
    : never;

function byId<Id, T>(keys: ReadonlyMap<Id, string>, found: ReadonlyMap<string, T>): Map<Id, T> {
  const values = new Map<Id, T>();
  for (const [id, key] of keys) if (found.has(key)) values.set(id, found.get(key) as T);
  return values;
}
