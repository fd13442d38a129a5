import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesOf, bytesOfItem, bytesOfKey } from './batch-size.js';

const megabyte = 1024 * 1024;
const itself = (bytes: number) => bytes;
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

describe('batches', () => {
  it('hold 100 items or 1 MB at most, in order, and no batch could take the first item of the next', () => {
    const size = fc.oneof(
      fc.nat({ max: 10 }),
      fc.nat({ max: 2 * megabyte }),
      fc.constantFrom(0, megabyte / 2, megabyte - 1, megabyte, megabyte + 1),
    );
    fc.assert(
      fc.property(fc.array(size, { maxLength: 350, size: 'max' }), (sizes) => {
        const batches = batchesOf(sizes, itself);
        expect(batches.flat()).toEqual(sizes);
        for (const [index, batch] of batches.entries()) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(100);
          expect(batch.length === 1 || sum(batch) <= megabyte).toBe(true);
          const [next = Infinity] = batches[index + 1] ?? [];
          expect(batch.length === 100 || sum(batch) + next > megabyte).toBe(true);
        }
      }),
    );
  });

  it('are filled to their limits', () => {
    expect(batchesOf([megabyte - 1, 1, 0], itself)).toHaveLength(1);
    expect(batchesOf(Array<number>(1_000).fill(1), itself).map(({ length }) => length)).toEqual(
      Array<number>(10).fill(100),
    );
  });

  it('have an item that is too large alone, before and after others', () => {
    expect(batchesOf([1, 3 * megabyte, 2], itself)).toEqual([[1], [3 * megabyte], [2]]);
  });

  it('are none of nothing', () => {
    expect(batchesOf([], itself)).toEqual([]);
  });

  it('count bytes, not characters', () => {
    expect(bytesOfKey('schlüssel🔑')).toBe(14);
    expect(bytesOfItem({ key: 'ü', value: '🔑' })).toBe(6);
    expect(bytesOfItem({ key: 'ü', value: new Uint8Array(3) })).toBe(5);
  });
});
