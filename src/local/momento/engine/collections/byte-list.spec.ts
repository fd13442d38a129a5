import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteList, type ListRange } from './byte-list.js';
import type { Slice } from './slice.js';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const text = (value: Uint8Array) => Buffer.from(value).toString();

interface Model {
  readonly values: string[];
}

/** One change, done to the list and to an array; both answer what they have to say of it. */
interface Change {
  readonly toList: (list: ByteList) => string | void;
  readonly toModel: (model: { values: string[] }) => string | void;
}

const anyText = fc.constantFrom('', 'a', 'b', 'ccc');
const anyTexts = fc.array(anyText, { maxLength: 4 });
const anySize = fc.nat({ max: 5 });
const anyIndex = fc.option(fc.integer({ min: -7, max: 7 }), { nil: undefined });
const anySlice: fc.Arbitrary<Slice> = fc.record({ start: anyIndex, end: anyIndex });
const anyRange: fc.Arbitrary<ListRange> = fc.record({ beginIndex: anySize, count: anySize });

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(anyTexts, anySize).map(([texts, size]) => ({
    toList: (list: ByteList) => list.concatenateFront(texts.map(bytes), size),
    toModel: (model: Model) => {
      model.values.unshift(...texts);
      model.values.splice(size === 0 ? Infinity : size);
    },
  })),
  fc.tuple(anyTexts, anySize).map(([texts, size]) => ({
    toList: (list: ByteList) => list.concatenateBack(texts.map(bytes), size),
    toModel: (model: Model) => {
      model.values.push(...texts);
      model.values.splice(0, size === 0 ? 0 : Math.max(0, model.values.length - size));
    },
  })),
  fc.constant({
    toList: (list: ByteList) => text(list.popFront()),
    toModel: (model: Model) => model.values.shift() ?? '',
  }),
  fc.constant({
    toList: (list: ByteList) => text(list.popBack()),
    toModel: (model: Model) => model.values.pop() ?? '',
  }),
  anyText.map((removed) => ({
    toList: (list: ByteList) => list.remove(bytes(removed)),
    toModel: (model: { values: string[] }) => {
      model.values = model.values.filter((value) => value !== removed);
    },
  })),
  anySlice.map((slice) => ({
    toList: (list: ByteList) => list.retain(slice),
    toModel: (model: { values: string[] }) => {
      model.values = model.values.slice(slice.start, slice.end);
    },
  })),
  fc.array(anyRange, { maxLength: 2 }).map((ranges) => ({
    toList: (list: ByteList) => list.erase(ranges),
    toModel: (model: { values: string[] }) => {
      const erased = new Set(
        ranges.flatMap(({ beginIndex, count }) =>
          Array.from({ length: count }, (_, step) => beginIndex + step),
        ),
      );
      model.values = model.values.filter((_value, index) => !erased.has(index));
    },
  })),
);

describe('ByteList', () => {
  it('behaves as an array, whatever is done in whatever order', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 40 }), anySlice, (changes, slice) => {
        const list = new ByteList();
        const model = { values: [] as string[] };
        for (const { toList, toModel } of changes) {
          expect(toList(list)).toBe(toModel(model));
          expect(list.slice({ start: undefined, end: undefined }).map(text)).toEqual(model.values);
        }
        expect(list.slice(slice).map(text)).toEqual(model.values.slice(slice.start, slice.end));
        expect([list.size, list.byteLength]).toEqual([model.values.length, model.values.join('').length]);
      }),
    );
  });

  it.each(['concatenateFront', 'concatenateBack'] as const)(
    'refuses an element of more than 128 KiB and keeps what it had: %s',
    (concatenate) => {
      const list = new ByteList();
      list[concatenate]([new Uint8Array(128 * 1024)], 0);

      expect(() => list[concatenate]([bytes('a'), new Uint8Array(128 * 1024 + 1)], 0)).toThrow(
        'element size',
      );
      expect(list.size).toBe(1);
    },
  );
});
