import type { Windows } from '../route/cached-route.js';
import { directivesOf, namesIn } from '../route/header-lists.js';
import type { RouteOptions } from '../route/http-cache.options.js';
import { strongEtag } from './conditions.js';
import { StoredAnswer } from './stored-answer.js';

/** An answer that is about to be sent. */
export interface Draft {
  readonly statusCode: number;
  readonly body: Uint8Array;
  /** In one line, as it will be sent. */
  header(name: string): string | undefined;
}

/** What is to become of an answer beside being sent. */
export interface JudgedAnswer {
  /** Added to what is sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: it is for who asked alone. */
  readonly answer?: StoredAnswer;
  /** By which headers of the request such answers differ. */
  readonly variesBy: readonly string[];
}

/** What describes the content, where it is, and what caches may do with it. */
const storedHeaders = [
  'content-type',
  'content-language',
  'content-disposition',
  'content-location',
  'last-modified',
  'link',
  'location',
  'cache-control',
  'expires',
  'etag',
  'vary',
];

/** Those that do not depend on more of the request than what it asks for. */
const shareable = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 410]);

const credentialHeaders = ['authorization', 'cookie'];
/** Requests with credentials are kept apart already, and what is stored has no encoding. */
const notKeyed = new Set([...credentialHeaders, 'accept-encoding']);
const defaultMaxBodyBytes = 1_000_000;

/** What caches may do with an answer, by the answer itself and by the options of its route. */
export function judge(draft: Draft, options: RouteOptions, windows: Windows): JudgedAnswer {
  const { statusCode, body } = draft;
  const { statuses = [], headers: chosen = [], maxBodyBytes = defaultMaxBodyBytes } = options;
  const own = directivesOf(draft.header('cache-control'));
  const vary = namesIn(draft.header('vary'));
  const ttlSeconds = Math.min(windows.ttlSeconds, ownSeconds(own));
  const isForOne =
    !shareable.has(statusCode) ||
    ['no-store', 'private', 'no-cache'].some((name) => own.has(name)) ||
    ['set-cookie', 'content-encoding', 'content-range'].some((name) => draft.header(name) !== undefined) ||
    vary.includes('*') ||
    !(ttlSeconds > 0) ||
    body.length > maxBodyBytes;
  if (isForOne) return { headers: {}, variesBy: [] };
  const isKept = statusCode === 200 || statuses.some((status) => status === statusCode);
  const headers = isKept ? freshnessOf(draft, own.size > 0, vary, options, { ...windows, ttlSeconds }) : {};
  const stored: Record<string, string> = {};
  for (const name of [...storedHeaders, ...chosen.map((one) => one.toLowerCase())]) {
    const value = headers[name] ?? draft.header(name);
    if (value !== undefined) stored[name] = value;
  }
  const freshSeconds = isKept ? ttlSeconds : 0;
  const answer = new StoredAnswer({ statusCode, headers: stored, sentAtMs: Date.now(), freshSeconds, body });
  return { headers, answer, variesBy: keyedNames(vary) };
}

/** The names in a `Vary` that tell stored answers apart. */
export function keyedNames(vary: readonly string[]): readonly string[] {
  return vary.filter((name) => !notKeyed.has(name));
}

/** For how long the handler itself says that caches may use it. */
function ownSeconds(own: ReadonlyMap<string, string>): number {
  const said = own.get('s-maxage') ?? own.get('max-age');
  return said === undefined ? Infinity : Number(said);
}

/** Validators and freshness; what the handler has said of them stands. */
function freshnessOf(
  draft: Draft,
  hasOwn: boolean,
  vary: readonly string[],
  { isShared = false, varyBy }: RouteOptions,
  { ttlSeconds, staleSeconds, staleIfErrorSeconds }: Windows,
): Readonly<Record<string, string>> {
  const isForAll = isShared && varyBy === undefined;
  const cacheControl = [
    isForAll ? 'public' : 'private',
    `max-age=${Math.floor(ttlSeconds)}`,
    ...(staleSeconds > 0 ? [`stale-while-revalidate=${Math.floor(staleSeconds)}`] : []),
    ...(staleIfErrorSeconds > 0 ? [`stale-if-error=${Math.floor(staleSeconds + staleIfErrorSeconds)}`] : []),
  ].join(', ');
  // Who comes back with a cookie is not to get from its browser what it got without one.
  const variesBy = isForAll ? vary : [...new Set([...vary, ...credentialHeaders])].toSorted();
  const hasEtag = draft.header('etag') !== undefined || draft.statusCode === 204;
  return {
    ...(hasOwn ? {} : { 'cache-control': cacheControl }),
    ...(variesBy.length > 0 ? { vary: variesBy.join(', ') } : {}),
    ...(hasEtag ? {} : { etag: strongEtag(draft.body) }),
  };
}
