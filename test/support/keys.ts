import { randomBytes, randomUUID } from 'node:crypto';

/** A region's endpoint as it looks; there is nothing behind it. */
export const regionEndpoint = 'cell-0-test-1-1.example.com';

/** Random text of the alphabet of keys; it means nothing to anyone. */
export const randomText = (bytes = 32): string => randomBytes(bytes).toString('base64url');

const encode = (value: unknown, encoding: 'base64' | 'base64url'): string =>
  Buffer.from(JSON.stringify(value)).toString(encoding);

/** What looks like a JWT, signed with random text. */
export const makeJwt = (claims: object = {}): string =>
  [
    encode({ alg: 'HS256', typ: 'JWT' }, 'base64url'),
    encode({ jti: randomUUID(), ...claims }, 'base64url'),
    randomText(),
  ].join('.');

/** Base64 of JSON, as v1 keys and disposable tokens are. */
export const wrapKey = (content: object): string => encode(content, 'base64');

export const makeV1Key = (jwt = makeJwt(), endpoint = regionEndpoint): string =>
  wrapKey({ endpoint, api_key: jwt });

export const makeLegacyKey = (claims: object = {}): string =>
  makeJwt({ cp: 'control.example.com', c: 'cache.example.com', sub: 'user@example.com', ...claims });

export const makeV2Key = (claims: object = {}): string => makeJwt({ t: 'g', ...claims });

export const inSeconds = (seconds: number): Date => new Date(Date.now() + seconds * 1000);

/** What an action rejects with or throws; it is an error of the test when it does neither. */
export async function failureOf(action: () => unknown): Promise<unknown> {
  let outcome: unknown;
  try {
    outcome = await action();
  } catch (error) {
    return error;
  }
  throw new Error(`A failure was expected, not ${typeof outcome}.`);
}
