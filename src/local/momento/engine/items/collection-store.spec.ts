import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeCollection, findCollection, replaceCollection, writeCollection } from './collection-store.js';
import { ByteList } from '../collections/byte-list.js';
import { ByteSet } from '../collections/byte-set.js';
import { ItemStore } from './item-store.js';
import { setScalar } from './scalars.js';
import { remainingTtl } from './ttl.js';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const KEY = bytes('key');

function storeAt(startMs = 0) {
  const clock = { nowMs: startMs };
  return { clock, store: new ItemStore(() => clock.nowMs) };
}

const add = (store: ItemStore, element: string, ttlMilliseconds: number, refresh: boolean) =>
  writeCollection(store, KEY, ByteSet, { ttlMilliseconds, refresh }, (set) => set.add([bytes(element)]));

describe('writeCollection', () => {
  it('gives a new collection its TTL, and one that exists only when told to refresh', () => {
    const anyWrite = fc.record({
      passesMs: fc.nat({ max: 30 }),
      ttlMilliseconds: fc.integer({ min: 1, max: 40 }),
      refresh: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyWrite, { maxLength: 20 }), (writes) => {
        const { clock, store } = storeAt();
        let expiresAtMs = 0;
        for (const { passesMs, ttlMilliseconds, refresh } of writes) {
          clock.nowMs += passesMs;
          const isNew = expiresAtMs <= clock.nowMs;
          expiresAtMs = isNew || refresh ? clock.nowMs + ttlMilliseconds : expiresAtMs;

          add(store, 'a', ttlMilliseconds, refresh);
          expect(remainingTtl(store, KEY)).toBe(expiresAtMs - clock.nowMs);
        }
      }),
    );
  });

  it('begins anew when the collection has expired', () => {
    const { clock, store } = storeAt();
    add(store, 'old', 10, true);
    clock.nowMs = 10;
    add(store, 'new', 10, false);

    expect(findCollection(store, KEY, ByteSet)?.elements).toEqual([bytes('new')]);
  });

  it('creates nothing when nothing is added', () => {
    const { store } = storeAt();
    writeCollection(store, KEY, ByteSet, { ttlMilliseconds: 1, refresh: true }, (set) => set.add([]));

    expect(store.heldCount).toBe(0);
  });

  it('refuses another type, an empty key and a TTL that is not positive, and changes nothing', () => {
    const { store } = storeAt();
    setScalar(store, KEY, bytes('v'), 100);
    const ttl = { ttlMilliseconds: 50, refresh: true };

    expect(() => add(store, 'a', 50, true)).toThrow('The key holds a scalar');
    expect(() => add(store, 'a', 0, true)).toThrow('must be positive');
    expect(() => writeCollection(store, bytes(''), ByteSet, ttl, (set) => set.add([]))).toThrow(
      'must not be empty',
    );
    expect(remainingTtl(store, KEY)).toBe(100);
  });
});

describe('changeCollection', () => {
  it('removes a collection that it leaves empty', () => {
    const { store } = storeAt();
    add(store, 'a', 10, true);

    expect(changeCollection(store, KEY, ByteSet, (set) => set.pop(5).length)).toBe(1);
    expect([store.heldCount, store.heldBytes]).toEqual([0, 0]);
    expect(changeCollection(store, KEY, ByteSet, (set) => set.size)).toBeUndefined();
  });

  it('keeps the TTL unless told to refresh it', () => {
    const { clock, store } = storeAt();
    add(store, 'a', 10, true);
    clock.nowMs = 4;

    changeCollection(store, KEY, ByteSet, () => 0);
    expect(remainingTtl(store, KEY)).toBe(6);
    changeCollection(store, KEY, ByteSet, () => 0, { ttlMilliseconds: 50, refresh: false });
    expect(remainingTtl(store, KEY)).toBe(6);
    changeCollection(store, KEY, ByteSet, () => 0, { ttlMilliseconds: 50, refresh: true });
    expect(remainingTtl(store, KEY)).toBe(50);
  });

  it('refuses another type', () => {
    const { store } = storeAt();
    add(store, 'a', 10, true);

    expect(() => changeCollection(store, KEY, ByteList, (list) => list.popBack())).toThrow(
      'The key holds a set',
    );
    expect(() => findCollection(store, KEY, ByteList)).toThrow('The key holds a set');
  });
});

describe('replaceCollection', () => {
  it('stores over any type, and deletes when there is nothing to store', () => {
    const { store } = storeAt();
    setScalar(store, KEY, bytes('v'), 100);
    const list = new ByteList();
    list.concatenateBack([bytes('a')], 0);

    replaceCollection(store, KEY, list, 20);
    expect([findCollection(store, KEY, ByteList)?.size, remainingTtl(store, KEY)]).toEqual([1, 20]);
    replaceCollection(store, KEY, new ByteList(), 20);
    expect(store.heldCount).toBe(0);
    expect(() => replaceCollection(store, KEY, list, 0)).toThrow('must be positive');
  });
});
