import type { ExecutionContext } from '@nestjs/common';
import {
  type CachedRequest,
  checkRouteOptions,
  type HttpCacheOptions,
  type RouteOptions,
} from './http-cache.options.js';

const metadataKey = 'nestjs-momento/http-cache';

/** Stands on a controller, for all of its routes, or on one route. */
export type RouteDecorator = ClassDecorator & MethodDecorator;

/**
 * How answers are cached, with all options; what stands on a route wins over what stands on its controller.
 *
 * @throws TypeError for wrong options, where it is declared
 * @example
 * @HttpCache({ ttlSeconds: 30, staleSeconds: 300, statuses: [404] })
 */
export function HttpCache<R = CachedRequest>(options: HttpCacheOptions<R>): RouteDecorator {
  return declare('HttpCache', options as RouteOptions);
}

/** How long answers are fresh, in seconds, more than 0. */
export function CacheTtl(ttlSeconds: number): RouteDecorator {
  return declare('CacheTtl', { ttlSeconds });
}

/** What answers are stored under, in the place of host, path and query. What `varyBy` and `Vary` say stays apart. */
export function CacheKey<R = CachedRequest>(key: string | ((request: R) => string)): RouteDecorator {
  return declare('CacheKey', { key } as RouteOptions);
}

/** What answers hang on: `invalidateTags` and `@CacheEvict` of one of these names make them invalid. */
export function CacheTags<R = CachedRequest>(
  ...tags: readonly string[] | readonly [(request: R) => readonly string[]]
): RouteDecorator {
  const [first] = tags;
  return declare('CacheTags', { tags: typeof first === 'function' ? first : tags } as RouteOptions);
}

/** The route passes through: nothing is answered from the cache, and nothing is stored. */
export function NoCache(): RouteDecorator {
  return declare('NoCache', { isOff: true });
}

/** Those who ask with credentials get the answer that all others get. Only where it says nothing about who asks. */
export function CacheShared(): RouteDecorator {
  return declare('CacheShared', { isShared: true });
}

/** What the decorators of a route say, those on the route over those on its controller. */
export function routeOptionsOf(context: ExecutionContext): RouteOptions {
  return { ...said(context.getClass()), ...said(context.getHandler()) };
}

function said(target: object): RouteOptions | undefined {
  return Reflect.getMetadata(metadataKey, target) as RouteOptions | undefined;
}

function declare(name: string, options: RouteOptions): RouteDecorator {
  checkRouteOptions(`@${name}()`, options);
  return (target: object, _name?: unknown, descriptor?: { readonly value?: unknown }): void => {
    const decorated = typeof descriptor?.value === 'function' ? descriptor.value : target;
    const before = Reflect.getOwnMetadata(metadataKey, decorated) as RouteOptions | undefined;
    const inherited = decorated === target ? said(target) : before;
    Reflect.defineMetadata(metadataKey, { ...inherited, ...options }, decorated);
  };
}
