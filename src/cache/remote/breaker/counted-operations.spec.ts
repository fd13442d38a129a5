import { TimeoutError } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { startCounters } from '../../statistics/cache-stats.js';
import type { CacheStore } from '../cache-store.js';
import { Breaker } from './breaker.js';
import { ObservedStore } from './observed-store.js';
import { MemoryStore } from '../memory-store.fixture.js';

/** A key of 24 bytes, so that a value of 1,000 is the last one within a KB. */
const key = 'k'.repeat(24);
const item = (size: number) => ({ key, value: 'v'.repeat(size) });
const noHash = new Uint8Array(16);

function start(stored?: number) {
  const memory = new MemoryStore();
  const counters = startCounters();
  const bytes = new Uint8Array(stored ?? 0);
  if (stored !== undefined) memory.items.set(key, { bytes, expiresAtMs: Infinity });
  return { memory, counters, store: new ObservedStore(memory, { breaker: new Breaker(), counters }) };
}

type Case = readonly [
  name: string,
  call: (store: CacheStore) => Promise<unknown>,
  reads: number,
  writes: number,
];

const calls: readonly Case[] = [
  ['get', (store) => store.get(key), 1, 0],
  ['getMany', (store) => store.getMany([key, 'other']), 2, 0],
  ['has', (store) => store.has(key), 1, 0],
  ['getWithHash', (store) => store.getWithHash(key), 1, 0],
  ['set', (store) => store.set(item(10)), 0, 1],
  ['setMany', (store) => store.setMany([item(10), { key: 'other', value: '' }]), 0, 2],
  ['delete', (store) => store.delete(key), 0, 1],
  ['increment', (store) => store.increment('number', 1, undefined), 0, 1],
  ['setIfAbsent', (store) => store.setIfAbsent(item(10)), 0, 1],
  ['setIfAbsentOrHashEqual', (store) => store.setIfAbsentOrHashEqual(item(10), noHash), 0, 1],
  ['setIfPresentAndHashEqual', (store) => store.setIfPresentAndHashEqual(item(10), noHash), 0, 1],
];

describe.each(calls)('%s of an observed store', (name, call, reads, writes) => {
  it('gives the answer of the store below, and counts the items and their operations', async () => {
    const { store, counters } = start(10);
    expect(await call(store)).toEqual(await call(start(10).memory));
    const estimatedOperations = name === 'setIfAbsent' ? 2 : reads + writes;
    expect(counters).toEqual({ ...startCounters(), reads, writes, estimatedOperations });
  });

  it('counts also when it fails', async () => {
    const { store, counters, memory } = start();
    memory.before = () => Promise.reject(new TimeoutError('away'));
    await call(store).catch(() => undefined);
    expect([counters.reads, counters.writes]).toEqual([reads, writes]);
  });
});

describe('operations are estimated by started KB of key and value:', () => {
  it.each([
    [0, 1],
    [1_000, 1],
    [1_001, 2],
    [2_024, 2],
    [2_025, 3],
    [1_000_000, 977],
  ])('a value of %i bytes counts %i, each way', async (size, operations) => {
    const estimate = async (call: (store: CacheStore) => Promise<unknown>, stored?: number) => {
      const { store, counters } = start(stored);
      await call(store);
      return counters.estimatedOperations;
    };
    expect(await estimate((store) => store.get(key), size)).toBe(operations);
    expect(await estimate((store) => store.getWithHash(key), size)).toBe(operations);
    expect(await estimate((store) => store.getMany([key, 'other']), size)).toBe(operations + 1);
    expect(await estimate((store) => store.set(item(size)))).toBe(operations);
    expect(await estimate((store) => store.setMany([item(size), item(0)]))).toBe(operations + 1);
    expect(await estimate((store) => store.setIfAbsent(item(size)))).toBe(2 * operations);
    expect(await estimate((store) => store.setIfAbsentOrHashEqual(item(size), noHash))).toBe(operations);
    expect(await estimate((store) => store.setIfPresentAndHashEqual(item(size), noHash))).toBe(operations);
  });

  it('a long key counts with its value once, and by itself where there is none', async () => {
    const { store, counters, memory } = start();
    const long = 'é'.repeat(600);
    await store.get(long);
    expect(counters.estimatedOperations).toBe(2);
    await memory.set({ key: long, value: 'v'.repeat(800) });
    await store.get(long);
    expect(counters.estimatedOperations).toBe(4);
    await store.delete(long);
    expect(counters.estimatedOperations).toBe(6);
  });
});
