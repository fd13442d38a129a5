import type { GetOrSetOptions } from '../options/cache.options.js';
import type { CacheDefinition } from '../typed/cache-definition.js';
import { cachedMethod, type CachedMethodOptions } from './cached-method.js';
import type { MethodCacheOptions } from './method-cache.js';
import type { DecoratorOf } from './method-types.js';

/** How the answers of a method are cached. */
export interface CacheableOptions<A extends readonly unknown[], R>
  extends GetOrSetOptions<R>, MethodCacheOptions {
  /** Of the method's arguments. What gives the same key shares the item, other methods included. */
  readonly key: (...args: A) => string;
  /** Of the method's arguments; where it answers false, the method runs as if it were plain. @default all */
  readonly if?: ((...args: A) => boolean) | undefined;
}

/** The same over a typed cache: `key` gives its id. */
export interface CacheableByIdOptions<A extends readonly unknown[], Id, Value, Given> extends Omit<
  CacheableOptions<A, Value>,
  'key' | 'cache'
> {
  readonly cache: CacheDefinition<Id, Value, Given>;
  readonly key: (...args: A) => Id;
}

/**
 * Caches what the method answers, as `getOrSet` does: one call of the method for however many ask, and a failing cache counts
 * as a miss. What callers get is what the codec gives back: with JSON a `Date` is its text, the first time as well.
 *
 * The cache comes from the app that made the object. One that was made with `new`, or in an app without `MomentoModule`, is
 * plain.
 *
 * @throws what the method and the functions of the options throw, and what `getOrSet` does, as for a key that is not a filled string
 * @example
 * @Cacheable({ key: (id: number) => `profile:${id}`, ttlSeconds: 60 })
 * async profile(id: number): Promise<Profile> { … }
 */
export function Cacheable<const A extends readonly unknown[], Id, Value, Given>(
  options: CacheableByIdOptions<A, Id, Value, Given>,
): DecoratorOf<A, Given>;
export function Cacheable<const A extends readonly unknown[], R = unknown>(
  options: CacheableOptions<A, R> & { readonly cache?: string | undefined },
): DecoratorOf<A, R>;
export function Cacheable({
  cache,
  connection,
  if: condition,
  key,
  ...options
}: CachedMethodOptions &
  GetOrSetOptions<never> & { readonly key: (...args: unknown[]) => unknown }): DecoratorOf<never, never> {
  return cachedMethod({ cache, connection, if: condition }, (used, args, proceed) =>
    used.getOrSet(key(...args), proceed, options),
  );
}
