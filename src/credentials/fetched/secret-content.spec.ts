import { describe, expect, it } from 'vitest';
import {
  makeJwt,
  makeLegacyKey,
  makeV1Key,
  makeV2Key,
  randomText,
  regionEndpoint,
} from '../../../test/support/keys.js';
import type { FetchedSecret } from './credential-source.js';
import { Secret } from '../key/secret.js';
import { parseSecretContent } from './secret-content.js';

const jwt = makeJwt();
const v1 = makeV1Key(jwt);
const v2 = makeV2Key();
const legacy = makeLegacyKey();
const epoch = 1_900_000_000;
const expiresAt = new Date(epoch * 1000);
const elsewhere = 'cell-9-test-1-1.example.com';

const json = JSON.stringify;
const bytes = (text: string) => new TextEncoder().encode(text);

/** What is found in the content, with the key in clear. */
function read(content: FetchedSecret['content'], options: Partial<FetchedSecret> = {}) {
  const { authToken, ...rest } = parseSecretContent({ content, ...options }, "secret 'momento'");
  return { sent: authToken.reveal(), ...rest };
}

describe('parseSecretContent', () => {
  it.each<[string, FetchedSecret['content']]>([
    ['plaintext', v1],
    ['plaintext with a line break at its end', `${v1}\r\n`],
    ['plaintext with a byte order mark', `\uFEFF${v1}`],
    ['quoted plaintext', json(v1)],
    ['quoted plaintext with white space inside', json(` ${v1}\n`)],
    ['bytes', bytes(v1)],
    ['bytes with a byte order mark', bytes(`\uFEFF${v1}\n`)],
    ['a Buffer', Buffer.from(v1)],
    ['a Secret', new Secret(v1)],
    ['JSON with apiKey', json({ apiKey: v1 })],
    ['JSON with authToken', json({ authToken: v1 })],
    ['JSON with api_key', json({ api_key: v1 })],
    ['JSON with a line break in the field', json({ apiKey: `${v1}\n` })],
    ['JSON with the first names empty', json({ apiKey: '', authToken: ' ', api_key: v1 })],
    ['indented JSON in bytes', bytes(json({ apiKey: v1 }, null, 2))],
    ['JSON with much else', json({ team: 'a', apiKey: v1, refreshToken: randomText(), endpoint: '' })],
    ['JSON with endpoint null', json({ apiKey: v1, endpoint: null, validUntil: null })],
  ])('reads a key in %s', (_what, content) => {
    expect(read(content)).toEqual({ sent: jwt, endpoint: regionEndpoint });
  });

  it.each<[string, string, object]>([
    [
      'the console’s download',
      json({ apiKey: v1, refreshToken: randomText(), validUntil: epoch }),
      { sent: jwt, endpoint: regionEndpoint, expiresAt },
    ],
    [
      'what Momento’s key-refresh Lambda writes',
      json({ authToken: v1, refreshToken: randomText(), validUntil: String(epoch) }),
      { sent: jwt, endpoint: regionEndpoint, expiresAt },
    ],
    [
      'the HTTP API’s download, the inner part of a v1 key',
      json({ api_key: jwt, endpoint: regionEndpoint }),
      { sent: jwt, endpoint: regionEndpoint },
    ],
    [
      'a v2 key with its endpoint',
      json({ apiKey: v2, endpoint: regionEndpoint }),
      { sent: v2, endpoint: regionEndpoint },
    ],
    [
      'a v2 key with an endpoint that was pasted with white space',
      json({ apiKey: v2, endpoint: ` ${regionEndpoint}\n` }),
      { sent: v2, endpoint: regionEndpoint },
    ],
    ['a key that does not end', json({ apiKey: v1, validUntil: 0 }), { sent: jwt, endpoint: regionEndpoint }],
    [
      'a legacy key',
      legacy,
      {
        sent: legacy,
        endpoint: {
          controlEndpoint: 'control.example.com',
          cacheEndpoint: 'cache.example.com',
          tokenEndpoint: 'cache.example.com',
        },
      },
    ],
  ])('reads %s', (_what, content, expected) => {
    expect(read(content)).toEqual(expected);
  });

  it('reads the field it is told, although others look like keys', () => {
    expect(read(json({ apiKey: v2, cache: v1 }), { field: 'cache' }).sent).toBe(jwt);
  });

  it('prefers the endpoint beside a key to the one inside, and both to the source’s', () => {
    const source = { endpoint: 'source.example.com' };
    expect(read(json({ apiKey: v1, endpoint: elsewhere }), source).endpoint).toBe(elsewhere);
    expect(read(v1, source).endpoint).toBe(regionEndpoint);
    expect(read(v2, source).endpoint).toBe('source.example.com');
    expect(read(v2).endpoint).toBeUndefined();
  });

  it('prefers validUntil to the end that the key itself claims', () => {
    const key = makeV1Key(makeJwt({ exp: 1_800_000_000 }));
    expect(read(json({ apiKey: key, validUntil: epoch })).expiresAt).toEqual(expiresAt);
    expect(read(json({ apiKey: key, validUntil: 'soon' })).expiresAt).toEqual(new Date(1_800_000_000_000));
  });

  it.each<[string, FetchedSecret['content']]>([
    ['an empty text', ''],
    ['white space', ' \r\n\t'],
    ['a byte order mark alone', '\uFEFF'],
    ['no bytes', new Uint8Array()],
    ['an empty Secret', new Secret('')],
  ])('says of %s that it is empty', (_what, content) => {
    expect(() => read(content)).toThrow(
      expect.objectContaining({
        code: 'secret-empty',
        message: "The value of secret 'momento' is empty. Store a Momento key in it, in plaintext.",
      }),
    );
  });

  it.each<[string, string, string | undefined, string]>([
    ['no known field', json({ key: v1, token: v1 }), undefined, "'key', 'token'"],
    ['no field at all', '{}', undefined, '(none)'],
    ['a known field that is empty', json({ apiKey: ' ' }), undefined, "'apiKey'"],
    ['a known field that is no text', json({ apiKey: { v1 } }), undefined, "'apiKey'"],
    ['not the field that is asked for', json({ apiKey: v1 }), 'cache', "'apiKey'"],
    ['the field that is asked for as a number', json({ cache: 42 }), 'cache', "'cache'"],
    ['no JSON, although a field is asked for', v1, 'cache', 'not a JSON object'],
    ['a JSON array, although a field is asked for', json([v1]), 'cache', 'not a JSON object'],
    ['the key as the name of a field', json({ [v1]: '', [jwt]: true }), undefined, '(another), (another)'],
    ['an inherited name', json({ apiKey: '' }), 'constructor', "'apiKey'"],
  ])('says what there is when the JSON has %s', (_what, content, field, found) => {
    expect(() => read(content, field === undefined ? {} : { field })).toThrow(
      expect.objectContaining({
        code: 'secret-field-missing',
        message: expect.stringContaining(`${field ?? "apiKey', 'authToken', 'api_key"}': `),
        advice: expect.stringContaining('the option field'),
      }),
    );
    expect(() => read(content, field === undefined ? {} : { field })).toThrow(found);
  });

  it.each([
    ['a JSON array', json([v1])],
    ['JSON that is cut', json({ apiKey: v1 }).slice(0, -1)],
    ['UTF-16', Buffer.from(`\uFEFF${v1}`, 'utf16le')],
    ['bytes that are no text', new Uint8Array([0xc3, 0x28, 0xff, 0xfe])],
    ['a field that is no key', json({ apiKey: 'changeme' })],
  ])('says of %s that it is not a key', (_what, content) => {
    expect(() => read(content)).toThrow(
      expect.objectContaining({
        code: 'key-malformed',
        message: expect.stringMatching(
          /^The value of secret 'momento' is not a Momento key: it (has|is) [\w ,]+\. Store/,
        ),
      }),
    );
  });
});
