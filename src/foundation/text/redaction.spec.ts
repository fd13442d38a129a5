import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Canary } from '../../../test/support/canary.js';
import { makeJwt, makeLegacyKey, makeV1Key, makeV2Key, regionEndpoint } from '../../../test/support/keys.js';
import { quoteName, redactKeys, showName, toLine } from './redaction.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const content = () => ({ endpoint: regionEndpoint, api_key: makeJwt() });
const wrapped = (text: string, width: number, lineBreak: string) =>
  text.replace(new RegExp(`.{${width}}(?!$)`, 'g'), `$&${lineBreak}`);

/** Makes a key a run, and what it may look like in a text. */
const forms: readonly (readonly [string, () => { key: string; shown: string }])[] = [
  ['a v1 key', plain(() => makeV1Key())],
  ['a legacy key', plain(() => makeLegacyKey())],
  ['a v2 key', plain(() => makeV2Key())],
  ['any JWT', plain(() => makeJwt())],
  ['a key of spaced JSON', plain(() => base64(`{ "endpoint": "a.test", "api_key": "${makeJwt()}" }`))],
  ['a key of printed JSON', plain(() => base64(JSON.stringify(content(), null, 2)))],
  ['a key of JSON printed with tabs', plain(() => base64(JSON.stringify(content(), null, '\t')))],
  ['a key of JSON with \\r\\n', plain(() => base64(`{\r\n"endpoint":"a.test","api_key":"${makeJwt()}"}`))],
  ['a key of JSON behind a space', plain(() => base64(` ${JSON.stringify(content())}`))],
  ['a key of JSON behind spaces', plain(() => base64(`   ${JSON.stringify(content())}`))],
  ['a key of JSON behind a line break', plain(() => base64(`\n${JSON.stringify(content(), null, 1)}\n`))],
  ['a key of JSON behind \\r\\n', plain(() => base64(`\r\n${JSON.stringify(content())}`))],
  ['a v1 key in base64url', plain(() => base64(JSON.stringify(content())).replace(/=+$/, ''))],
  ['a v1 key in 64 columns', lines(makeV1Key, 64, '\n')],
  ['a v1 key in 76 columns, \\r\\n', lines(makeV1Key, 76, '\r\n')],
  ['a v1 key in 20 columns', lines(makeV1Key, 20, '\n')],
  ['a v1 key in 64 columns, printed', lines(makeV1Key, 64, '\\n')],
  ['a v1 key in indented lines', lines(makeV1Key, 64, '\n    ')],
  ['a v2 key in 64 columns', lines(makeV2Key, 64, '\n')],
  ['a v2 key in 64 columns, printed with \\r\\n', lines(makeV2Key, 64, '\\r\\n')],
  ['a v1 key in a URL', () => encoded(makeV1Key())],
  ['a v2 key in a URL, encoded throughout', () => encoded(makeV2Key(), /[^A-Za-z0-9]/g)],
];

function plain(make: () => string) {
  return () => {
    const key = make();
    return { key, shown: key };
  };
}

function lines(make: () => string, width: number, lineBreak: string) {
  return () => {
    const key = make();
    return { key, shown: wrapped(key, width, lineBreak) };
  };
}

function encoded(key: string, characters = /[+/=]/g) {
  const percent = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return { key, shown: key.replace(characters, percent) };
}

/** Words, names and numbers as messages hold them. */
const ordinary = fc.array(
  fc.oneof(
    fc.stringMatching(/^[a-z]{1,30}$/),
    fc.stringMatching(/^[A-Z][a-z]{1,20}$/),
    fc.stringMatching(/^[a-z]{2,9}([A-Z][a-z]{2,9}){0,5}$/),
    fc.stringMatching(/^[A-Z]{2,10}(_[A-Z]{2,10}){0,5}$/),
    fc.stringMatching(/^[a-z]{1,12}([/:.-][a-z0-9]{1,12}){0,6}$/),
    fc.integer().map(String),
    fc.double().map(String),
    fc.uuid(),
    fc.ipV4(),
    fc.domain(),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.stringMatching(/^[0-9a-f]{64}$/),
    fc.constantFrom(
      "connect ECONNREFUSED 127.0.0.1:8080 for 'prod/momento-eyJ' in us-west-2",
      'arn:aws:secretsmanager:us-west-2:123456789012:secret:MyStackMomentoSecret4F8E2A1B-x7Yz9Q-AbCdEf',
      'surveyJobResults2024Production greyJacketsAndTrousers newkindofthings_are_here',
      'The bearer certificates are old. Authorization: denied by policy; the token: expired, the apiKey: missing',
      'https://example.com/path?page=2&sort=name mailto:someone@example.com 12 items (3 more)',
      '/usr/local/lib/node_modules/@nestjs/core/injector/Injector.js:12:34',
      '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      'sha512-of-nothing AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    ),
  ),
  { maxLength: 12 },
);

describe('redactKeys', () => {
  it.each(forms)('hides %s in any text', (_form, make) => {
    const { shown } = make();
    expect(redactKeys(`refused "${shown}", and '${shown}'. Done`)).toBe(
      `refused "[REDACTED]", and '[REDACTED]'. Done`,
    );
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.constantFrom(' ', '"', "'", '=', ':', '>'),
        (before, after, by) => {
          const made = make();
          expect(
            new Canary(made.key).findIn(redactKeys(`${before}${by}${made.shown}${by}${after}`)),
          ).toBeUndefined();
        },
      ),
    );
  });

  it.each(forms)('hides the first 24 characters of %s, as a parser quotes them', (_form, make) => {
    const { shown } = make();
    const cut = shown.slice(0, 24);
    if (cut.includes('\\') || cut.includes('\n')) return;
    expect(redactKeys(`Unexpected token, "${cut}"... is not valid JSON`)).toBe(
      `Unexpected token, "[REDACTED]"... is not valid JSON`,
    );
  });

  it('hides the signature of a JWT that stands alone', () => {
    for (const bytes of [32, 64, 256]) {
      const signature = randomBytes(bytes).toString('base64url');
      expect(redactKeys(`signature ${signature} is wrong`)).toBe('signature [REDACTED] is wrong');
    }
  });

  it.each([
    ['Authorization: Bearer hvs.CAESI-1', 'Authorization: Bearer [REDACTED]'],
    ['{"authorization":"abc123"}', '{"authorization":"[REDACTED]"}'],
    ['authorization=s3cret; next', 'authorization=[REDACTED]; next'],
    ['sent Bearer hvs.CAESI-1, refused', 'sent Bearer [REDACTED], refused'],
    ['X-Vault-Token: root', 'X-Vault-Token: [REDACTED]'],
    ["'x-api-key': 'abc'", "'x-api-key': '[REDACTED]'"],
    ['X-Aws-Parameters-Secrets-Token: session', 'X-Aws-Parameters-Secrets-Token: [REDACTED]'],
    ['redis://user:pa@ss@host:1/0 failed', 'redis://[REDACTED]@host:1/0 failed'],
    ['https://token@vault.test/v1?x=1#top', 'https://[REDACTED]@vault.test/v1?x=1#top'],
    [
      'GET /v1?access_token=abc&page=2&X-Amz-Signature=ff',
      'GET /v1?access_token=[REDACTED]&page=2&X-Amz-Signature=[REDACTED]',
    ],
    ['Unexpected token, "{"apiKey": "abc... is not', 'Unexpected token, "{"apiKey": "[REDACTED] is not'],
    [
      String.raw`"{\"authToken\":\"abc\",\"validUntil\":1}"`,
      String.raw`"{\"authToken\":\"[REDACTED]\",\"validUntil\":1}"`,
    ],
    ["{'api_key': 'abc', 'endpoint': 'a.test'}", "{'api_key': '[REDACTED]', 'endpoint': 'a.test'}"],
  ])('hides what is secret by its place: %s', (text, clean) => {
    expect(redactKeys(text)).toBe(clean);
  });

  it('leaves what is no key as it is', () => {
    fc.assert(
      fc.property(ordinary, fc.constantFrom(' ', '\n', ', ', ' "'), (words, by) => {
        const text = words.join(by);
        expect(redactKeys(text)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves the words round a key as they are', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z ]*$/), fc.stringMatching(/^[a-z ]*$/), (before, after) => {
        expect(redactKeys(`${before} ${makeV1Key()} ${after}`)).toBe(`${before} [REDACTED] ${after}`);
      }),
    );
    expect(redactKeys(`key ${makeV1Key()}\nDone, 3 left\nStopped`)).toBe(
      'key [REDACTED]\nDone, 3 left\nStopped',
    );
  });

  it.each([
    'a',
    'A',
    'eyJ',
    'eyA',
    'ewki',
    'ewog',
    'eyJ ',
    ' eyJ0',
    'IHsi',
    'a.',
    'a@',
    '://',
    'a://a',
    '?a=',
    '?tokentoken',
    '&',
    'x-',
    'x-token',
    'authorization ',
    'bearer  ',
    '"token"  ',
    '[REDACTED]\n',
    '\n',
    ' ',
    '\\n',
    '%2',
    '\u200b',
    'aB1-',
    `${'a'.repeat(42)} `,
    'QWxh',
  ])('takes less than 50 ms for a megabyte of %j', (unit) => {
    const long = unit.repeat(Math.ceil(2 ** 20 / unit.length));
    const timeOf = (show: (text: string) => string) => {
      const start = performance.now();
      show(long);
      return performance.now() - start;
    };
    // The best of some: another process may have the core meanwhile.
    for (const show of [redactKeys, toLine, quoteName])
      expect(Math.min(...Array.from({ length: 5 }, () => timeOf(show)))).toBeLessThan(50);
  });

  it('leaves no part of a key at the end of what it looks at', () => {
    for (let length = 16_300; length <= 16_400; length += 7) {
      const key = makeV2Key();
      expect(new Canary(key).findIn(redactKeys(`${' '.repeat(length)}${key}`))).toBeUndefined();
    }
  });
});

describe('quoteName', () => {
  it('quotes a name, unless it is a key', () => {
    expect(quoteName('prod/momento')).toBe("'prod/momento'");
    expect(quoteName(makeV1Key())).toBe("'[REDACTED]'");
    expect(quoteName('ключ 鍵 🔑')).toBe("'ключ 鍵 🔑'");
  });

  it.each([
    ['a\nb\r\tc', String.raw`'a\nb\r\tc'`],
    ['\u001b[31mred\u0007', String.raw`'\u001b[31mred\u0007'`],
    ['a\u202eb\u2066c', String.raw`'a\u202eb\u2066c'`],
    ['a\ud800b', String.raw`'a\ud800b'`],
    ['a\u200bb\ufeffc\u00add', String.raw`'a\u200bb\ufeffc\u00add'`],
    ['a\u2028b\u2029c\u0085d', String.raw`'a\u2028b\u2029c\u0085d'`],
    ['a\u{e0041}b', String.raw`'a\u{e0041}b'`],
    ['a\u00a0b\u3000c', String.raw`'a\u00a0b\u3000c'`],
    [String.raw`it's a \n`, String.raw`'it\'s a \\n'`],
  ])('escapes %j', (name, shown) => {
    expect(quoteName(name)).toBe(shown);
  });

  it('cuts at about a hundred characters, and cuts no character in two', () => {
    expect(quoteName('a'.repeat(100))).toBe(`'${'a'.repeat(100)}'`);
    expect(quoteName('a'.repeat(101))).toBe(`'${'a'.repeat(100)}…'`);
    expect(quoteName(`a${'🔑'.repeat(100)}`)).toBe(`'a${'🔑'.repeat(49)}…'`);
    expect(quoteName('\u0000'.repeat(1_000))).toBe(`'${String.raw`\u0000`.repeat(16)}…'`);
  });

  it.each(forms)('keeps any name with %s in it to one clean line', (_form, make) => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (before, after) => {
        const { key, shown } = make();
        const quoted = quoteName(`${before}${shown}${after}`);
        expect(quoted).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(quoted.length).toBeLessThanOrEqual(110);
        expect(new Canary(key).findIn(quoted)).toBeUndefined();
      }),
    );
  });

  it('finds a key in which characters stand that are not seen', () => {
    const key = makeV2Key();
    for (const between of ['\u200b', '\u00ad', '\n', '\u0000']) {
      expect(quoteName(key.split('').join(between))).toBe("'[REDACTED]'");
      expect(quoteName(`${key.slice(0, 30)}${between}${key.slice(30)}`)).toBe("'[REDACTED]'");
    }
  });
});

describe('showName', () => {
  it('names the kind of what is no text', () => {
    expect([undefined, 7, Symbol('a'), { toString: () => 'a' }].map(showName)).toEqual([
      'undefined',
      'number',
      'symbol',
      'object',
    ]);
  });

  it('is the same without quotes', () => {
    expect(showName('us-west-2\n')).toBe(String.raw`us-west-2\n`);
  });
});

describe('toLine', () => {
  it('makes one line of several, and keeps quotes', () => {
    expect(toLine(` it's "so":\n  - first\r\n\r\n  - second \u001b[31m\n`)).toBe(
      String.raw`it's "so": - first - second \u001b[31m`,
    );
    expect(toLine('a'.repeat(3_000))).toBe(`${'a'.repeat(2_000)}…`);
  });
});
