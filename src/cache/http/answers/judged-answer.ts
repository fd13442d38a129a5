import type { Windows } from '../route/cached-route.js';
import { credentialHeaders } from '../route/request-key.js';
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

/** With one of these, nothing is handed out when its time is over. */
const mustRevalidate = ['must-revalidate', 'proxy-revalidate'];
const defaultMaxBodyBytes = 1_000_000;

/** What caches may do with an answer, by the answer itself and by the options of its route. */
export function judge(draft: Draft, options: RouteOptions, windows: Windows): JudgedAnswer {
  const { statusCode, body } = draft;
  const { statuses = [], headers: chosen = [], maxBodyBytes = defaultMaxBodyBytes } = options;
  const own = directivesOf(draft.header('cache-control'));
  const vary = namesIn(draft.header('vary'));
  const ttlSeconds = Math.min(windows.ttlSeconds, ownSeconds(own, draft.header('expires')));
  const isForOne =
    !shareable.has(statusCode) ||
    ['no-store', 'private', 'no-cache'].some((name) => own.has(name)) ||
    ['set-cookie', 'content-encoding', 'content-range'].some((name) => draft.header(name) !== undefined) ||
    vary.includes('*') ||
    (mustRevalidate.some((name) => own.has(name)) &&
      windows.staleSeconds + windows.staleIfErrorSeconds > 0) ||
    !(ttlSeconds > 0) ||
    body.length > maxBodyBytes;
  if (isForOne) return { headers: {}, variesBy: [] };
  const isKept = statusCode === 200 || statuses.some((status) => status === statusCode);
  const headers = isKept ? freshnessOf(draft, own, vary, options, { ...windows, ttlSeconds }) : {};
  const stored: Record<string, string> = {};
  for (const name of [...storedHeaders, ...chosen.map((one) => one.toLowerCase())]) {
    const value = headers[name] ?? draft.header(name);
    if (value !== undefined) stored[name] = value;
  }
  const freshSeconds = isKept ? ttlSeconds : 0;
  const answer = new StoredAnswer({ statusCode, headers: stored, sentAtMs: Date.now(), freshSeconds, body });
  return { headers, answer, variesBy: keyedNames(vary, options) };
}

/** The names in a `Vary` that tell stored answers apart: what is stored has no encoding, and those with credentials pass through. */
export function keyedNames(vary: readonly string[], options: RouteOptions): readonly string[] {
  const others = isForAll(options) || options.varyBy !== undefined ? [] : credentialHeaders;
  return vary.filter((name) => name !== 'accept-encoding' && !others.includes(name));
}

/** Whether who asks makes no difference. */
function isForAll({ isShared = false, varyBy }: RouteOptions): boolean {
  return isShared && varyBy === undefined;
}

/** For how long the handler itself says that caches may use it. */
function ownSeconds(own: ReadonlyMap<string, string>, expires: string | undefined): number {
  const said = own.get('s-maxage') ?? own.get('max-age');
  if (said !== undefined) return Number(said);
  // What is no date, as `0`, is over.
  return expires === undefined ? Infinity : (Date.parse(expires) - Date.now()) / 1000;
}

/** Validators and freshness; what the handler has said of them stands. */
function freshnessOf(
  draft: Draft,
  own: ReadonlyMap<string, string>,
  vary: readonly string[],
  options: RouteOptions,
  { ttlSeconds, staleSeconds, staleIfErrorSeconds }: Windows,
): Readonly<Record<string, string>> {
  const cacheControl = [
    isForAll(options) ? 'public' : 'private',
    `max-age=${Math.floor(ttlSeconds)}`,
    ...(staleSeconds > 0 ? [`stale-while-revalidate=${Math.floor(staleSeconds)}`] : []),
    ...(staleIfErrorSeconds > 0 ? [`stale-if-error=${Math.floor(staleSeconds + staleIfErrorSeconds)}`] : []),
  ].join(', ');
  // Who comes back with a cookie is not to get from its browser what it got without one.
  const variesBy = isForAll(options) ? vary : [...new Set([...vary, ...credentialHeaders])].toSorted();
  const hasEtag = draft.header('etag') !== undefined || draft.statusCode === 204;
  return {
    ...(own.size > 0 || draft.header('expires') !== undefined ? {} : { 'cache-control': cacheControl }),
    ...(variesBy.length > 0 ? { vary: variesBy.join(', ') } : {}),
    ...(hasEtag ? {} : { etag: strongEtag(draft.body) }),
  };
}
