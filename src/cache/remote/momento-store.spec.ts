import {
  CacheClient,
  CacheGet,
  CacheGetBatch,
  CacheSet,
  CacheSetBatch,
  InternalServerError,
} from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { MomentoStore } from './momento-store.js';

const failure = new InternalServerError('one item failed');
const hit = (text: string) => new CacheGet.Hit(new TextEncoder().encode(text));

/** Over a client that answers batches as a faulty service would, and keeps what it was asked. */
function storeAnswering(answer: {
  get?: (keys: string[]) => CacheGet.Response[];
  set?: CacheSet.Response[];
}) {
  const asked: string[][] = [];
  const client = Object.assign(Object.create(CacheClient.prototype) as CacheClient, {
    getBatch: async (_cacheName: string, keys: string[]) => {
      asked.push(keys);
      return new CacheGetBatch.Success(
        answer.get?.(keys) ?? keys.map(() => new CacheGet.Miss()),
        keys.map((key) => Buffer.from(key)),
      );
    },
    setBatch: async (_cacheName: string, items: { key: string }[]) => {
      asked.push(items.map(({ key }) => key));
      return new CacheSetBatch.Success(answer.set ?? items.map(() => new CacheSet.Success()));
    },
  });
  return { store: new MomentoStore(client, 'demo-cache'), asked };
}

describe('a batch of Momento', () => {
  it('gives each key its own outcome', async () => {
    const get = () => [hit('a'), new CacheGet.Miss(), new CacheGet.Error(failure)];
    const { store } = storeAnswering({ get });
    expect(await store.getMany(['one', 'two', 'three'])).toEqual([
      { value: new TextEncoder().encode('a') },
      { value: undefined },
      { thrown: failure },
    ]);
    const set = [new CacheSet.Error(failure), new CacheSet.Success()];
    const items = ['one', 'two'].map((key) => ({ key, value: 'a' }));
    expect(await storeAnswering({ set }).store.setMany(items)).toEqual([
      { thrown: failure },
      { value: undefined },
    ]);
  });

  it.each([0, 1, 3])('that answers %i of 2 keys gives none the value of another', async (count) => {
    const { store } = storeAnswering({
      get: () => Array.from({ length: count }, () => hit('a')),
      set: Array.from({ length: count }, () => new CacheSet.Success()),
    });
    const thrown = expect.objectContaining({ message: `the answer holds ${count} of 2 items` });
    expect(await store.getMany(['one', 'two'])).toEqual([{ thrown }, { thrown }]);
    const items = ['one', 'two'].map((key) => ({ key, value: 'a' }));
    expect(await store.setMany(items)).toEqual([{ thrown }, { thrown }]);
  });

  it('is several when there are too many items, or too many bytes, be it of keys', async () => {
    const many = storeAnswering({});
    await many.store.getMany(Array.from({ length: 201 }, (_, index) => `key-${index}`));
    expect(many.asked.map(({ length }) => length)).toEqual([100, 100, 1]);
    const large = storeAnswering({});
    await large.store.getMany(['a', 'b', 'c'].map((letter) => letter.repeat(500_000)));
    await large.store.setMany(['a', 'b', 'c'].map((key) => ({ key, value: new Uint8Array(500_000) })));
    expect(large.asked.map(({ length }) => length)).toEqual([2, 1, 2, 1]);
  });

  it('that fails among several fails for its own keys only, in their order', async () => {
    const keys = Array.from({ length: 150 }, (_, index) => `key-${index}`);
    const get = (asked: string[]) => {
      if (asked.includes('key-120')) throw failure;
      return asked.map(hit);
    };
    const outcomes = await storeAnswering({ get }).store.getMany(keys);
    expect(outcomes.slice(0, 100)).toEqual(
      keys.slice(0, 100).map((key) => ({ value: new TextEncoder().encode(key) })),
    );
    expect(outcomes.slice(100)).toEqual(Array.from({ length: 50 }, () => ({ thrown: failure })));
  });
});
