import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteBudget } from '../byte-budget.js';
import { writeCollection } from './collection-store.js';
import { ByteSet } from '../collections/byte-set.js';
import { ItemStore } from './item-store.js';
import { getScalar, incrementScalar, setScalar } from './scalars.js';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const set = (store: ItemStore, key: string, value: string, ttlMilliseconds = 1000) =>
  setScalar(store, bytes(key), bytes(value), ttlMilliseconds);
const has = (store: ItemStore, key: string) => getScalar(store, bytes(key)) !== undefined;

describe('ItemStore, memory', () => {
  it('counts the bytes of what it holds, however it changes', () => {
    const store = new ItemStore(() => 0);
    set(store, 'key', 'value');
    expect(store.heldBytes).toBe(8);
    set(store, 'key', 'v');
    expect(store.heldBytes).toBe(4);
    incrementScalar(store, bytes('n'), 99, 10);
    incrementScalar(store, bytes('n'), 1, 10);
    expect(store.heldBytes).toBe(4 + 4);
    const ttl = { ttlMilliseconds: 10, refresh: true };
    writeCollection(store, bytes('s'), ByteSet, ttl, (elements) => elements.add([bytes('ab')]));
    writeCollection(store, bytes('s'), ByteSet, ttl, (elements) => elements.add([bytes('ab'), bytes('c')]));
    expect(store.heldBytes).toBe(8 + 4);
    store.delete(bytes('n'));
    store.delete(bytes('none'));
    expect(store.heldBytes).toBe(8);
    store.clear();
    expect(store.heldBytes).toBe(0);
  });

  it('lets the least recently used items go when they are too many, and never holds more', () => {
    const anyKey = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const anyStep = fc.record({ key: anyKey, valueBytes: fc.option(fc.nat({ max: 9 }), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
        const store = new ItemStore(() => 0, new ByteBudget(20));
        let model: { key: string; sizeBytes: number }[] = [];
        for (const { key, valueBytes } of steps) {
          const held = model.find((item) => item.key === key);
          const sizeBytes = valueBytes === undefined ? held?.sizeBytes : valueBytes + 1;
          expect(valueBytes === undefined && has(store, key)).toBe(
            valueBytes === undefined && held !== undefined,
          );
          if (valueBytes !== undefined) {
            set(store, key, 'x'.repeat(valueBytes));
          }
          model = model.filter((item) => item.key !== key);
          model.push(...(sizeBytes === undefined ? [] : [{ key, sizeBytes }]));
          while (model.reduce((sum, item) => sum + item.sizeBytes, 0) > 20) model.shift();
          expect(store.heldBytes).toBe(model.reduce((sum, item) => sum + item.sizeBytes, 0));
        }
        expect(['a', 'b', 'c', 'd', 'e'].filter((key) => has(store, key))).toEqual(
          model.map(({ key }) => key).toSorted(),
        );
      }),
    );
  });

  it('counts what had to go', () => {
    const store = new ItemStore(() => 0, new ByteBudget(4));
    ['a', 'b', 'c'].forEach((key) => set(store, key, '1'));
    set(store, 'd', 'larger than all that is allowed');

    expect([store.evictedCount, store.heldCount, store.heldBytes]).toEqual([4, 0, 0]);
  });

  it('frees expired items that nobody reads or writes, round and round', () => {
    let nowMs = 0;
    const store = new ItemStore(() => nowMs);
    for (let index = 0; index < 100; index += 1) {
      set(store, `${index}`, 'x', index < 50 ? 10 : 1000);
    }
    nowMs = 10;
    for (let round = 0; round < 12; round += 1) {
      store.sweep(10);
    }
    expect(store.heldCount).toBe(50);
  });

  it('frees expired items although others are read all the time', () => {
    let nowMs = 0;
    const store = new ItemStore(() => nowMs, new ByteBudget(10_000));
    ['dying', 'read 1', 'read 2'].forEach((key) => set(store, key, 'x', key === 'dying' ? 10 : 1000));
    // The sweep has just passed what now dies, and what is read moves in front of it again and again.
    store.sweep(1);
    store.sweep(1);
    nowMs = 10;
    for (let round = 0; round < 10; round += 1) {
      has(store, 'read 1');
      has(store, 'read 2');
      store.sweep(1);
    }
    expect(store.heldCount).toBe(2);
  });
});
