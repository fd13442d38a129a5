import { LimitExceededError, ServerUnavailableError, TimeoutError } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import type { CacheStore } from '../cache-store.js';
import { MemoryStore } from '../memory-store.fixture.js';
import { Breaker } from './breaker.js';
import { startCounters } from '../../statistics/cache-stats.js';
import { ObservedStore } from './observed-store.js';

function scene() {
  const memory = new MemoryStore();
  const clock = { nowMs: 0 };
  const breaker = new Breaker({ now: () => clock.nowMs });
  return { memory, clock, breaker, store: new ObservedStore(memory, { breaker, counters: startCounters() }) };
}

const item = { key: 'key', value: 'value' };
const calls: readonly (readonly [string, (store: CacheStore) => Promise<unknown>])[] = [
  ['get', (store) => store.get('key')],
  ['getMany', (store) => store.getMany(['key', 'other'])],
  ['has', (store) => store.has('key')],
  ['set', (store) => store.set(item)],
  ['setMany', (store) => store.setMany([item, { key: 'other', value: 'value' }])],
  ['delete', (store) => store.delete('key')],
  ['increment', (store) => store.increment('number', 2, undefined)],
  ['setIfAbsent', (store) => store.setIfAbsent(item)],
  ['getWithHash', (store) => store.getWithHash('key')],
  ['setIfAbsentOrHashEqual', (store) => store.setIfAbsentOrHashEqual(item, new Uint8Array(16))],
  ['setIfPresentAndHashEqual', (store) => store.setIfPresentAndHashEqual(item, new Uint8Array(16))],
];

describe.each(calls)('%s of an observed store', (name, call) => {
  it('gives the answer of the store below', async () => {
    const { memory, store } = scene();
    const plain = new MemoryStore();
    await Promise.all([memory, plain].map((one) => one.set({ key: 'key', value: 'stored' })));
    expect(await call(store)).toEqual(await call(plain));
    expect([...memory.items.keys()]).toEqual([...plain.items.keys()]);
    expect(Object.entries(memory.calls).find(([made]) => made === name)?.[1].count).toBeGreaterThan(0);
  });

  it('is a failure when Momento does not answer, and is made also while the breaker is open', async () => {
    const { memory, store, breaker } = scene();
    memory.before = () => Promise.reject(new TimeoutError('slow'));
    for (let count = 0; count < 5; count += 1) await call(store).catch(() => undefined);
    expect(breaker.state).toBe('open');
    memory.before = undefined;
    await call(store);
    expect(breaker.state).toBe('closed');
  });

  it('is a success when Momento refuses', async () => {
    const { memory, store, breaker } = scene();
    breaker.failed();
    breaker.failed();
    memory.before = () => Promise.reject(new LimitExceededError('too much'));
    await call(store).catch(() => undefined);
    breaker.failed();
    expect(breaker.state).toBe('closed');
  });

  it('that began before the outage fails without a word on what came after', async () => {
    const { memory, store, breaker, clock } = scene();
    let fail: (error: Error) => void = () => undefined;
    memory.before = () => new Promise((_resolve, reject) => (fail = reject));
    const late = call(store).catch(() => undefined);
    for (let count = 0; count < 3; count += 1) breaker.failed();
    clock.nowMs = 1_000;
    expect(breaker.allows()).toBe(true);
    fail(new TimeoutError('slow'));
    await late;
    expect(breaker.state).toBe('half-open');
  });
});

describe('a batch of an observed store', () => {
  it.each(['getMany', 'setMany'] as const)(
    'is one failure when every key failed (%s), and a success when one did not',
    async (name) => {
      const { memory, store, breaker } = scene();
      const keys = ['one', 'two', 'three'];
      const batch = () =>
        name === 'getMany' ? store.getMany(keys) : store.setMany(keys.map((key) => ({ key, value: '1' })));
      memory.errorOf = () => new ServerUnavailableError('away');
      await batch();
      await batch();
      expect(breaker.state).toBe('closed');
      memory.errorOf = (key) => (key === 'two' ? undefined : new ServerUnavailableError('away'));
      await batch();
      memory.errorOf = (key) =>
        key === 'two' ? new LimitExceededError('too much') : new ServerUnavailableError('away');
      await batch();
      memory.errorOf = () => new ServerUnavailableError('away');
      await batch();
      await batch();
      expect(breaker.state).toBe('closed');
      await batch();
      expect(breaker.state).toBe('open');
    },
  );

  it('says nothing when nothing was asked', async () => {
    const { store, breaker } = scene();
    for (let count = 0; count < 3; count += 1) breaker.failed();
    for (let count = 0; count < 3; count += 1) await store.getMany([]);
    await store.setMany([]);
    expect(breaker.state).toBe('open');
    breaker.succeeded();
    for (let count = 0; count < 3; count += 1) await store.getMany([]);
    expect(breaker.state).toBe('closed');
  });
});

describe('an observed store', () => {
  it('has told the breaker before its caller goes on', async () => {
    const { memory, store, breaker } = scene();
    memory.before = () => Promise.reject(new TimeoutError('slow'));
    const seen: string[] = [];
    for (let count = 0; count < 3; count += 1) await store.get('key').catch(() => seen.push(breaker.state));
    expect(seen).toEqual(['closed', 'closed', 'open']);
  });
});
