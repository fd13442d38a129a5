import { checkOptions, expected, findProblems, type Rule } from '../../foundation/options.rules.js';
import { quoteName } from '../../foundation/text/redaction.js';
import type { CodecOf, GivenTo, SchemaOption } from '../../foundation/values/value-types.js';
import { bindingRules, cacheNameRule } from '../options/binding-rules.js';
import type { CacheBinding, GetOrSetOptions } from '../options/cache.options.js';

/** What a typed cache is: how a key is made, and each option of a cache, with the type of the value. */
export interface CacheDefinitionOptions<Id, Value>
  extends Omit<CacheBinding, keyof GetOrSetOptions | 'codec' | 'schema'>, GetOrSetOptions<Value> {
  /**
   * The whole key of an id, but for `keyPrefix`. The name of the definition is no part of it: definitions that give the same
   * key, in the same cache, share the item.
   */
  readonly key: (id: Id) => string;
  /** @default the connection's */
  readonly cacheName?: string | undefined;
  /** How values are stored; with a codec of another type, such as `bytesCodec`, values have that type. @default jsonCodec */
  readonly codec?: CodecOf<Value> | undefined;
}

/** What a definition is, whatever its types. */
export interface AnyCacheDefinition {
  /** What it is injected by, once in a connection. */
  readonly name: string;
  readonly cacheName: string | undefined;
  /** All other options. */
  readonly binding: CacheBinding;
  /** The key of an id, without the `keyPrefix`. */
  readonly key: (id: never) => string;
}

/**
 * A typed cache, before there is a connection. `MomentoModule.forFeature` makes it injectable.
 *
 * @typeParam Given what is written; the same as what is read, unless a schema makes one out of the other
 */
export interface CacheDefinition<Id, Value, Given = Value> extends AnyCacheDefinition {
  readonly key: (id: Id) => string;
  /** For the compiler alone. */
  readonly types?: { readonly value: Value; readonly given: Given };
}

/** The same in every copy of this package in a process. */
const definitionMark = Symbol.for('nestjs-momento/cache-definition');

const definitionRules: Readonly<Record<keyof CacheDefinitionOptions<never, never> | 'schema', Rule>> = {
  ...bindingRules,
  key: expected('a function of the id', (value) => typeof value === 'function'),
  cacheName: cacheNameRule,
};

/**
 * Defines a cache whose keys and values the compiler checks. `MomentoModule.forFeature([users])` makes it injectable with
 * `@InjectCache(users)`.
 *
 * The type of the values is what the schema gives back, else that of the codec, else a type argument; without any of these
 * they are `unknown`. Ids are text unless the argument of `key` or the second type argument says otherwise.
 *
 * @param name what it is injected by; it is no part of the keys
 * @throws MomentoConfigurationError `invalid-options`
 * @example
 * export const users = defineCache('users', { key: (id: number) => `user:${id}`, schema: User, ttlSeconds: 60 });
 * export const orders = defineCache<Order, number>('orders', { key: (id) => `order:${id}` });
 * export const images = defineCache('images', { key: (path: string) => path, codec: bytesCodec });
 */
export function defineCache<Input, Output, Id>(
  name: string,
  options: SchemaOption<Input, Output> &
    Omit<CacheDefinitionOptions<Id, Output>, 'codec'> &
    Pick<CacheBinding, 'codec'>,
): CacheDefinition<Id, Output, GivenTo<Input, Output>>;
export function defineCache<Value = unknown, Id = string>(
  name: string,
  options: CacheDefinitionOptions<Id, Value> & { readonly schema?: undefined },
): CacheDefinition<Id, Value>;
export function defineCache(
  name: string,
  options: CacheBinding & { readonly key: (id: never) => string; readonly cacheName?: string | undefined },
): CacheDefinition<never, unknown> {
  checkOptions(
    `The options of defineCache(${quoteName(name)})`,
    [...nameProblems(name), ...findProblems(options, definitionRules, ['key'])],
    'Correct them where the cache is defined.',
  );
  const { key, cacheName, ...binding } = options;
  return Object.freeze({ name, key, cacheName, binding: Object.freeze(binding), [definitionMark]: true });
}

export function isCacheDefinition(value: unknown): value is AnyCacheDefinition {
  return typeof value === 'object' && value !== null && definitionMark in value;
}

function nameProblems(name: unknown): string[] {
  const problem = cacheNameRule(name);
  return problem === undefined ? [] : [`the name: ${problem}`];
}
