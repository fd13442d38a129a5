import { MomentoErrorCode } from '@gomomento/sdk';
import { MomentoCacheError } from '../../foundation/momento.errors.js';
import type { CacheSetOptions } from '../options/cache.options.js';
import type { CacheDefinition } from '../typed/cache-definition.js';
import { cachedMethod, type CachedMethodOptions } from './cached-method.js';
import type { MethodCacheOptions } from './method-cache.js';
import type { DecoratorOf } from './method-types.js';

/** How what a method answers is written. */
export interface CachePutOptions<A extends readonly unknown[], R>
  extends CacheSetOptions<R>, MethodCacheOptions {
  /** Of the method's arguments. */
  readonly key: (...args: A) => string;
  /** Of the method's arguments; where it answers false, nothing is written. @default all */
  readonly if?: ((...args: A) => boolean) | undefined;
}

/** The same over a typed cache: `key` gives its id. */
export interface CachePutByIdOptions<A extends readonly unknown[], Id, Value, Given> extends Omit<
  CachePutOptions<A, Value>,
  'key' | 'cache'
> {
  readonly cache: CacheDefinition<Id, Value, Given>;
  readonly key: (...args: A) => Id;
}

/**
 * Runs the method each time, and writes what it answers before its caller gets it. A failing cache does not fail the method: what
 * could not be written is evicted, so that the former value does not stay; so is the value of a method that answers `undefined`. What is wrong with the key or the value is a line in the log.
 *
 * @throws what the method, `if` and `key` throw
 * @example
 * @CachePut({ key: (user: User) => `user:${user.id}` })
 * async save(user: User): Promise<User> { … }
 */
export function CachePut<const A extends readonly unknown[], Id, Value, Given>(
  options: CachePutByIdOptions<A, Id, Value, Given>,
): DecoratorOf<A, Given>;
export function CachePut<const A extends readonly unknown[], R = unknown>(
  options: CachePutOptions<A, R> & { readonly cache?: string | undefined },
): DecoratorOf<A, R>;
export function CachePut({
  cache,
  connection,
  if: condition,
  key,
  ...options
}: CachedMethodOptions &
  CacheSetOptions<never> & { readonly key: (...args: unknown[]) => unknown }): DecoratorOf<never, never> {
  return cachedMethod({ cache, connection, if: condition }, async (used, args, proceed, after) => {
    // Before the method runs: it may change its arguments.
    const written = key(...args);
    const value = await proceed();
    const evict = () => used.evict([written]);
    const set = async () => {
      try {
        await used.set(written, value, options);
      } catch (error) {
        await evict();
        // The cache's own failures are said by the eviction that they cause.
        if (error instanceof MomentoCacheError && error.code !== MomentoErrorCode.INVALID_ARGUMENT_ERROR)
          return;
        throw error;
      }
    };
    await after(value === undefined ? evict : set);
    return value;
  });
}
