import type { CacheDefinition } from '../typed/cache-definition.js';
import { cachedMethod } from './cached-method.js';
import type { MethodCacheOptions } from './method-cache.js';
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
 * out is tried again until it holds. What is wrong with a key or a tag is a line in the log, after the method has run; with
 * `before` it rejects, and the method does not run.
 *
 * @throws what the method, `if`, `keys` and `tags` throw
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
  if: condition,
  keys,
  keysOfResult,
  tags = [],
  before = false,
}: CacheEvictOptions<unknown[], unknown, unknown>): DecoratorOf<never, never> {
  return cachedMethod({ cache, connection, if: condition }, async (used, args, proceed, after) => {
    // Before the method runs: it may change its arguments.
    const named = typeof tags === 'function' ? tags(...args) : tags;
    // Each by itself: one that is wrong is not to keep the others.
    const evict = (evicted: readonly unknown[]) => async () => {
      await allDone(evicted.map((key) => used.evict([key])));
    };
    const invalidate = async () => (named.length > 0 ? used.invalidateTags(named) : undefined);
    const first = evict(keys?.(...args) ?? []);
    if (before) {
      await allDone([first(), invalidate()]);
      return proceed();
    }
    const result = await proceed();
    await after(first, invalidate, async () => evict(keysOfResult?.(result, ...args) ?? [])());
    return result;
  });
}

/** Waits for all, whatever fails. @throws the first failure */
async function allDone(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}
