import type { ModuleMetadata } from '@nestjs/common';
import type { CacheBinding, GetOrSetOptions } from './cache/options/cache.options.js';
import { type AnyCacheDefinition, isCacheDefinition } from './cache/typed/cache-definition.js';
import { checkOptions, expected, findProblems, type Rule } from './foundation/options.rules.js';
import { argumentProblems, type InjectedAll } from './momento.async-options.js';

/** What a factory of `forFeatureAsync` returns: options over those of the definition, whose types stay; of a name, all of them. */
export type CacheFeatureFactoryOptions<Cache> = { readonly cacheName?: string | undefined } & (Cache extends {
  readonly types?: { readonly value: infer Value };
}
  ? Omit<CacheBinding, keyof GetOrSetOptions | 'codec' | 'schema'> & GetOrSetOptions<Value>
  : CacheBinding);

interface ByFactory<Options> {
  useFactory(): Options | Promise<Options>;
  readonly inject?: undefined;
}

interface ByInjection<Options, Tokens extends readonly unknown[]> {
  /** What the factory's arguments are: classes, tokens, or `{ token, optional: true }`. */
  readonly inject: Tokens;
  useFactory(...args: InjectedAll<Tokens>): Options | Promise<Options>;
}

/** One cache whose options need other providers. */
export type CacheFeatureAsyncOptions<
  Cache extends string | AnyCacheDefinition,
  Tokens extends readonly unknown[] = readonly [],
> = {
  /** A definition, or the name that a cache is injected by; that is also the `cacheName`, unless the factory gives one. */
  readonly cache: Cache;
  /** Modules whose exports the factory injects. */
  readonly imports?: ModuleMetadata['imports'] | undefined;
} & (ByFactory<CacheFeatureFactoryOptions<Cache>> | ByInjection<CacheFeatureFactoryOptions<Cache>, Tokens>);

const rules: Readonly<Record<string, Rule>> = {
  cache: expected(
    'a definition of defineCache, or a name',
    (value) => isCacheDefinition(value) || (typeof value === 'string' && value.trim() !== ''),
  ),
  useFactory: expected('a function', (value) => typeof value === 'function'),
  inject: expected('a list', Array.isArray),
  imports: expected('a list', Array.isArray),
};

/** @throws MomentoConfigurationError `invalid-options` */
export function checkFeatureAsync(options: unknown): void {
  const useFactory: unknown = Reflect.get(Object(options), 'useFactory');
  checkOptions('The options of MomentoModule.forFeatureAsync', [
    ...findProblems(options, rules, ['cache', 'useFactory']),
    ...(typeof useFactory === 'function'
      ? argumentProblems(useFactory, Reflect.get(Object(options), 'inject'))
      : []),
  ]);
}
