import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  Optional,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import type { Observable } from 'rxjs';
import { CacheService } from '../cache.service.js';
import type { CachePolicy } from '../options/cache-policy.js';
import { defaultTtlSeconds } from '../options/ttl.js';
import { answerCodec } from './answers/stored-answer.js';
import type { Exchange } from './exchange/exchange.js';
import { ExpressExchange } from './exchange/express-exchange.js';
import { FastifyExchange, type FastifyReply } from './exchange/fastify-exchange.js';
import { CachedRoutes } from './route/cached-route.js';
import {
  type CachedRequest,
  checkRouteOptions,
  type HttpCacheOptions,
  type RouteOptions,
} from './route/http-cache.options.js';
import { askedBy } from './route/request-key.js';
import { Visit, type VisitOptions } from './visit.js';

const keyPrefix = 'http:';
const optionsToken = Symbol('nestjs-momento/MomentoCacheInterceptor options');

/** Marks a response that an interceptor of this kind works on: a second one, as of the controller, would wait for the first. */
const isVisited = Symbol('nestjs-momento/visited');

/**
 * Answers `GET` and `HEAD` from the cache of a connection, with Express and with Fastify: on a route, on a controller, or on all
 * routes as `APP_INTERCEPTOR`. What is stored is what was sent, as bytes, so that no interceptor around it changes an answer the
 * second time. What is no HTTP, as in a hybrid app, passes through.
 *
 * Private by default: a request with credentials passes through, unless `@CacheShared()` or `varyBy` says otherwise; and an answer
 * with `Set-Cookie`, or which is `private`, `no-cache` or `no-store`, is not stored.
 *
 * @example
 * @Controller('catalog')
 * @UseInterceptors(MomentoCacheInterceptor)
 * export class CatalogController { @Get() @CacheTtl(30) list() { … } }
 */
@Injectable()
export class MomentoCacheInterceptor implements NestInterceptor {
  readonly #cache: CacheService;
  readonly #host: HttpAdapterHost;
  readonly #routes: CachedRoutes;
  /** Made at the first request: a connection without the name of a cache fails there. */
  #answers: CacheService | undefined;

  /**
   * @param cache whose cache, connection and defaults are used
   * @param options for what the decorators of a route leave out
   * @throws TypeError for wrong options
   */
  constructor(
    @Inject(CacheService) cache: CacheService,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Optional() @Inject(optionsToken) options: HttpCacheOptions = {},
  ) {
    checkRouteOptions('MomentoCacheInterceptor', options);
    this.#cache = cache;
    this.#host = host;
    this.#routes = new CachedRoutes(options);
  }

  /** @throws what the functions of the route's options throw */
  intercept(
    context: ExecutionContext,
    next: CallHandler,
  ): Observable<unknown> | Promise<Observable<unknown>> {
    const route = context.getType() === 'http' ? this.#routes.of(context) : undefined;
    if (route === undefined) return next.handle();
    const request = context.switchToHttp().getRequest<CachedRequest>();
    const asked = askedBy(request, route);
    const response = context.switchToHttp().getResponse<object>();
    // What a test has put in the place of the cache need not be one.
    const isWithoutCache = !(this.#cache instanceof CacheService);
    if (asked === undefined || isWithoutCache || Object.hasOwn(response, isVisited)) return next.handle();
    Object.defineProperty(response, isVisited, { value: true });
    this.#answers ??= beneath(this.#cache);
    const options = optionsOf(request, route, this.#answers.arguments.policy);
    const visit = new Visit(this.#answers, request, this.#exchangeOf(response), next, asked, options);
    return asked.isRefresh ? visit.refresh() : visit.answer();
  }

  #exchangeOf(response: object): Exchange {
    return this.#host.httpAdapter.getType() === 'fastify'
      ? new FastifyExchange(response as FastifyReply)
      : new ExpressExchange(response as ServerResponse);
  }
}

/** The same cache, with keys and a codec of its own. */
function beneath(cache: CacheService): CacheService {
  return cache.cache(cache.cacheName, cache.arguments.bindingWithin(keyPrefix, answerCodec));
}

/** What the route says over what the connection does. */
function optionsOf(request: CachedRequest, route: RouteOptions, policy: CachePolicy): VisitOptions {
  const { ttlSeconds = policy.ttlSeconds, tags } = route;
  const { staleSeconds = policy.staleSeconds, staleIfErrorSeconds = policy.staleIfErrorSeconds } = route;
  return {
    route,
    ttlSeconds: typeof ttlSeconds === 'number' ? ttlSeconds : defaultTtlSeconds,
    staleSeconds,
    staleIfErrorSeconds,
    policy: {
      staleSeconds,
      staleIfErrorSeconds,
      // Nothing to store is no answer.
      notFoundSeconds: 0,
      tags: typeof tags === 'function' ? tags(request) : (tags ?? []),
      ttlJitter: route.ttlJitter,
      earlyRefresh: route.earlyRefresh,
      loaderSoftTimeoutSeconds: route.loaderSoftTimeoutSeconds,
      loaderTimeoutSeconds: route.loaderTimeoutSeconds,
      cacheTimeoutSeconds: route.cacheTimeoutSeconds,
      singleFlight: route.singleFlight,
      leaseWaitSeconds: route.leaseWaitSeconds,
    },
  };
}
