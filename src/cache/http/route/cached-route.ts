import type { ExecutionContext } from '@nestjs/common';
import type { GetOrSetOptions } from '../../options/cache.options.js';
import type { CachePolicy } from '../../options/cache-policy.js';
import { defaultTtlSeconds } from '../../options/ttl.js';
import { routeOptionsOf } from './http-cache.decorators.js';
import type { CachedRequest, RouteOptions } from './http-cache.options.js';

/** How long answers may be used, in seconds. */
export interface Windows {
  readonly ttlSeconds: number;
  readonly staleSeconds: number;
  readonly staleIfErrorSeconds: number;
}

/** What an answer, or what stands in its place, says of its own time; undefined: there is nothing to store. */
type Timed = { readonly freshSeconds: number } | undefined;

/** A route whose answers are cached, and how. */
export class CachedRoute {
  readonly options: RouteOptions;
  /** The same in all processes: of the class, the method, and the versions of an API that it is for. */
  readonly name: string;
  readonly windows: Windows;
  readonly #policy: GetOrSetOptions<Timed>;

  /** @param policy the connection's, for what the route leaves out */
  constructor(name: string, options: RouteOptions, policy: CachePolicy) {
    this.name = name;
    this.options = options;
    const { ttlSeconds = policy.ttlSeconds } = options;
    const { staleSeconds = policy.staleSeconds, staleIfErrorSeconds = policy.staleIfErrorSeconds } = options;
    this.windows = {
      ttlSeconds: typeof ttlSeconds === 'number' ? ttlSeconds : defaultTtlSeconds,
      staleSeconds,
      staleIfErrorSeconds,
    };
    this.#policy = {
      staleSeconds,
      staleIfErrorSeconds,
      notFoundSeconds: 0,
      ttlSeconds: (answer) => answer?.freshSeconds ?? 0,
      storeIf: (answer) => answer !== undefined && answer.freshSeconds > 0,
      tags: typeof options.tags === 'function' ? [] : (options.tags ?? []),
      ttlJitter: options.ttlJitter,
      earlyRefresh: options.earlyRefresh,
      loaderSoftTimeoutSeconds: options.loaderSoftTimeoutSeconds,
      loaderTimeoutSeconds: options.loaderTimeoutSeconds,
      cacheTimeoutSeconds: options.cacheTimeoutSeconds,
      singleFlight: options.singleFlight,
      leaseWaitSeconds: options.leaseWaitSeconds,
    };
  }

  /** What the cache goes by for a request. @throws what `tags` throws */
  policyOf(request: CachedRequest): GetOrSetOptions<Timed> {
    const { tags } = this.options;
    return typeof tags === 'function' ? { ...this.#policy, tags: tags(request) } : this.#policy;
  }
}

/** Names of Nest's metadata, which it does not export: `@Sse()`, what parameters and `@Res()` say, and versions. The same in Nest 11 and 12. */
const sseMetadata = '__sse__';
const argumentsMetadata = '__routeArguments__';
const passthroughMetadata = '__responsePassthrough__';

const versionMetadata = '__version__';

/** The first part of the names under which `@Res()` and `@Next()` are kept. */
const ownAnswer = ['1', '2'];

/** What the decorators say of each route, looked at once. */
export class CachedRoutes {
  readonly #routes = new WeakMap<object, WeakMap<object, CachedRoute | null>>();
  readonly #defaults: RouteOptions;

  /** @param defaults for what the decorators leave out */
  constructor(defaults: RouteOptions) {
    this.#defaults = defaults;
  }

  /** @returns undefined: the route is not cached */
  of(context: ExecutionContext, policy: () => CachePolicy): CachedRoute | undefined {
    const [controller, handler] = [context.getClass(), context.getHandler()];
    const ofController = this.#routes.get(controller) ?? new WeakMap<object, CachedRoute | null>();
    const known = ofController.get(handler);
    if (known !== undefined) return known ?? undefined;
    const options = { ...this.#defaults, ...routeOptionsOf(context) };
    const isOff = options.isOff === true || answersByItself(controller, handler);
    const route = isOff ? null : new CachedRoute(nameOf(controller, handler), options, policy());
    this.#routes.set(controller, ofController.set(handler, route));
    return route ?? undefined;
  }
}

function nameOf(controller: { readonly name: string }, handler: { readonly name: string }): string {
  const versions: unknown =
    Reflect.getMetadata(versionMetadata, handler) ?? Reflect.getMetadata(versionMetadata, controller) ?? [];
  return [controller.name, handler.name, ...[versions].flat().map(String)].join('.');
}

/** Whether the handler sends by itself, piece by piece or past Nest: there is no one answer to take. */
function answersByItself(controller: object, handler: { readonly name: string }): boolean {
  if (Reflect.getMetadata(sseMetadata, handler) === true) return true;
  if (Reflect.getMetadata(passthroughMetadata, controller, handler.name) === true) return false;
  const said = Reflect.getMetadata(argumentsMetadata, controller, handler.name) as object | undefined;
  return Object.keys(said ?? {}).some((name) => ownAnswer.includes(name.split(':', 1).join()));
}
