import { randomBytes, randomUUID } from 'node:crypto';

const SIGNATURE_BYTES = 32;

/** A new token that looks like a JWT to every reader. Its signature is random: a server knows its own keys by heart. */
export function newToken(claims: object): string {
  const header = encodeJson({ alg: 'HS256', typ: 'JWT' }, 'base64url');
  const body = encodeJson({ ...claims, jti: randomUUID() }, 'base64url');
  return `${header}.${body}.${randomBytes(SIGNATURE_BYTES).toString('base64url')}`;
}

/** The text of a v1 key, as the console and the SDK hand it out: base64 of JSON with the endpoint and the token. */
export function keyTextOf(endpoint: string, token: string): string {
  return encodeJson({ endpoint, api_key: token }, 'base64');
}

/** The token inside the text of a key: the text itself when it is no v1 key. */
export function tokenIn(text: string): string {
  try {
    const content: unknown = JSON.parse(Buffer.from(text, 'base64').toString());
    const token: unknown = Reflect.get(Object(content), 'api_key');
    return typeof token === 'string' ? token : text;
  } catch {
    return text;
  }
}

/** The claims of a token, nothing when it is no JWT. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()));
  } catch {
    return {};
  }
}

function encodeJson(value: object, encoding: 'base64' | 'base64url'): string {
  return Buffer.from(JSON.stringify(value)).toString(encoding);
}
