import { Logger } from '@nestjs/common';
import { LogThrottle } from '../../foundation/log-throttle.js';
import { describeError } from '../../foundation/text/describe-error.js';
import type { CacheSetOptions } from '../options/cache.options.js';
import type { CacheDefinition } from '../typed/cache-definition.js';
import { methodDecorator } from './decorate-method.js';
import { CacheOfMethods, type MethodCacheOptions } from './method-cache.js';
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

const logger = new Logger('CacheService');
const throttle = new LogThrottle();

/**
 * Runs the method each time, and writes what it answers before its caller gets it. A failing cache does not fail the method: what
 * could not be written is evicted, so that the former value does not stay; so is the value of a method that answers `undefined`.
 *
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
  key,
  if: condition,
  ...options
}: MethodCacheOptions &
  CacheSetOptions<never> & {
    readonly key: (...args: unknown[]) => unknown;
    readonly if?: ((...args: unknown[]) => boolean) | undefined;
  }): DecoratorOf<never, never> {
  return methodDecorator((target) => {
    const caches = new CacheOfMethods(target, { cache, connection });
    return (original) =>
      async function (...args) {
        const used = condition?.(...args) === false ? undefined : caches.of(this);
        if (used === undefined) return original.apply(this, args);
        // Before the method runs: it may change its arguments.
        const written = key(...args);
        const value = await original.apply(this, args);
        try {
          if (value === undefined) await used.evict([written]);
          else await used.set(written, value, options);
        } catch (error) {
          const line = `${original.name} answered what could not be cached, and is evicted: ${describeError(error)}`;
          throttle.say(original.name, line, (text) => logger.warn(text));
          await used.evict([written]);
        }
        return value;
      };
  });
}
