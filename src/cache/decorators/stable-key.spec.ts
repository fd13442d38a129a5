import fc from 'fast-check';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { stableKey } from './stable-key.js';

const shuffled = <T>(items: readonly T[]) => items.toReversed();

describe('stableKey', () => {
  it('is 22 characters that stay the same between releases: keys are shared by processes', () => {
    expect(stableKey({ b: [1, 'x', null], a: new Date(0) })).toBe(
      stableKey({ a: new Date(0), b: [1, 'x', null] }),
    );
    expect(stableKey('golden')).toBe('oNOMh2F1Ft1xlT5mGTxW-A');
  });

  it('does not depend on the order of properties, maps and sets, but on that of arrays', () => {
    const entries = [
      ['a', 1],
      ['b', { c: 2, d: 3 }],
    ] as const;
    for (const make of [
      Object.fromEntries,
      (all: typeof entries) => new Map<string, unknown>(all),
      (all: typeof entries) => new Set<unknown>(all),
    ])
      expect(stableKey(make(entries as never))).toBe(stableKey(make(shuffled(entries) as never)));
    expect(stableKey([1, 2])).not.toBe(stableKey([2, 1]));
    expect(stableKey({ a: 1, b: undefined })).toBe(stableKey({ a: 1 }));
  });

  it('differs for whatever is not the same', () => {
    const values = [
      null,
      undefined,
      true,
      false,
      0,
      1,
      1n,
      '',
      '1',
      'null',
      NaN,
      Infinity,
      [],
      [[]],
      [undefined],
      [null],
      {},
      { a: 1 },
      { a: '1' },
      { a: { b: 1 } },
      new Map(),
      new Map([['a', 1]]),
      new Set(),
      new Set(['a']),
      ['a'],
      new Date(1),
      new URL('http://a/'),
      'http://a/',
      new Uint8Array([1]),
      new Uint8Array(),
      ['a', 'b'],
      ['ab'],
      ['a,b'],
      { ab: 'c' },
      { a: 'bc' },
      '\ud800',
      '\udfff',
      '\ufffd',
      // With a hole at its beginning, and at its end: a hole is an `undefined`.
      Array.from({ length: 2, 1: 1 }),
      Object.assign([1], { length: 2 }),
    ];
    expect(new Set(values.map(stableKey)).size).toBe(values.length);
  });

  it('is equal for two JSON values exactly when they are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(stableKey(reversed(one))).toBe(stableKey(one));
        const text = (value: unknown) => JSON.stringify(sortedForm(value));
        expect(stableKey(one) === stableKey(other)).toBe(text(one) === text(other));
      }),
    );
  });

  it.each([
    ['a function', () => 1, 'cannot make a key of a function'],
    ['a symbol', Symbol('s'), 'cannot make a key of a symbol'],
    ['an instance', new (class User {})(), 'an instance of a class'],
  ])('refuses %s', (_what, value, message) => {
    expect(() => stableKey({ value })).toThrow(message);
  });

  it('takes values of another realm, as a test in Jest has them, for what they are', () => {
    const other = runInNewContext(
      '({ list: [1], map: new Map([["a", 1]]), set: new Set([1]), date: new Date(1), bytes: new Uint8Array([1]), of: {} })',
    ) as unknown;
    const own = {
      of: {},
      bytes: new Uint8Array([1]),
      date: new Date(1),
      set: new Set([1]),
      map: new Map([['a', 1]]),
    };
    expect(stableKey(other)).toBe(stableKey({ ...own, list: [1] }));
  });

  it('refuses what is deeper than a thousand, which a request may have brought', () => {
    const deep = (levels: number) => {
      let value: unknown = 1;
      for (let level = 0; level < levels; level += 1) value = [value];
      return value;
    };
    expect(() => stableKey(deep(1_000))).not.toThrow();
    for (const levels of [1_001, 100_000])
      expect(() => stableKey(deep(levels))).toThrow(
        'stableKey cannot make a key of a value that is deeper than 1,000.',
      );
  });

  it('refuses what contains itself, not what is there twice', () => {
    const one: Record<string, unknown> = { a: 1 };
    expect(() => stableKey([one, one])).not.toThrow();
    one['self'] = { one };
    expect(() => stableKey(one)).toThrow('contains itself');
  });
});

/** The same value, with its properties the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, property]) => [name, reversed(property)]),
  );
}

function sortedForm(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedForm);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, property]) => ({ [`p${name}`]: sortedForm(property) }))
    .concat([{ object: true }]);
}
