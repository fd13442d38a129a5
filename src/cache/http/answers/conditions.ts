import { createHash } from 'node:crypto';
import { oneLine } from '../route/header-lists.js';
import type { CachedRequest } from '../route/http-cache.options.js';
import type { StoredAnswer } from './stored-answer.js';

/** A strong validator of these bytes: 128 bits, so that no two contents of a resource have the same. */
export function strongEtag(body: Uint8Array): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
}

/**
 * Whether the client has the answer already, by RFC 9110 §13.2.2: by `If-None-Match`, compared weakly, or, without one, by
 * `If-Modified-Since`.
 */
export function isNotModified(
  { method, headers: asked }: CachedRequest,
  { statusCode, headers }: Pick<StoredAnswer, 'statusCode' | 'headers'>,
): boolean {
  const noneMatch = oneLine(asked['if-none-match']);
  const since = oneLine(asked['if-modified-since']);
  if (noneMatch === undefined && since === undefined) return false;
  if (statusCode !== 200 && statusCode !== 203 && statusCode !== 204) return false;
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (noneMatch !== undefined) return matches(noneMatch, headers['etag']);
  return Date.parse(headers['last-modified'] ?? '') <= Date.parse(since ?? '');
}

/** A list of opaque tags, each in quotes and perhaps weak, or `*`. */
const entityTag = /(?:W\/)?("[^"]*")/g;

function matches(noneMatch: string, etag: string | undefined): boolean {
  if (noneMatch === etag || noneMatch.trim() === '*') return true;
  const opaque = etag?.replace(/^W\//, '');
  return Array.from(noneMatch.matchAll(entityTag), ([, tag]) => tag).some((tag) => tag === opaque);
}
