import { stableKey } from '../../decorators/stable-key.js';
import { directivesOf, oneLine } from './header-lists.js';
import type { CachedRequest, RouteOptions } from './http-cache.options.js';

/** Answered by the handler alone: for a part, or under a condition that only the resource's present state can meet. */
const passedThrough = ['range', 'if-range', 'if-match', 'if-unmodified-since'];

/** With one of these headers, an answer may be for one client alone. */
export const credentialHeaders: readonly string[] = ['authorization', 'cookie', 'x-api-key'];

/** Of this machine's own names the port says nothing: a test listens at another one for each request. */
const loopbackPort = /^(localhost|127\.0\.0\.1|\[::1\]):\d+$/;

/** Longer ones are hashed. */
const longestKey = 300;

/** Whom and what a request asks for. */
export interface Asked {
  /** Without what a `Vary` tells apart. */
  readonly key: string;
  /** What the request says about caches, where that is honoured. */
  readonly isRefresh: boolean;
}

/**
 * @param routeName tells routes of one path apart, as those of versions that a header names
 * @returns undefined: the request passes through
 */
export function askedBy(request: CachedRequest, options: RouteOptions, routeName: string): Asked | undefined {
  const { method, headers } = request;
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (passedThrough.some((name) => headers[name] !== undefined)) return undefined;
  // The body of a GET is no part of its key.
  if ((headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined)
    return undefined;
  const { varyBy, isShared = false } = options;
  const audience = varyBy?.(request);
  if (varyBy !== undefined && (typeof audience !== 'string' || audience === '')) return undefined;
  if (varyBy === undefined && !isShared && hasCredentials(request)) return undefined;
  const directives = options.honorsNoCache === true ? directivesOf(headers['cache-control']) : undefined;
  if (directives?.has('no-store') === true) return undefined;
  const isRefresh = directives?.has('no-cache') === true || directives?.get('max-age') === '0';
  return { key: `${method} ${keyOf(request, options, audience, routeName)}`, isRefresh };
}

/** As Express and Fastify tell it: host and scheme are a trusted proxy's where there is one, and an answer may name them. */
function keyOf(
  request: CachedRequest,
  { key }: RouteOptions,
  audience: string | undefined,
  routeName: string,
): string {
  if (key !== undefined) {
    const own = typeof key === 'string' ? key : key(request);
    return audience === undefined ? `key:${own}` : `for:${stableKey([own, audience])}`;
  }
  const { protocol, hostname, headers, originalUrl, url } = request;
  const host = oneLine(headers['host'] ?? headers[':authority'])?.replace(loopbackPort, '$1');
  const parts = [routeName, protocol, hostname, host, withSortedQuery(originalUrl ?? url), audience];
  const whole = JSON.stringify(parts);
  return whole.length <= longestKey ? `url:${whole}` : `long:${stableKey(parts)}`;
}

/** The same parameters in another order are the same; those of one name stay in theirs. Nothing is decoded: what differs, differs. */
function withSortedQuery(url: string): string {
  const queryAt = url.indexOf('?') + 1;
  if (queryAt === 0 || !url.includes('&', queryAt)) return url;
  const parameters = url
    .slice(queryAt)
    .split('&')
    .map((text) => ({ text, name: text.split('=', 1).join() }));
  parameters.sort((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)));
  return url.slice(0, queryAt) + parameters.map(({ text }) => text).join('&');
}

function hasCredentials({ headers, user }: CachedRequest): boolean {
  return (
    (user !== undefined && user !== null) || credentialHeaders.some((name) => headers[name] !== undefined)
  );
}

/**
 * The key of the answers to requests that have the same values in these headers. As all keys here it begins with its kind, so that
 * no request can bring a key of its own that is another one's.
 */
export function variantKey(key: string, variesBy: readonly string[], { headers }: CachedRequest): string {
  return `vary:${stableKey([key, variesBy.map((name) => [name, oneLine(headers[name])])])}`;
}
