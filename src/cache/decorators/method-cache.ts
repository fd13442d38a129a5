import { Inject, type InjectionToken, Optional } from '@nestjs/common';
import { defaultConnectionName } from '../../foundation/tokens.js';
import { CacheService } from '../cache.service.js';
import { getCacheServiceToken } from '../cache.tokens.js';
import type { GetOrSetOptions } from '../options/cache.options.js';
import { type AnyCacheDefinition, type CacheDefinition } from '../typed/cache-definition.js';
import { getCacheToken } from '../typed/feature.tokens.js';
import { TypedCache } from '../typed/typed-cache.js';

/** Which cache a decorated method uses. */
export interface MethodCacheOptions {
  /**
   * A cache by its name or its definition: the one of `MomentoModule.forFeature` where the class's module imports it, else one
   * of the connection. @default the connection's own
   */
  readonly cache?: string | AnyCacheDefinition | undefined;
  /** @default the default connection */
  readonly connection?: string | undefined;
}

/** What a decorated method does with its cache: `CacheService`, or a `TypedCache` with ids in place of keys. */
export interface MethodCache {
  getOrSet(key: unknown, loader: () => Promise<unknown>, options?: GetOrSetOptions<never>): Promise<unknown>;
  set(key: unknown, value: unknown, options?: GetOrSetOptions<never>): Promise<void>;
  evict(keys: readonly unknown[]): Promise<void>;
  invalidateTags(tags: readonly string[]): Promise<void>;
}

/**
 * Where the methods of a class find their cache: in hidden properties that Nest injects. So each object has the cache of its
 * own app; one that was made with `new`, or in an app without the module, has none.
 */
export class CacheOfMethods {
  readonly #cache: MethodCacheOptions['cache'];
  readonly #service: symbol;
  readonly #feature: symbol | undefined;
  /** The caches that no `forFeature` provides. They share flights and counts with all handles of their connection. */
  readonly #bound = new WeakMap<CacheService, MethodCache>();

  constructor(target: object, { cache, connection = defaultConnectionName }: MethodCacheOptions) {
    this.#cache = cache;
    this.#service = injectHidden(target, getCacheServiceToken(connection));
    if (cache === undefined) return;
    // Not both in one call: its overloads take the one or the other.
    const token =
      typeof cache === 'string' ? getCacheToken(cache, connection) : getCacheToken(cache, connection);
    this.#feature = injectHidden(target, token);
  }

  /** @returns undefined: the object has none, or the method was called without one */
  of(instance: object | undefined): MethodCache | undefined {
    if (instance === undefined) return undefined;
    const members = instance as Readonly<Record<symbol, unknown>>;
    const service = members[this.#service] as CacheService | undefined;
    if (this.#feature === undefined) return service as MethodCache | undefined;
    const feature = members[this.#feature] as MethodCache | undefined;
    if (feature !== undefined || service === undefined || this.#cache === undefined) return feature;
    const bound = this.#bound.get(service) ?? bind(service, this.#cache);
    this.#bound.set(service, bound);
    return bound;
  }
}

function bind(service: CacheService, cache: string | AnyCacheDefinition): MethodCache {
  if (typeof cache === 'string') return service.cache(cache) as MethodCache;
  const { cacheName = service.cacheName, binding } = cache;
  return new TypedCache(service.cache(cacheName, binding), cache as CacheDefinition<unknown, unknown>);
}

/** Lets Nest inject a property that neither the class nor who prints its objects sees: one for a token, whatever subclasses there are. */
function injectHidden(target: object, token: InjectionToken): symbol {
  const name = typeof token === 'string' ? token : 'nestjs-momento/CacheService';
  const property = Symbol.for(`${name} (injected)`);
  if (property in target) return property;
  Object.defineProperty(target, property, {
    get: () => undefined,
    set(this: object, value: unknown) {
      Object.defineProperty(this, property, { value, writable: true, configurable: true });
    },
    configurable: true,
  });
  Inject(token)(target, property);
  Optional()(target, property);
  return property;
}
