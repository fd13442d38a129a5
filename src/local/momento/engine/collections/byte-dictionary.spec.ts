import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteDictionary } from './byte-dictionary.js';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const text = (value: Uint8Array | undefined) => value && Buffer.from(value).toString();

const anyField = fc.constantFrom('', 'a', 'b', 'long field');
const anyValue = fc.constantFrom('', '5', '-17', 'text');
/** Changes both, and answers what they say of it, which should be the same. */
type Change = (dictionary: ByteDictionary, model: Map<string, string>) => [unknown, unknown];

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.array(fc.tuple(anyField, anyValue), { maxLength: 3 }).map((entries): Change => (dictionary, model) => {
    entries.forEach(([field, value]) => model.set(field, value));
    return [
      dictionary.set(entries.map(([field, value]) => ({ field: bytes(field), value: bytes(value) }))),
      undefined,
    ];
  }),
  anyField.map((field): Change => (dictionary, model) => {
    model.delete(field);
    return [dictionary.delete(bytes(field)), undefined];
  }),
  fc
    .tuple(anyField, fc.integer({ min: -9, max: 9 }))
    .map(([field, amount]): Change => (dictionary, model) => {
      const increment = () => dictionary.increment(bytes(field), amount);
      const sum = Number(model.get(field) || (model.has(field) ? NaN : 0)) + amount;
      if (Number.isNaN(sum)) {
        return [messageOf(increment), 'The value is not an integer'];
      }
      model.set(field, String(sum));
      return [increment(), sum];
    }),
);

function messageOf(refused: () => unknown): string {
  try {
    return `answered ${String(refused())}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('ByteDictionary', () => {
  it('behaves as a map, whatever is done in whatever order', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 40 }), anyField, (changes, field) => {
        const dictionary = new ByteDictionary();
        const model = new Map<string, string>();
        for (const change of changes) {
          const [said, expected] = change(dictionary, model);
          expect(said).toBe(expected);
        }
        const entries = dictionary.entries.map((entry) => [text(entry.field), text(entry.value)]);

        expect(entries).toEqual([...model]);
        expect(text(dictionary.get(bytes(field)))).toBe(model.get(field));
        expect(dictionary.size).toBe(model.size);
        expect(dictionary.byteLength).toBe([...model].flat().join('').length);
      }),
    );
  });

  it('refuses a field and a value of more than 128 KiB together, and sets none of the others', () => {
    const dictionary = new ByteDictionary();
    const field = bytes('f');
    const largest = new Uint8Array(128 * 1024 - 1);
    dictionary.set([{ field, value: largest }]);

    const tooLarge = { field, value: new Uint8Array(128 * 1024) };
    expect(() => dictionary.set([{ field: bytes('other'), value: field }, tooLarge])).toThrow('element size');
    expect([dictionary.size, dictionary.byteLength]).toEqual([1, 128 * 1024]);
  });
});
