import fc from 'fast-check';
import { Keyv } from 'keyv';
import { describe, expect, it } from 'vitest';
import { isOver, isWrittenTwice } from './keyv-text.js';

const now = 1_800_000_000_000;
const keyv = new Keyv();
const written = (value: unknown, expires?: number) => keyv.serialize?.({ value, expires }) as string;
const values = fc.jsonValue();
const times = fc.integer({ min: 1, max: 2 * now });

describe('the time in a text of Keyv', () => {
  it('is found, whatever the value', () => {
    fc.assert(
      fc.property(values, times, (value, expires) => {
        expect(isOver(written(value, expires), now)).toBe(now > expires);
        expect(isOver(written(value), now)).toBe(false);
      }),
    );
  });

  it('is not that of a value that looks like one', () => {
    expect(isOver(written({ expires: 1 }), now)).toBe(false);
    expect(isOver(written('{"expires":1}'), now)).toBe(false);
    expect(isOver(written(undefined, 1), now)).toBe(true);
  });

  it('is not in the text of another serializer', () => {
    fc.assert(fc.property(fc.string(), (text) => !isOver(text, now)));
  });
});

describe('a text that two Keyvs have written', () => {
  const ttl = fc.option(times, { nil: undefined });

  it('is told, with a time and without, of both or one', () => {
    fc.assert(
      fc.property(values, ttl, ttl, (value, inner, outer) =>
        isWrittenTwice(written(written(value, inner), outer)),
      ),
    );
  });

  it('is not one with another JSON text as its value, or with none', () => {
    fc.assert(
      fc.property(values, ttl, (value, expires) => {
        for (const text of [value, JSON.stringify(value), JSON.stringify({ value, next: 1 })])
          expect(isWrittenTwice(written(text, expires))).toBe(false);
      }),
    );
    expect(isWrittenTwice('{"value":"{\\"value\\":')).toBe(false);
    expect(isWrittenTwice(written('{"value":'))).toBe(false);
    expect(isWrittenTwice(written('{"value":1,"expires":"soon"}'))).toBe(false);
  });
});
