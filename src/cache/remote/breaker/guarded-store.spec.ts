import { LimitExceededError, TimeoutError } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { startCounters } from '../../statistics/cache-stats.js';
import type { CacheStore } from '../cache-store.js';
import { MemoryStore } from '../memory-store.fixture.js';
import { Breaker } from './breaker.js';
import { GuardedStore } from './guarded-store.js';
import { ObservedStore } from './observed-store.js';

const item = { key: 'key', value: 'value' };
const noHash = new Uint8Array(16);

function start(limitSeconds?: number) {
  const memory = new MemoryStore();
  const clock = { nowMs: 0 };
  const breaker = new Breaker({ now: () => clock.nowMs });
  const observed = new ObservedStore(memory, { breaker, counters: startCounters() });
  const open = () => {
    for (let count = 0; count < 3; count += 1) breaker.failed();
  };
  let asked = 0;
  memory.before = async () => {
    asked += 1;
  };
  return {
    memory,
    clock,
    breaker,
    open,
    asked: () => asked,
    store: new GuardedStore(observed, breaker, limitSeconds),
  };
}

/** An outcome an item where there are many, and else the one of the call. */
type Call = (store: CacheStore) => Promise<unknown>;
const calls: Readonly<Record<string, Call>> = {
  get: (store) => store.get('key'),
  getMany: (store) => store.getMany(['key', 'other']),
  has: (store) => store.has('key'),
  increment: (store) => store.increment('number', 1, undefined),
  set: (store) => store.set(item),
  setMany: (store) => store.setMany([item]),
  delete: (store) => store.delete('key'),
  setIfAbsent: (store) => store.setIfAbsent(item),
  getWithHash: (store) => store.getWithHash('key'),
  setIfAbsentOrHashEqual: (store) => store.setIfAbsentOrHashEqual(item, noHash),
  setIfPresentAndHashEqual: (store) => store.setIfPresentAndHashEqual(item, noHash),
};

/** What the call ended with, for every item of it. */
async function endOf(call: Promise<unknown>): Promise<unknown> {
  const end = await call.catch((thrown: unknown) => ({ thrown }));
  return Array.isArray(end) ? end[0] : end;
}

describe.each(Object.entries(calls))('%s of a guarded store', (_name, call) => {
  it('gives what the store below gives, and what it fails with', async () => {
    const { store, memory, asked } = start(10);
    expect(await call(store)).toEqual(await call(start().store));
    expect(asked()).toBe(1);
    const thrown = new LimitExceededError('too much');
    memory.before = () => Promise.reject(thrown);
    expect(await endOf(call(store))).toEqual({ thrown });
  });

  it('asks nothing while the breaker is open, tries when its pause is over, and goes on after that', async () => {
    const { store, open, clock, asked, breaker } = start();
    open();
    expect(await endOf(call(store))).toMatchObject({
      thrown: { message: expect.stringContaining('lately') },
    });
    expect(asked()).toBe(0);
    clock.nowMs += 1_000;
    expect({ end: await endOf(call(store)) }).not.toHaveProperty('end.thrown');
    expect([asked(), breaker.state]).toEqual([1, 'closed']);
  });
});

describe('a guarded store with a limit', () => {
  const never = () => new Promise<void>(() => undefined);

  it.each(['get', 'getMany', 'has', 'increment'])(
    'waits for %s so long, and tells the breaker',
    async (name) => {
      const { store, memory, breaker } = start(0.01);
      memory.before = never;
      for (const state of ['closed', 'closed', 'open']) {
        const end = await endOf((calls[name] as Call)(store));
        expect(end).toEqual({ thrown: new TimeoutError('no answer within cacheTimeoutSeconds, 0.01 s') });
        expect(breaker.state).toBe(state);
      }
      expect(await endOf((calls[name] as Call)(store))).toMatchObject({
        thrown: { message: expect.stringContaining('lately') },
      });
    },
  );

  it('waits for a write as long as it takes', async () => {
    const { store, memory, breaker } = start(0.01);
    memory.before = () => new Promise((resolve) => setTimeout(resolve, 50));
    await store.set(item);
    expect([memory.items.has('key'), breaker.state]).toEqual([true, 'closed']);
  });
});
