import {
  CacheClient,
  Configurations,
  CredentialProvider,
  NoopMomentoLoggerFactory,
  SdkError,
} from '@gomomento/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finish } from '../../clients/sdk/sdk-answer.js';
import { MomentoLocal } from '../../local/index.js';
import type { CacheStore, HashedValue } from './cache-store.js';
import { MemoryStore } from './memory-store.fixture.js';
import { MomentoStore } from './momento-store.js';

let momento: MomentoLocal;
let client: CacheClient;

beforeAll(async () => {
  momento = await MomentoLocal.start({ port: 0 });
  client = new CacheClient({
    credentialProvider: CredentialProvider.forMomentoLocal({
      hostname: momento.hostname,
      port: momento.port,
    }),
    configuration: Configurations.Laptop.latest(new NoopMomentoLoggerFactory()),
    defaultTtlSeconds: 600,
  });
});

afterAll(async () => {
  client.close();
  await momento.stop();
});

/** A store, and the hashes that a caller of it has seen of each key. */
class Caller {
  readonly #store: CacheStore;
  readonly #hashes = new Map<string, Uint8Array[]>();

  constructor(store: CacheStore) {
    this.#store = store;
  }

  /** What the call answers, without hashes, which are the store's own affair: only whether there is one. */
  async answer({ name, key, other, value, amount, ago }: Call): Promise<unknown> {
    const store = this.#store;
    const seen = this.#hashes.get(key)?.at(-1 - ago) ?? new Uint8Array(16);
    const item = { key, value };
    const answers: Record<Call['name'], () => Promise<unknown>> = {
      get: () => store.get(key),
      getThen: () => store.getThen(key, finish),
      getMany: () => store.getMany([key, other]),
      has: () => store.has(key),
      set: () => store.set(item),
      setMany: () => store.setMany([item, { key: other, value: 'another' }]),
      delete: () => store.delete(key),
      increment: () => store.increment(key, amount, undefined),
      setIfAbsent: () => store.setIfAbsent(item),
      getWithHash: async () => this.#keep(key, await store.getWithHash(key)),
      setIfAbsentOrHashEqual: async () =>
        this.#keep(key, hashed(await store.setIfAbsentOrHashEqual(item, seen))),
      setIfPresentAndHashEqual: async () =>
        this.#keep(key, hashed(await store.setIfPresentAndHashEqual(item, seen))),
    };
    return answers[name]().catch((error: unknown) => (error instanceof SdkError ? error.errorCode() : error));
  }

  #keep(key: string, answer: HashedValue | undefined): unknown {
    if (answer === undefined) return undefined;
    this.#hashes.set(key, [...(this.#hashes.get(key) ?? []), answer.hash]);
    return { ...answer, hash: answer.hash.length };
  }
}

const hashed = (hash: Uint8Array | undefined): HashedValue | undefined =>
  hash && { bytes: new Uint8Array(), hash };

interface Call {
  readonly name: keyof CacheStore;
  readonly key: string;
  readonly other: string;
  readonly value: string | Uint8Array;
  readonly amount: number;
  readonly ago: number;
}

const key = fc.constantFrom('one', 'two', 'Ü🔑', '\0');
const call: fc.Arbitrary<Call> = fc.record({
  name: fc.constantFrom<keyof CacheStore>(
    'get',
    'getThen',
    'getMany',
    'has',
    'set',
    'setMany',
    'delete',
    'increment',
    'setIfAbsent',
    'getWithHash',
    'setIfAbsentOrHashEqual',
    'setIfPresentAndHashEqual',
  ),
  key,
  other: key,
  value: fc.oneof(
    fc.constantFrom('1', '-5', '+7', '007', '', ' 1', '1.5', '9007199254740993'),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 20 }),
  ),
  amount: fc.integer({ min: -1000, max: 1000 }),
  ago: fc.nat({ max: 1 }),
});

describe('the model of a store', () => {
  it('answers as Momento does, whatever is called', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 40 }), async (calls) => {
        const cacheName = `cache-${(count += 1)}`;
        momento.createCache(cacheName);
        const callers = [new MomentoStore(client, cacheName), new MemoryStore()].map(
          (store) => new Caller(store),
        );
        for (const one of calls) {
          const [real, model] = await Promise.all(callers.map((caller) => caller.answer(one)));
          expect({ [one.name]: model }).toEqual({ [one.name]: real });
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

describe('the model', () => {
  it('keeps an item for its TTL, or for the default', async () => {
    let nowMs = 1_000;
    const store = new MemoryStore({ now: () => nowMs, defaultTtlSeconds: 5 });
    await store.set({ key: 'short', value: '1', ttlSeconds: 2 });
    await store.setMany([{ key: 'default', value: '1' }]);
    nowMs += 1_999;
    expect([await store.has('short'), await store.has('default')]).toEqual([true, true]);
    nowMs += 1;
    expect([await store.has('short'), await store.has('default')]).toEqual([false, true]);
    expect(await store.setIfAbsent({ key: 'short', value: '2' })).toBe(true);
    nowMs += 3_000;
    expect(
      (await store.getMany(['short', 'default'])).map((outcome) => 'value' in outcome && outcome.value),
    ).toEqual([new TextEncoder().encode('2'), undefined]);
    expect(store.items.size).toBe(1);
  });

  it('is one cache of several processes, and hands out copies', async () => {
    const one = new MemoryStore();
    const two = new MemoryStore({ items: one.items });
    const bytes = Uint8Array.of(1);
    await one.set({ key: 'key', value: bytes });
    bytes[0] = 2;
    (await two.get('key'))?.fill(3);
    expect(await two.get('key')).toEqual(Uint8Array.of(1));
    expect([one.calls.get.count, two.calls.get.count]).toEqual([0, 2]);
  });

  it('counts calls and keys, waits for its hooks, and fails as they say', async () => {
    const store = new MemoryStore();
    const seen: unknown[] = [];
    store.before = (made) => void seen.push(made);
    await store.getMany(['one', 'two']);
    expect(seen).toEqual([{ name: 'getMany', keys: ['one', 'two'] }]);
    expect(store.calls.getMany).toEqual({ count: 1, keys: 2 });
    store.before = () => Promise.reject(new Error('before'));
    await expect(store.set({ key: 'one', value: '1' })).rejects.toThrow('before');
    expect(store.items.size).toBe(0);
    store.before = undefined;
    store.after = () => Promise.reject(new Error('after'));
    await expect(store.set({ key: 'one', value: '1' })).rejects.toThrow('after');
    expect(store.items.size).toBe(1);
    const thrown = new Error('after');
    expect(await store.getMany(['one', 'two'])).toEqual([{ thrown }, { thrown }]);
    store.after = undefined;
    store.errorOf = (name) => (name === 'two' ? thrown : undefined);
    expect(await store.getMany(['one', 'two'])).toEqual([{ value: Uint8Array.of(49) }, { thrown }]);
    await expect(store.has('two')).rejects.toThrow('after');
  });
});
