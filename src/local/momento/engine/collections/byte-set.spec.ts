import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteSet } from './byte-set.js';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const text = (value: Uint8Array) => Buffer.from(value).toString();

const anyElement = fc.constantFrom('', 'a', 'b', 'cc', 'ddd');
const anyElements = fc.array(anyElement, { maxLength: 4 });
/** Changes both, and answers what they say of it, which should be the same. */
type Change = (set: ByteSet, model: Set<string>) => [unknown, unknown];

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  anyElements.map((elements): Change => (set, model) => {
    elements.forEach((element) => model.add(element));
    return [set.add(elements.map(bytes)), undefined];
  }),
  anyElement.map((element): Change => (set, model) => {
    model.delete(element);
    return [set.delete(bytes(element)), undefined];
  }),
  fc.nat({ max: 3 }).map((count): Change => (set, model) => {
    const poppable = Math.min(count, model.size);
    const ownPopped = set.pop(count).filter((element) => model.delete(text(element)));
    return [ownPopped.length, poppable];
  }),
);

describe('ByteSet', () => {
  it('behaves as a set, whatever is done in whatever order', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 40 }), anyElement, (changes, element) => {
        const set = new ByteSet();
        const model = new Set<string>();
        for (const change of changes) {
          const [said, expected] = change(set, model);
          expect(said).toBe(expected);
        }

        expect(new Set(set.elements.map(text))).toEqual(model);
        expect(set.has(bytes(element))).toBe(model.has(element));
        expect([set.size, set.byteLength]).toEqual([model.size, [...model].join('').length]);
      }),
    );
  });

  it('samples different elements of its own, as many as it has, and keeps them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 20 }), fc.nat({ max: 30 }), (elements, limit) => {
        const set = new ByteSet();
        set.add(elements.map(bytes));
        const sampled = set.sample(limit);

        expect(new Set(sampled.map(text)).size).toBe(Math.min(limit, set.size));
        expect(sampled.every((element) => set.has(element))).toBe(true);
        expect(set.size).toBe(new Set(elements.map((element) => text(bytes(element)))).size);
      }),
    );
  });

  it('samples each element sooner or later', () => {
    const set = new ByteSet();
    set.add(['a', 'b', 'c'].map(bytes));
    const seen = new Set(Array.from({ length: 500 }, () => set.sample(1).map(text).join('')));

    expect(seen).toEqual(new Set(['a', 'b', 'c']));
  });

  it('refuses an element of more than 128 KiB, and adds none of the others', () => {
    const set = new ByteSet();

    expect(() => set.add([bytes('a'), new Uint8Array(128 * 1024 + 1)])).toThrow('element size');
    expect(set.size).toBe(0);
  });
});
