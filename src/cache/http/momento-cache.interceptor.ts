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
import { answerCodec } from './answers/stored-answer.js';
import type { Exchange } from './exchange/exchange.js';
import { ExpressExchange } from './exchange/express-exchange.js';
import { FastifyExchange } from './exchange/fastify-exchange.js';
import type { FastifyReply } from './exchange/fastify-reply.js';
import { CachedRoutes } from './route/cached-route.js';
import { type CachedRequest, checkRouteOptions, type HttpCacheOptions } from './route/http-cache.options.js';
import { askedBy } from './route/request-key.js';
import { Visit } from './visit.js';

const keyPrefix = 'http:';
const optionsToken = Symbol('nestjs-momento/MomentoCacheInterceptor options');

/** Marks a response that an interceptor of this kind works on: a second one, as of the controller, would wait for the first. */
const isVisited = Symbol('nestjs-momento/visited');

interface Visited {
  [isVisited]?: boolean;
}

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
    // What a test has put in the place of the cache need not be one.
    if (context.getType() !== 'http' || !(this.#cache instanceof CacheService)) return next.handle();
    const answers = (this.#answers ??= beneath(this.#cache));
    const route = this.#routes.of(context, () => answers.arguments.policy);
    if (route === undefined) return next.handle();
    const http = context.switchToHttp();
    const request = http.getRequest<CachedRequest>();
    const response = http.getResponse<Visited>();
    const asked = askedBy(request, route.options, route.name);
    if (asked === undefined || response[isVisited] === true) return next.handle();
    response[isVisited] = true;
    const visit = new Visit(answers, request, this.#exchangeOf(http), next, asked.key, route);
    return asked.isRefresh ? visit.refresh() : visit.answer('MISS');
  }

  #exchangeOf(http: ReturnType<ExecutionContext['switchToHttp']>): Exchange {
    return this.#host.httpAdapter.getType() === 'fastify'
      ? new FastifyExchange(http.getResponse<FastifyReply>())
      : new ExpressExchange(http.getResponse<ServerResponse>());
  }
}

/** The same cache, with keys and a codec of its own. */
function beneath(cache: CacheService): CacheService {
  return cache.cache(cache.cacheName, cache.arguments.bindingWithin(keyPrefix, answerCodec));
}
