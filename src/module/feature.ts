import type { InjectionToken, OptionalFactoryDependency } from '@nestjs/common';
import type { CacheBinding } from '../cache/options/cache.options.js';
import { type AnyCacheDefinition, isCacheDefinition } from '../cache/typed/cache-definition.js';
import { getCacheToken } from '../cache/typed/feature.tokens.js';
import { checkFactoryOptions } from './feature.options.js';
import type { CacheFeature } from './connection.options.js';

/** Options of a cache and which cache it is. */
type FeatureOptions = CacheBinding & { readonly cacheName?: string | undefined };

/** A cache that `forFeature` or `forFeatureAsync` makes injectable. */
export interface Feature {
  /** What it is injected by. */
  readonly name: string;
  readonly definition: AnyCacheDefinition | undefined;
  readonly inject: readonly (InjectionToken | OptionalFactoryDependency)[];
  /** Given what `inject` names. @throws MomentoConfigurationError `invalid-options` */
  readonly options: (...dependencies: unknown[]) => FeatureOptions | Promise<FeatureOptions>;
}

export function featureOf(given: CacheFeature | AnyCacheDefinition): Feature {
  if (isCacheDefinition(given))
    return { name: given.name, definition: given, inject: [], options: () => optionsOf(given) };
  const { name = given.cacheName, ...options } = given;
  return { name, definition: undefined, inject: [], options: () => options };
}

/** Of `forFeatureAsync`: what the factory gives wins over the definition. */
export function asyncFeatureOf(
  cache: string | AnyCacheDefinition,
  inject: Feature['inject'],
  useFactory: (...dependencies: unknown[]) => unknown,
): Feature {
  const definition = typeof cache === 'string' ? undefined : cache;
  const name = typeof cache === 'string' ? cache : cache.name;
  const own: FeatureOptions = definition === undefined ? { cacheName: name } : optionsOf(definition);
  return {
    name,
    definition,
    inject,
    options: async (...dependencies) => {
      const given = await useFactory(...dependencies);
      checkFactoryOptions(name, given, definition !== undefined);
      const said = Object.entries(given).filter(([, value]) => value !== undefined);
      return { ...own, ...Object.fromEntries(said) };
    },
  };
}

export function tokenOf({ name, definition }: Feature, connectionName: string): InjectionToken {
  return definition === undefined
    ? getCacheToken(name, connectionName)
    : getCacheToken(definition, connectionName);
}

function optionsOf({ cacheName, binding }: AnyCacheDefinition): FeatureOptions {
  return { ...binding, cacheName };
}
