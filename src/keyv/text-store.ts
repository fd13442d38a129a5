import type { CacheService } from '../cache/cache.service.js';
import type { CacheBinding, GuardedBinding } from '../cache/options/cache.options.js';
import { jsonCodec, type MomentoCodec, stringCodec } from '../foundation/momento.codecs.js';
import { Generation } from './generation.js';
import type { CheckedOptions } from './keyv-momento.options.js';

/** One for all: a near cache is of one codec. */
const textCodec: MomentoCodec = {
  encode(value) {
    if (typeof value === 'string') return value;
    throw new TypeError('Keyv has not made it text: leave its option serialize as it is');
  },
  decode(bytes) {
    try {
      return stringCodec.decode(bytes);
    } catch {
      // What is no text, Keyv has not written: a miss.
      return undefined;
    }
  },
};

/** Keyv's values have one time, their TTL, and a form of their own; and what is missing Keyv's users load. */
const asKeyvHasIt: GuardedBinding = {
  staleSeconds: 0,
  staleIfErrorSeconds: 0,
  ttlJitter: 0,
  schema: undefined,
  isGuarded: true,
};

/** Texts by namespace and key, each namespace in its current generation. Methods reject with a `MomentoCacheError`. */
export class TextStore {
  readonly #cache: CacheService;
  readonly #options: CheckedOptions;
  readonly #generations = new Map<string, Generation>();
  /** Made at the first call: a cache without a name fails there. */
  #texts: CacheService | undefined;

  constructor(cache: CacheService, options: CheckedOptions) {
    this.#cache = cache;
    this.#options = options;
  }

  get cacheName(): string {
    return this.#cache.cacheName;
  }

  async get(namespace: string | undefined, key: string): Promise<string | undefined> {
    return this.#store.get<string>(await this.#keyOf(namespace, key));
  }

  /** @returns a text, or undefined, a key */
  async getMany(namespace: string | undefined, keys: readonly string[]): Promise<(string | undefined)[]> {
    const full = await this.#keysOf(namespace, keys);
    const texts = await this.#store.getMany<string>(full);
    return full.map((key) => texts.get(key));
  }

  /** @param ttlMs rounded up to whole seconds, and at most `maxTtlSeconds`, as without one; what is over is deleted */
  async set(namespace: string | undefined, key: string, value: unknown, ttlMs = Infinity): Promise<void> {
    const fullKey = await this.#keyOf(namespace, key);
    if (ttlMs <= 0) return this.#store.delete(fullKey);
    const ttlSeconds = Math.min(Math.ceil(ttlMs / 1000), this.#options.maxTtlSeconds);
    return this.#store.set(fullKey, value, { ttlSeconds });
  }

  async deleteMany(namespace: string | undefined, keys: readonly string[]): Promise<void> {
    return this.#store.deleteMany(await this.#keysOf(namespace, keys));
  }

  async clear(namespace: string | undefined): Promise<void> {
    return this.#generationOf(namespace).next();
  }

  #keysOf(namespace: string | undefined, keys: readonly string[]): Promise<string[]> {
    return Promise.all(keys.map(async (key) => this.#keyOf(namespace, key)));
  }

  /** As JSON, namespace and generation cannot be mistaken for a part of the key. */
  #keyOf(namespace: string | undefined, key: string): string | Promise<string> {
    const join = (generation: number) => JSON.stringify([namespace, generation]) + key;
    const generation = this.#generationOf(namespace).current();
    return generation instanceof Promise ? generation.then(join) : join(generation);
  }

  #generationOf(namespace: string | undefined): Generation {
    const key = `generation:${JSON.stringify([namespace])}`;
    const known = this.#generations.get(key);
    if (known !== undefined) return known;
    const { maxTtlSeconds, clearSeenWithinSeconds } = this.#options;
    const generation = new Generation({
      cache: this.#beneath(jsonCodec, { nearCache: false }),
      key,
      lifeSeconds: maxTtlSeconds,
      boundMs: clearSeenWithinSeconds * 1000,
    });
    this.#generations.set(key, generation);
    return generation;
  }

  get #store(): CacheService {
    this.#texts ??= this.#beneath(textCodec);
    return this.#texts;
  }

  #beneath(codec: MomentoCodec, more: CacheBinding = {}): CacheService {
    const { cacheName, arguments: args } = this.#cache;
    const binding = args.bindingWithin(this.#options.keyPrefix, codec);
    return this.#cache.cache(cacheName, { ...binding, ...asKeyvHasIt, ...more });
  }
}
