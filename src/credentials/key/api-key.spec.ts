import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  inSeconds,
  makeJwt,
  makeLegacyKey,
  makeV1Key,
  makeV2Key,
  regionEndpoint,
  wrapKey,
} from '../../../test/support/keys.js';
import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { expiry, parseApiKey } from './api-key.js';

const parse = (text: string) => parseApiKey(text, "secret 'momento'");

/** Every sentence that a wrong key can meet: none of them is made of the key. */
const sentences = [
  'it has spaces, line breaks or characters outside ASCII',
  'it is base64 of JSON, but without the fields api_key and endpoint',
  'it is neither a JWT nor base64 of JSON',
].map(
  (why) =>
    `The value of secret 'momento' is not a Momento key: ${why}. ` +
    'Store the key as the Momento console shows it, in plaintext, or as JSON with the key in the field apiKey.',
);

function failureOf(text: string): MomentoConfigurationError | undefined {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    if (error instanceof MomentoConfigurationError) return error;
    throw error;
  }
}

describe('parseApiKey', () => {
  it('reads a v1 key: its inner key is what is sent, its endpoint is where Momento is', () => {
    const jwt = makeJwt();
    const { authToken, ...rest } = parse(makeV1Key(jwt));
    expect(authToken.reveal()).toBe(jwt);
    expect(rest).toEqual({ endpoint: regionEndpoint });
  });

  it('reads a disposable token, which is a v1 key that ends', () => {
    const expiresAt = new Date('2031-02-03T04:05:06Z');
    const jwt = makeJwt({ exp: expiresAt.getTime() / 1000 });
    expect(parse(makeV1Key(jwt))).toMatchObject({ endpoint: regionEndpoint, expiresAt });
  });

  it('reads an inner v1 key that is no JWT', () => {
    const { authToken } = parse(makeV1Key('an-opaque-key'));
    expect(authToken.reveal()).toBe('an-opaque-key');
  });

  it('reads a legacy key: all of it is sent, its claims are the hosts', () => {
    const legacy = makeLegacyKey();
    const { authToken, endpoint } = parse(legacy);
    expect(authToken.reveal()).toBe(legacy);
    expect(endpoint).toEqual({
      controlEndpoint: 'control.example.com',
      cacheEndpoint: 'cache.example.com',
      tokenEndpoint: 'cache.example.com',
    });
  });

  it('reads a v2 key: all of it is sent, and it says nothing of an endpoint', () => {
    const v2 = makeV2Key({ exp: inSeconds(60).getTime() / 1000 });
    const { authToken, endpoint } = parse(v2);
    expect(authToken.reveal()).toBe(v2);
    expect(endpoint).toBeUndefined();
  });

  it('gives back what a key was made of, in whatever white space it is pasted', () => {
    const claims = fc.dictionary(fc.string(), fc.jsonValue());
    const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t', '\uFEFF', '\u00A0') });
    fc.assert(
      fc.property(claims, fc.domain(), space, space, (jwtClaims, endpoint, before, after) => {
        const jwt = makeJwt(jwtClaims);
        const v1 = parse(before + makeV1Key(jwt, endpoint) + after);
        expect(v1.authToken.reveal()).toBe(jwt);
        expect(v1.endpoint).toBe(endpoint);
        expect(parse(before + jwt + after).authToken.reveal()).toBe(jwt);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['one word', 'changeme'],
    ['a sentence', 'the key is in the other account'],
    ['a key with a line break inside', makeV2Key().replace('.', '.\n')],
    ['a key with a letter outside ASCII', `${makeV2Key()}é`],
    ['two keys', `${makeV2Key()} ${makeV2Key()}`],
    ['a key that was cut', makeV1Key().slice(0, -20)],
    ['a JWT without its signature', makeV2Key().split('.').slice(0, 2).join('.')],
    ['a JWT whose claims are no object', `a.${Buffer.from('"text"').toString('base64url')}.c`],
    ['base64 of something else', Buffer.from('not a key, but quite secret').toString('base64')],
    ['base64 of a JSON array', wrapKey([makeJwt()])],
    ['base64 of JSON without a key', wrapKey({ endpoint: regionEndpoint })],
    ['base64 of JSON without an endpoint', wrapKey({ api_key: makeJwt() })],
    ['base64 of JSON with an empty key', wrapKey({ api_key: '', endpoint: regionEndpoint })],
    ['base64 of JSON with a key that is a number', wrapKey({ api_key: 1, endpoint: regionEndpoint })],
    // The SDK would send them as a header: every request then fails with an unhandled rejection that shows the key.
    ['a v1 key with a line break in the inner key', makeV1Key(makeJwt().replace('.', '.\n'))],
    ['a v1 key whose inner key ends in a line break', makeV1Key(`${makeJwt()}\n`)],
    ['a v1 key whose inner key is outside ASCII', makeV1Key(`${makeJwt()}é`)],
  ])('refuses %s, and shows none of it', (_what, text) => {
    const failure = failureOf(text);
    expect(failure).toMatchObject({ code: 'key-malformed', name: 'MomentoConfigurationError' });
    expect(sentences).toContain(failure?.message);
    expect(failure?.cause).toBeUndefined();
  });

  it('says one of three sentences, whatever it is given', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ minLength: 8 }),
      fc.base64String({ minLength: 8 }),
      fc.json().map((json) => Buffer.from(json).toString('base64')),
      fc.array(fc.base64String(), { minLength: 3, maxLength: 3 }).map((parts) => parts.join('.')),
      fc.record({ api_key: fc.jsonValue(), endpoint: fc.jsonValue() }).map(wrapKey),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const failure = failureOf(text);
        expect([undefined, ...sentences]).toContain(failure?.message);
      }),
      { numRuns: 2_000 },
    );
  });

  it('accepts an inner key exactly when it can be sent as a header', () => {
    const inner = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.string({
        unit: fc.integer({ min: 0x20, max: 0x7f }).map((code) => String.fromCharCode(code)),
        minLength: 1,
      }),
    );
    fc.assert(
      fc.property(inner, (key) => {
        expect(failureOf(makeV1Key(key)) === undefined).toBe(/^[\x21-\x7e]+$/.test(key));
      }),
    );
  });
});

describe('expiry', () => {
  it.each([
    [1_900_000_000, '2030-03-17T17:46:40.000Z'],
    ['1900000000', '2030-03-17T17:46:40.000Z'],
    [' 1900000000 ', '2030-03-17T17:46:40.000Z'],
    [1_900_000_000.5, '2030-03-17T17:46:40.500Z'],
  ])('reads %j as seconds since 1970', (validUntil, date) => {
    expect(expiry(validUntil)).toEqual({ expiresAt: new Date(date) });
  });

  it.each([0, '0', -1, '', ' ', 'never', null, undefined, true, {}, [1_900_000_000], Number.NaN, 1e300])(
    'takes %j for a key that does not end',
    (validUntil) => {
      expect(expiry(validUntil)).toEqual({});
    },
  );
});
