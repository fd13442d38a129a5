import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesCodec, jsonCodec, looseJsonCodec, stringCodec } from './momento.codecs.js';

const toBytes = (stored: string | Uint8Array) =>
  typeof stored === 'string' ? new TextEncoder().encode(stored) : stored;

describe('jsonCodec', () => {
  it('gives back every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(jsonCodec.decode(toBytes(jsonCodec.encode(value)))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    [undefined],
    [() => 1],
    [Symbol('s')],
    [10n],
    [Uint8Array.of(1)],
    [Buffer.from('x')],
    [new Float64Array(1)],
  ])('refuses what would not come back: %s', (value) => {
    expect(() => jsonCodec.encode(value)).toThrow(TypeError);
    expect(() => jsonCodec.encode({ users: [1, value, 1n] })).toThrow(/^value\.users\[1\] is /);
  });

  it('keeps what a toJSON() gives, and leaves out properties that are undefined', () => {
    const value = { at: new Date(0), none: undefined, own: { toJSON: () => [1] } };
    expect(jsonCodec.encode(value)).toBe('{"at":"1970-01-01T00:00:00.000Z","own":[1]}');
    expect(() => jsonCodec.encode({ toJSON: () => undefined })).toThrow(
      'the toJSON() of value gives undefined, which has no JSON form',
    );
  });

  it('refuses what contains itself', () => {
    const ring: unknown[] = [];
    ring.push({ ring });
    expect(() => jsonCodec.encode(ring)).toThrow('circular');
  });

  it.each([['not json'], ['{"a":'], ['']])('refuses to read %o', (text) => {
    expect(() => jsonCodec.decode(toBytes(text))).toThrow(SyntaxError);
  });
});

describe('looseJsonCodec', () => {
  it('takes what JSON.stringify takes, with the losses of that, and refuses what has no form at all', () => {
    class User {
      readonly id = 7;
    }
    expect(looseJsonCodec.encode([new User(), undefined, new Map([[1, 1]])])).toBe('[{"id":7},null,{}]');
    expect(looseJsonCodec.decode(toBytes('{"id":7}'))).toEqual({ id: 7 });
    for (const value of [undefined, () => 1, 1n])
      expect(() => looseJsonCodec.encode(value)).toThrow(TypeError);
  });
});

describe('stringCodec', () => {
  it('gives back every well-formed string', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(stringCodec.decode(toBytes(stringCodec.encode(text)))).toBe(text);
      }),
    );
  });

  it('keeps a byte order mark, and U+FFFD itself', () => {
    for (const text of ['\uFEFFtext', '\uFFFD', 'a\uFFFDb'])
      expect(stringCodec.decode(toBytes(stringCodec.encode(text)))).toBe(text);
  });

  it('refuses other values, and bytes that are no UTF-8', () => {
    expect(() => stringCodec.encode(5 as unknown as string)).toThrow('a string is needed, not number');
    expect(() => stringCodec.decode(Uint8Array.of(0xff, 0xfe))).toThrow(TypeError);
  });
});

describe('bytesCodec', () => {
  it('gives back the very bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(bytesCodec.decode(toBytes(bytesCodec.encode(bytes)))).toEqual(bytes);
      }),
    );
  });

  it('refuses other values', () => {
    expect(() => bytesCodec.encode('text' as unknown as Uint8Array)).toThrow(
      'a Uint8Array is needed, not string',
    );
  });
});
