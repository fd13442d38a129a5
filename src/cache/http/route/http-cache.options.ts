import type { GetOrSetOptions } from '../../options/cache.options.js';
import { policyRules } from '../../options/cache-policy.js';
import { areTags, tagsDescription } from '../../options/tags.js';
import { expected, findProblems, isPositive, type Rule } from '../../../foundation/options.rules.js';

/** What the functions of the options get of a request: as Express and Fastify both have it. */
export interface CachedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly protocol?: string | undefined;
  readonly hostname?: string | undefined;
  readonly params?: unknown;
  readonly query?: unknown;
  /** Whom a guard has let in, as Passport sets it. */
  readonly user?: unknown;
}

/** Statuses that may be stored beside 200, by RFC 9110 §15.1, without those of a part. */
export type StorableStatus = 203 | 204 | 300 | 301 | 404 | 410;

type Policy = Pick<
  GetOrSetOptions,
  | 'staleSeconds'
  | 'staleIfErrorSeconds'
  | 'ttlJitter'
  | 'earlyRefresh'
  | 'loaderSoftTimeoutSeconds'
  | 'loaderTimeoutSeconds'
  | 'cacheTimeoutSeconds'
  | 'singleFlight'
  | 'leaseWaitSeconds'
>;

/**
 * How `MomentoCacheInterceptor` caches the answers of a route, or of all routes of a controller. What is left out is the
 * interceptor's, and what that leaves out the connection's.
 *
 * @typeParam R the request, as the functions of the options see it
 */
export interface HttpCacheOptions<R = CachedRequest> extends Policy {
  /** How long an answer is fresh, in seconds, more than 0; a shorter `max-age` or `s-maxage` of the handler's own wins. */
  readonly ttlSeconds?: number | undefined;
  /** In the place of host, path and query: what gives the same key has the same answer. @default host, path and sorted query */
  readonly key?: string | ((request: R) => string) | undefined;
  /** What the answer hangs on, at most 50 names: `invalidateTags` and `@CacheEvict` of one of them make it invalid. @default none */
  readonly tags?: readonly string[] | ((request: R) => readonly string[]) | undefined;
  /**
   * Whether requests with credentials get the same answer as all others: with `Authorization`, a cookie, an `X-Api-Key`, or a
   * `user` that a guard has set. @default false: they pass through, and nothing is stored
   */
  readonly isShared?: boolean | undefined;
  /**
   * By what answers differ between those who ask, such as their tenant; requests with credentials are answered from the cache
   * then as well. Undefined or an empty text: this one passes through. It wins over `isShared`. @default nothing
   */
  readonly varyBy?: ((request: R) => string | undefined) | undefined;
  /** Stored beside 200. @default none */
  readonly statuses?: readonly StorableStatus[] | undefined;
  /** Stored beside those that describe the content, `Cache-Control`, `Vary`, `Location` and `Link`. @default none */
  readonly headers?: readonly string[] | undefined;
  /** Whether `Cache-Control: no-cache`, `no-store` and `max-age=0` of a request are honoured: anyone can send them. @default false */
  readonly honorsNoCache?: boolean | undefined;
  /** Longer answers are not stored, in bytes. @default 1,000,000 */
  readonly maxBodyBytes?: number | undefined;
}

/** What the decorators of a route say together. */
export interface RouteOptions extends HttpCacheOptions {
  /** `@NoCache()`. */
  readonly isOff?: boolean | undefined;
}

const storable: readonly unknown[] = [203, 204, 300, 301, 404, 410];
const isFlag = expected('true or false', (value) => typeof value === 'boolean');
const isFunction = (value: unknown) => typeof value === 'function';
const isText = (value: unknown) => typeof value === 'string' && value !== '';
const isListOf = (is: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(is);
/** Of one answer alone, or of how it was sent. */
const neverStored = new Set([
  'set-cookie',
  'transfer-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'date',
]);

const {
  ttlSeconds: _ttl,
  storeIf: _storeIf,
  notFoundSeconds: _notFound,
  tags: _tags,
  ...ofPolicy
} = policyRules;

const rules: Readonly<Record<keyof RouteOptions, Rule>> = {
  ...ofPolicy,
  ttlSeconds: expected('a number of seconds above 0', isPositive),
  key: expected('a filled string or a function', (value) => isText(value) || isFunction(value)),
  tags: expected(tagsDescription, (value) => isFunction(value) || areTags(value)),
  isShared: isFlag,
  varyBy: expected('a function', isFunction),
  statuses: expected(
    `some of ${storable.join(', ')}`,
    isListOf((one) => storable.includes(one)),
  ),
  headers: expected(
    `names of headers, but for ${[...neverStored].join(', ')}`,
    isListOf((one) => isText(one) && !neverStored.has(String(one).toLowerCase())),
  ),
  honorsNoCache: isFlag,
  maxBodyBytes: expected('a number of bytes above 0', isPositive),
  isOff: isFlag,
};

/** @throws TypeError for what is no option, or not of its type */
export function checkRouteOptions(where: string, options: object): void {
  const [problem] = findProblems(options, rules);
  if (problem !== undefined) throw new TypeError(`${where}: ${problem}`);
}
