import type { CacheDefinition } from '../typed/cache-definition.js';
import { methodDecorator } from './decorate-method.js';
import { CacheOfMethods, type MethodCache, type MethodCacheOptions } from './method-cache.js';
import type { DecoratorOf } from './method-types.js';

/** What a method makes invalid. */
export interface CacheEvictOptions<A extends readonly unknown[], R, Key = string> extends MethodCacheOptions {
  /** Of the method's arguments. */
  readonly keys?: ((...args: A) => readonly Key[]) | undefined;
  /** Of what the method answered, then its arguments; not called with `before`, when there is no answer yet. */
  readonly keysOfResult?: ((result: R, ...args: A) => readonly Key[]) | undefined;
  /** Tags of the whole cache, or a function of the method's arguments that gives them. */
  readonly tags?: readonly string[] | ((...args: A) => readonly string[]) | undefined;
  /** Of the method's arguments; where it answers false, nothing is evicted. @default all */
  readonly if?: ((...args: A) => boolean) | undefined;
  /** Evicts before the method runs, and whether it fails or not, instead of after its success. @default false */
  readonly before?: boolean | undefined;
}

/** The same over a typed cache: `keys` gives its ids. */
export interface CacheEvictByIdOptions<A extends readonly unknown[], R, Id, Value, Given> extends Omit<
  CacheEvictOptions<A, R, Id>,
  'cache'
> {
  readonly cache: CacheDefinition<Id, Value, Given>;
}

/**
 * Evicts what the method has changed, before its caller hears of it. A failing cache does not fail the method: what is not carried
 * out is tried again until it holds.
 *
 * @example
 * @CacheEvict({ keys: (user: User) => [`user:${user.id}`], tags: ['users'] })
 * async save(user: User): Promise<void> { … }
 */
export function CacheEvict<const A extends readonly unknown[], Id, Value, Given, R = unknown>(
  options: CacheEvictByIdOptions<A, R, Id, Value, Given>,
): DecoratorOf<A, R>;
export function CacheEvict<const A extends readonly unknown[], R = unknown>(
  options: CacheEvictOptions<A, R> & { readonly cache?: string | undefined },
): DecoratorOf<A, R>;
export function CacheEvict({
  cache,
  connection,
  keys,
  keysOfResult,
  tags = [],
  if: condition,
  before = false,
}: CacheEvictOptions<unknown[], unknown, unknown>): DecoratorOf<never, never> {
  return methodDecorator((target) => {
    const caches = new CacheOfMethods(target, { cache, connection });
    return (original) =>
      async function (...args) {
        const used = condition?.(...args) === false ? undefined : caches.of(this);
        if (used === undefined) return original.apply(this, args);
        // Before the method runs: it may change its arguments, and a function that throws is to fail no change that was made.
        const named = typeof tags === 'function' ? tags(...args) : tags;
        const evicted = keys?.(...args) ?? [];
        if (before) {
          await evict(used, evicted, named);
          return original.apply(this, args);
        }
        const result = await original.apply(this, args);
        await evict(used, [...evicted, ...(keysOfResult?.(result, ...args) ?? [])], named);
        return result;
      };
  });
}

async function evict(cache: MethodCache, keys: readonly unknown[], tags: readonly string[]): Promise<void> {
  await Promise.all([
    ...(keys.length > 0 ? [cache.evict(keys)] : []),
    ...(tags.length > 0 ? [cache.invalidateTags(tags)] : []),
  ]);
}
