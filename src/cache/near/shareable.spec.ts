import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { handOut, shareable } from './shareable.js';

function handedOut(value: unknown): unknown {
  const made = shareable(value);
  if (made === undefined) throw new Error('it cannot be shared');
  return handOut(made);
}

const isDeeplyFrozen = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));

class Money {
  constructor(readonly cents: number) {}
}

describe('a shared value', () => {
  it('is what was given, one object for all, frozen to its depths, whatever JSON it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const before = structuredClone(value);
        const made = shareable(value);
        expect(made).toEqual({ value: before, isCopied: false });
        expect(handedOut(value)).toBe(value);
        expect(isDeeplyFrozen(value)).toBe(true);
      }),
    );
  });

  it('may be nested deeper than the stack', () => {
    let deep: unknown = 'end';
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(Object.isFrozen(handedOut(deep))).toBe(true);
  });

  it('may hold itself', () => {
    const value: Record<string, unknown> = {};
    value['self'] = value;
    expect(handedOut(value)).toBe(value);
  });

  it('may be of a class', () => {
    const money = handedOut(new Money(7));
    expect(money).toBeInstanceOf(Money);
    expect(Object.isFrozen(money)).toBe(true);
  });
});

describe('a value that freezing does not keep as it is', () => {
  const mutable: readonly (readonly [string, () => unknown, (value: never) => void])[] = [
    ['bytes', () => Uint8Array.of(1, 2), (value: Uint8Array) => value.fill(9)],
    ['a Buffer', () => Buffer.from('text'), (value: Buffer) => value.fill(9)],
    ['a date', () => new Date(7), (value: Date) => value.setTime(0)],
    [
      'a map',
      () => new Map([['key', { inner: 1 }]]),
      (value: Map<string, { inner: number }>) => {
        value.set('other', { inner: 2 });
        (value.get('key') as { inner: number }).inner = 9;
      },
    ],
    ['a set', () => new Set([1]), (value: Set<number>) => value.add(2)],
    [
      'a date in an object',
      () => ({ at: [new Date(7)] }),
      (value: { at: Date[] }) => value.at[0]?.setTime(0),
    ],
  ];

  it.each(mutable)('is a copy for each caller: %s', (_what, make, change) => {
    const made = shareable(make());
    if (made === undefined) throw new Error('it cannot be shared');
    const first = handOut(made);
    change(first as never);
    expect(handOut(made)).toEqual(make());
    expect(Object.getPrototypeOf(handOut(made))).toBe(Object.getPrototypeOf(make()));
  });

  it('does not take the buffer along that bytes are a part of', () => {
    const view = new Uint8Array(new ArrayBuffer(1_000_000), 10, 3);
    expect((handedOut(view) as Uint8Array).buffer.byteLength).toBeLessThan(1_000);
  });

  it.each([
    ['a date beside an instance of a class', { at: new Date(), price: new Money(7) }],
    ['a function', () => undefined],
  ])('is not shared: %s', (_what, value) => {
    expect(shareable(value)).toBeUndefined();
  });
});
