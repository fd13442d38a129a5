import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { Secret } from './secret.js';

/** A Momento key, taken apart as far as a client needs it. */
export interface ApiKey {
  /** What the SDK sends as `authorization`. */
  readonly authToken: Secret;
  /** Where the key itself says that Momento is; a v2 key says nothing. */
  readonly endpoint?: string | KeyEndpoints;
  /** When the key ends, where it says so. */
  readonly expiresAt?: Date;
}

/** The hosts that a legacy key names, as they stand. */
interface KeyEndpoints {
  readonly cacheEndpoint: string;
  readonly controlEndpoint: string;
  readonly tokenEndpoint: string;
}

/**
 * Reads a key of any format, without the SDK: its parser's messages hold the decoded key.
 *
 * | format | looks like | endpoint |
 * |---|---|---|
 * | v1, disposable token | base64 of JSON `{ api_key, endpoint }` | in the key |
 * | legacy | JWT with the claims `cp` and `c` | in the key |
 * | v2 | JWT with the claim `t: "g"` | given beside it |
 *
 * Any other JWT is taken as it is: the HTTP API's download holds a v1 key's inner part beside its endpoint.
 *
 * @param from what the key was found in, for the error
 * @throws MomentoConfigurationError `key-malformed`
 */
export function parseApiKey(text: string, from: string): ApiKey {
  const key = text.trim();
  if (!canBeSent(key)) throw unsendable(from);

  const wrapped = parseJsonObject(decodeBase64(key));
  if (wrapped !== undefined) {
    const { api_key: inner, endpoint } = wrapped;
    if (typeof inner !== 'string' || typeof endpoint !== 'string' || inner === '' || endpoint === '') {
      throw malformed(from, 'it is base64 of JSON, but without the fields api_key and endpoint');
    }
    if (!canBeSent(inner)) throw unsendable(from);
    return { ...fromJwt(inner, decodeJwt(inner)), endpoint };
  }

  const claims = decodeJwt(key);
  if (claims === undefined) throw malformed(from, 'it is neither a JWT nor base64 of JSON');
  return fromJwt(key, claims);
}

/** The SDK sends a line break in a key as a header; every request then fails with an unhandled rejection that shows the key. */
export function canBeSent(authToken: string): boolean {
  return /^[\x21-\x7e]+$/.test(authToken);
}

function fromJwt(token: string, claims: Record<string, unknown> = {}): ApiKey {
  const { cp, c, exp } = claims;
  return {
    authToken: new Secret(token),
    ...(typeof cp === 'string' &&
      typeof c === 'string' && { endpoint: { controlEndpoint: cp, cacheEndpoint: c, tokenEndpoint: c } }),
    ...expiry(exp),
  };
}

/** Epoch seconds, as a number or as quoted digits; zero and less stand for a key that does not expire. */
export function expiry(validUntil: unknown): { expiresAt?: Date } {
  const text = typeof validUntil === 'string' ? validUntil.trim() : validUntil;
  const seconds =
    typeof text === 'number' || (typeof text === 'string' && text !== '') ? Number(text) : Number.NaN;
  const expiresAt = new Date(seconds * 1000);
  return seconds > 0 && !Number.isNaN(expiresAt.getTime()) ? { expiresAt } : {};
}

function decodeJwt(token: string): Record<string, unknown> | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  return parseJsonObject(decodeBase64(parts[1]));
}

function decodeBase64(text: string | undefined): string {
  return text !== undefined && /^[A-Za-z0-9+/_-]+={0,2}$/.test(text)
    ? Buffer.from(text, 'base64').toString('utf8')
    : '';
}

/** Undefined when the text is no JSON object; the parser's own message is dropped because it quotes the text. */
export function parseJsonObject(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text);
  return isRecord(value) ? value : undefined;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function unsendable(from: string): MomentoConfigurationError {
  return malformed(from, 'it has spaces, line breaks or characters outside ASCII');
}

function malformed(from: string, why: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'key-malformed',
    `The value of ${from} is not a Momento key: ${why}.`,
    'Store the key as the Momento console shows it, in plaintext, or as JSON with the key in the field apiKey.',
  );
}
