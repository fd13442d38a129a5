import { InternalServerError, ServerUnavailableError } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import type { CacheStore } from '../cache-store.js';
import { MemoryStore, type StoreCall } from '../memory-store.fixture.js';
import { BatchingStore } from './batching-store.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const keysOf = (count: number) => Array.from({ length: count }, (_, index) => `key-${index}`);
const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));

/** A batching store over one that holds its own name under `key-0` to `key-999`, and what it was asked. */
async function scene({ timeoutMs = 1_000 } = {}) {
  const memory = new MemoryStore();
  await memory.setMany(keysOf(1_000).map((key) => ({ key, value: key })));
  const asked: StoreCall[] = [];
  memory.before = (call) => void asked.push(call);
  const store = new BatchingStore(memory, { timeoutMs });
  return { memory, store, asked, names: () => asked.map(({ name, keys }) => `${name} ${keys.length}`) };
}

describe('reads of one tick', () => {
  it('are one request, each with its own answer', async () => {
    const { store, names } = await scene();
    const reads = ['key-1', 'none', 'key-2'].map((key) => store.get(key));
    expect(store.pendingCount).toBe(3);
    expect(await Promise.all(reads)).toEqual([bytes('key-1'), undefined, bytes('key-2')]);
    expect(names()).toEqual(['getMany 3']);
  });

  it('are a plain read when there is one key, however often it is asked for', async () => {
    const { store, names } = await scene();
    expect(await store.get('key-1')).toEqual(bytes('key-1'));
    expect(await Promise.all([1, 2, 3].map(() => store.get('key-2')))).toEqual(
      Array.from({ length: 3 }, () => bytes('key-2')),
    );
    expect(names()).toEqual(['get 1', 'get 1']);
    expect(store.stats).toEqual({ batchedReads: 0, savedRequests: 2 });
  });

  it('hold what the reactions to promises ask for, and not what a later tick does', async () => {
    const { store, names } = await scene();
    const deep = async () => {
      for (let depth = 0; depth < 20; depth += 1) await Promise.resolve();
      return store.get('key-2');
    };
    const both = Promise.all([store.get('key-1'), deep()]);
    await nextTick();
    await nextTick();
    await Promise.all([both, store.get('key-3')]);
    expect(names()).toEqual(['getMany 2', 'get 1']);
  });

  it('of 1,000 keys are 10 requests, of 101 two', async () => {
    const { store, names, asked } = await scene();
    const values = await Promise.all(keysOf(1_000).map((key) => store.get(key)));
    expect(values).toEqual(keysOf(1_000).map(bytes));
    expect(names()).toEqual(Array.from({ length: 10 }, () => 'getMany 100'));
    asked.length = 0;
    await Promise.all(keysOf(101).map((key) => store.get(key)));
    expect(names()).toEqual(['getMany 100', 'get 1']);
  });

  it('with getMany among them are one request, and each caller gets what it asked for, in its order', async () => {
    const { store, asked } = await scene();
    const [many, one, others] = await Promise.all([
      store.getMany(['key-2', 'key-1', 'key-2']),
      store.get('key-1'),
      store.getMany(['key-3']),
    ]);
    expect(many).toEqual(['key-2', 'key-1', 'key-2'].map((key) => ({ value: bytes(key) })));
    expect([one, others]).toEqual([bytes('key-1'), [{ value: bytes('key-3') }]]);
    expect(asked).toEqual([{ name: 'getMany', keys: ['key-2', 'key-1', 'key-3'] }]);
    expect(await store.getMany([])).toEqual([]);
    expect(asked).toHaveLength(1);
  });

  it('fail alone where one fails, and together where all do', async () => {
    const { store, memory } = await scene();
    const error = new InternalServerError('one item failed');
    memory.errorOf = (key) => (key === 'key-1' ? error : undefined);
    const outcomes = [{ thrown: error }, { value: bytes('key-2') }];
    const [one, two, many] = await Promise.all([
      store.get('key-1').catch((thrown: unknown) => ({ thrown })),
      store.get('key-2'),
      store.getMany(['key-1', 'key-2']),
    ]);
    expect([[one, { value: two }], many]).toEqual([outcomes, outcomes]);
    memory.before = () => Promise.reject(error);
    expect(await store.getMany(['key-1', 'key-2'])).toEqual([{ thrown: error }, { thrown: error }]);
    await expect(store.get('key-1')).rejects.toBe(error);
  });

  it('that are several requests do not wait for each other', async () => {
    const { store, memory } = await scene();
    memory.before = ({ keys }) => (keys.includes('key-0') ? new Promise(() => undefined) : undefined);
    const values = keysOf(200).map((key) => store.get(key));
    expect(await Promise.all(values.slice(100))).toEqual(keysOf(200).slice(100).map(bytes));
  });

  it('say what they saved', async () => {
    const { store } = await scene();
    await Promise.all([...keysOf(101), 'key-1', 'key-1'].map((key) => store.get(key)));
    // 103 were asked for, and 2 requests made.
    expect(store.stats).toEqual({ batchedReads: 100, savedRequests: 101 });
  });
});

describe('writes of one tick', () => {
  it('are one request, or a plain one', async () => {
    const { store, memory, names } = await scene();
    await Promise.all([
      store.set({ key: 'one', value: '1', ttlSeconds: 1 }),
      store.setMany([{ key: 'two', value: '2' }]),
    ]);
    await store.set({ key: 'three', value: '3' });
    expect(names()).toEqual(['setMany 2', 'set 1']);
    expect(await memory.get('two')).toEqual(bytes('2'));
    const [one, two] = ['one', 'two'].map((key) => memory.items.get(key)?.expiresAtMs ?? 0);
    expect(Math.round(((two ?? 0) - (one ?? 0)) / 1000)).toBe(599);
    expect(store.stats.savedRequests).toBe(1);
  });

  it('are several when they are too many, or too large', async () => {
    const { store, names, asked } = await scene();
    await Promise.all(keysOf(201).map((key) => store.set({ key, value: '1' })));
    expect(names()).toEqual(['setMany 100', 'setMany 100', 'set 1']);
    asked.length = 0;
    const value = new Uint8Array(500_000);
    const small = keysOf(5).map((key) => store.set({ key, value: '1' }));
    await Promise.all([...small, ...keysOf(5).map((key) => store.set({ key, value }))]);
    expect(names()).toEqual(['setMany 2', 'setMany 2', 'set 1']);
  });

  it('fail alone where one fails, and are not made again', async () => {
    const { store, memory, names } = await scene();
    const error = new ServerUnavailableError('away');
    memory.errorOf = (key) => (key === 'one' ? error : undefined);
    const items = ['one', 'two'].map((key) => ({ key, value: '1' }));
    expect(await store.setMany(items)).toEqual([{ thrown: error }, { value: undefined }]);
    await expect(store.set({ key: 'one', value: '1' })).rejects.toBe(error);
    await expect(store.delete('one')).rejects.toBe(error);
    expect(names()).toEqual(['setMany 2', 'set 1', 'delete 1']);
  });
});

describe('a value that is neither text nor bytes', () => {
  it.each([5, null, undefined, {}])('is an error of its caller, and of nobody else: %o', async (value) => {
    const { store, memory } = await scene();
    const others = [store.set({ key: 'one', value: '1' }), store.get('key-1')];
    expect(() => store.set({ key: 'one', value: value as string })).toThrow(TypeError);
    expect(() => store.set({ key: 'two', value: value as string })).toThrow(TypeError);
    await Promise.all(others);
    expect(await memory.get('one')).toEqual(bytes('1'));
    expect(store.pendingCount).toBe(0);
  });
});

describe('a store that breaks its word', () => {
  const breaks = () => {
    throw new TypeError('no promise');
  };
  const items = ['one', 'two'].map((key) => ({ key, value: '1' }));
  const both = (store: CacheStore) => [
    ...['one', 'two'].map((key) => store.get(key)),
    ...items.map((item) => store.set(item)),
  ];

  it.each([
    ['throws at once', { getMany: breaks, setMany: breaks }],
    ['answers too little', { getMany: async () => [], setMany: async () => [] }],
  ])('and %s leaves no caller waiting', async (_how, broken) => {
    const store = new BatchingStore(Object.assign(new MemoryStore(), broken), { timeoutMs: 1_000 });
    const outcomes = await Promise.allSettled(both(store));
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'rejected'));
    expect(store.pendingCount).toBe(0);
  });

  it('and throws at once at a plain call leaves no caller waiting', async () => {
    const broken = Object.assign(new MemoryStore(), { get: breaks, set: breaks, delete: breaks });
    const store = new BatchingStore(broken, { timeoutMs: 1_000 });
    await expect(store.get('one')).rejects.toThrow('no promise');
    await expect(store.set({ key: 'one', value: '1' })).rejects.toThrow('no promise');
    await expect(store.delete('one')).rejects.toThrow('no promise');
    expect(store.pendingCount).toBe(0);
  });
});

describe('after 300 keys', () => {
  it.each(['answered', 'failed'])('nothing is left, when they were %s', async (how) => {
    const { store, memory } = await scene();
    if (how === 'failed') memory.before = () => Promise.reject(new InternalServerError('failed'));
    const calls = keysOf(300).flatMap((key): Promise<unknown>[] => [
      store.get(key),
      store.set({ key, value: '1' }),
      store.get(key),
      store.increment(key, 1, undefined),
      store.increment(key, 1, undefined),
      store.getMany([key, 'key-0']),
      store.delete(key),
      store.setIfAbsent({ key, value: '1' }),
      store.getWithHash(key),
    ]);
    expect(store.pendingCount).toBeGreaterThanOrEqual(300);
    await Promise.allSettled(calls);
    expect(store.pendingCount).toBe(0);
  });
});
