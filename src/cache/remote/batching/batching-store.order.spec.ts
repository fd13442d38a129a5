import { InternalServerError } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../memory-store.fixture.js';
import { BatchingStore } from './batching-store.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A batching store whose calls wait for the test, which names them as `get a,b`. */
function scene() {
  const memory = new MemoryStore();
  const waiting = new Map<string, (error?: Error) => void>();
  memory.before = ({ name, keys }) =>
    new Promise<void>((resolve, reject) => {
      const call = `${name} ${keys.join()}`;
      // Calls that are under way at once and are called the same are told apart.
      waiting.set(waiting.has(call) ? `${call}, again` : call, (error) =>
        error === undefined ? resolve() : reject(error),
      );
    });
  return {
    memory,
    store: new BatchingStore(memory, { timeoutMs: 1_000 }),
    /** The calls that are under way. */
    underWay: async () => {
      await settled();
      return [...waiting.keys()];
    },
    /** Lets calls go on, all in one tick. */
    end: async (calls: string | readonly string[], error?: Error) => {
      await settled();
      for (const call of [calls].flat()) {
        const go = waiting.get(call);
        waiting.delete(call);
        if (go === undefined) throw new Error(`${call} is not under way`);
        go(error);
      }
      await settled();
    },
  };
}

const item = { key: 'a', value: '1' };
const changes: readonly (readonly [string, (store: BatchingStore) => Promise<unknown>])[] = [
  ['set a', (store) => store.set(item)],
  ['setMany a,b', (store) => store.setMany([item, { key: 'b', value: '1' }])],
  ['delete a', (store) => store.delete('a')],
  ['increment a', (store) => store.increment('a', 1, undefined)],
  ['setIfAbsent a', (store) => store.setIfAbsent(item)],
  ['setIfAbsentOrHashEqual a', (store) => store.setIfAbsentOrHashEqual(item, new Uint8Array(16))],
  ['setIfPresentAndHashEqual a', (store) => store.setIfPresentAndHashEqual(item, new Uint8Array(16))],
];

describe.each(changes)('a read after %s', (call, change) => {
  it.each([
    ['succeeded', undefined],
    ['failed', new InternalServerError('failed')],
  ])('waits until that has %s', async (_how, error) => {
    const { store, underWay, end } = scene();
    const changed = Promise.allSettled([change(store)]);
    const reads = Promise.all([
      store.get('a'),
      store.getMany(['a']),
      store.has('a'),
      store.getWithHash('a'),
      store.get('c'),
    ]);
    expect(await underWay()).toEqual(expect.arrayContaining([call, 'get c']));
    expect(await underWay()).toHaveLength(2);
    await end('get c');
    await end(call, error);
    await changed;
    expect((await underWay()).toSorted()).toEqual(['get a', 'getWithHash a', 'has a']);
    await end(['get a', 'has a', 'getWithHash a']);
    const [value, many, has, withHash] = await reads;
    expect(many).toEqual([{ value }]);
    expect([has, withHash?.bytes]).toEqual([value !== undefined, value]);
    expect(store.pendingCount).toBe(0);
  });
});

describe('a read', () => {
  it('that was asked for before a write does not wait for it, and one after it is another', async () => {
    const { store, memory, underWay, end } = scene();
    const before = store.get('a');
    const write = store.set(item);
    const after = store.get('a');
    expect(await underWay()).toEqual(['get a', 'set a']);
    await end('get a');
    expect(await before).toBeUndefined();
    await end('set a');
    await write;
    await end('get a');
    expect(await after).toEqual(bytes('1'));
    expect(memory.calls.get.count).toBe(2);
  });

  it('waits for the writes that were asked for before it, not for later ones', async () => {
    const { store, underWay, end } = scene();
    const first = store.set(item);
    await settled();
    const read = store.get('a');
    const second = store.set({ key: 'a', value: '2' });
    await end('set a');
    await first;
    expect(await underWay()).toEqual(['get a', 'set a']);
    await end('get a');
    expect(await read).toEqual(bytes('1'));
    await end('set a');
    await second;
  });

  it('shares its request with all that wait for the same write, and with others that come when it ended', async () => {
    const { store, underWay, end } = scene();
    const writes = [store.set(item), store.delete('b')];
    const reads = [store.get('a'), store.get('b'), store.get('a')];
    await settled();
    await end(['set a', 'delete b']);
    await Promise.all(writes);
    expect(await underWay()).toEqual(['getMany a,b']);
    await end('getMany a,b');
    expect(await Promise.all(reads)).toEqual([bytes('1'), undefined, bytes('1')]);
    expect(store.stats).toEqual({ batchedReads: 2, savedRequests: 2 });
  });

  it('that waited joins one of the key that is not sent yet', async () => {
    const memory = new MemoryStore();
    const store = new BatchingStore(memory, { timeoutMs: 1_000 });
    // The change ends at once, within the tick.
    const [first, , second] = await Promise.all([
      store.get('a'),
      store.increment('a', 1, undefined),
      store.get('a'),
    ]);
    expect([first, second]).toEqual([bytes('1'), bytes('1')]);
    expect([memory.calls.get.count, store.stats.savedRequests]).toEqual([1, 1]);
  });
});

describe('sets and deletes of a key', () => {
  it('asked for before the first is sent are one request, the last', async () => {
    const { store, memory, underWay, end } = scene();
    const writes = [store.set(item), store.delete('a'), store.set({ key: 'a', value: '2', ttlSeconds: 1 })];
    const others = [store.set({ key: 'b', value: '1' }), store.delete('b')];
    expect(await underWay()).toEqual(['delete b', 'set a']);
    await end('set a', new InternalServerError('failed'));
    expect((await Promise.allSettled(writes)).map(({ status }) => status)).toEqual(
      Array.from({ length: 3 }, () => 'rejected'),
    );
    await end('delete b');
    await Promise.all(others);
    expect([memory.items.size, memory.calls.set.count, store.pendingCount]).toEqual([0, 1, 0]);
    expect(store.stats.savedRequests).toBe(3);
  });

  it('wait for the one on its way, and then are one request', async () => {
    const { store, memory, underWay, end } = scene();
    const first = store.set(item);
    await settled();
    const later = Array.from({ length: 300 }, (_, index) => store.set({ key: 'a', value: `${index}` }));
    const read = store.get('a');
    expect(await underWay()).toEqual(['set a']);
    await end('set a');
    await first;
    expect(await underWay()).toEqual(['set a']);
    await end('set a');
    await Promise.all(later);
    await end('get a');
    expect(await read).toEqual(bytes('299'));
    expect(memory.calls.set.count).toBe(2);
  });

  it('keep their order when changes of another kind are between them', async () => {
    const { store, memory, underWay, end } = scene();
    const all = [
      store.set(item),
      store.increment('a', 5, undefined),
      store.increment('a', 6, undefined),
      store.set({ key: 'a', value: 'last' }),
    ];
    expect(await underWay()).toEqual(['set a']);
    await end('set a');
    // They do not wait for each other.
    expect(await underWay()).toEqual(['increment a', 'increment a, again']);
    await end('increment a, again');
    expect(await underWay()).toEqual(['increment a']);
    await end('increment a');
    await end('set a');
    expect(await Promise.all(all)).toEqual([undefined, 12, 7, undefined]);
    expect(memory.items.get('a')?.bytes).toEqual(bytes('last'));
  });

  it('of other keys do not wait', async () => {
    const { store, underWay } = scene();
    void store.delete('a');
    await settled();
    void store.set({ key: 'b', value: '1' });
    void store.increment('c', 1, undefined);
    expect(await underWay()).toEqual(['delete a', 'increment c', 'set b']);
  });
});

describe('changes that depend on what is stored', () => {
  it('go at once, as many as there are, when no set or delete is on its way', async () => {
    const { store, memory, end } = scene();
    const counts = [store.increment('a', 1, undefined), store.increment('a', 1, undefined)];
    expect(memory.calls.increment.count).toBe(2);
    await end(['increment a', 'increment a, again']);
    expect(await Promise.all(counts)).toEqual([1, 2]);
    expect(store.pendingCount).toBe(0);
  });
});
