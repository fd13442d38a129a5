import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cache } from './cache.js';
import { getScalar, setScalar } from './items/scalars.js';

const HISTORY_MS = 5_000;
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

function startCache(maxBytes = Infinity) {
  const clock = { nowMs: 0 };
  let page = 0;
  const cache = new Cache('cache', {
    now: () => clock.nowMs,
    topicHistoryMs: HISTORY_MS,
    maxBytes,
    nextSequencePage: () => (page += 1),
  });
  return { clock, cache };
}

const set = ({ items }: Cache, key: string, value: string) =>
  setScalar(items, bytes(key), bytes(value), 1000);
const has = ({ items }: Cache, key: string) => getScalar(items, bytes(key)) !== undefined;
const publish = ({ topics }: Cache, name: string, text: string) => topics.publish(name, { text }, '');
const heldBy = ({ items, topics, leaderboards }: Cache) =>
  items.heldBytes + topics.heldBytes + leaderboards.heldBytes;

/** The name of what it throws, if anything. */
function errorOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.name : 'no error';
  }
}

describe('Cache, the bytes that it holds', () => {
  const anyName = fc.constantFrom('a', 'bb', 'ccc');
  const anyText = fc.string({ maxLength: 12 });
  const anyIds = fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 4 });
  const anyStep = fc.oneof(
    fc.tuple(anyName, anyText).map((args) => (cache: Cache) => set(cache, ...args)),
    fc.tuple(anyName, anyText).map((args) => (cache: Cache) => void publish(cache, ...args)),
    anyName.map((name) => (cache: Cache) => {
      cache.topics.open(name).subscribe({ sequenceNumber: 0, sequencePage: 0 }, () => false);
    }),
    fc.tuple(anyName, anyIds).map(([name, ids]) => (cache: Cache) => {
      cache.leaderboards.upsert(
        name,
        ids.map((id) => ({ id, score: id })),
      );
    }),
    fc.tuple(anyName, anyIds).map(
      ([name, ids]) =>
        (cache: Cache) =>
          cache.leaderboards.remove(name, ids),
    ),
    anyName.map((name) => (cache: Cache) => cache.leaderboards.delete(name)),
    fc.constant((cache: Cache) => cache.flush()),
  );

  it('are never more than it may hold, whatever is stored, and what leaderboards have taken stays', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
        const { cache } = startCache(100);
        for (const step of steps) {
          const before = cache.leaderboards.heldBytes;
          const refusal = errorOf(() => step(cache));
          expect([undefined, 'EngineError']).toContain(refusal);
          expect(refusal === undefined || cache.leaderboards.heldBytes === before).toBe(true);
          expect(heldBy(cache)).toBeLessThanOrEqual(100);
        }
        const heard = ['a', 'bb', 'ccc'].filter((name) => cache.topics.get(name).subscriberCount > 0);
        expect(cache.topics.pinnedBytes).toBe(heard.join('').length);
        const boards = ['a', 'bb', 'ccc'].map((name) => ({ name, size: cache.leaderboards.find(name).size }));
        expect(cache.leaderboards.heldBytes).toBe(
          boards.reduce((sum, { name, size }) => sum + (size === 0 ? 0 : name.length + 16 * size), 0),
        );
      }),
    );
  });

  it('make room: first messages, from the oldest on, then the least recently used items', () => {
    const { cache } = startCache(40);
    set(cache, 'a', '012345678');
    set(cache, 'b', '012345678');
    publish(cache, 't', '012345678');
    publish(cache, 't', 'x');
    expect([heldBy(cache), cache.topics.get('t').heldCount]).toEqual([31, 2]);

    set(cache, 'c', '012345678');
    expect([heldBy(cache), cache.topics.get('t').heldCount]).toEqual([32, 1]);

    cache.leaderboards.upsert('l', [{ id: 1, score: 1 }]);
    expect([cache.topics.heldCount, has(cache, 'a'), has(cache, 'b'), has(cache, 'c')]).toEqual([
      0,
      false,
      true,
      true,
    ]);
  });

  it('hand a message that is too large to be held to those who listen', () => {
    const { cache } = startCache(10);
    const received: unknown[] = [];
    cache.topics
      .get('t')
      .subscribe({ sequenceNumber: 0, sequencePage: 0 }, (event) => received.push(event) > 0);

    publish(cache, 't', 'more than ten bytes');

    expect(received).toMatchObject([{ kind: 'item', value: { text: 'more than ten bytes' } }]);
    expect(cache.topics.get('t').heldCount).toBe(0);
  });

  it('refuse a subscriber whose topic finds no room for its name, beside leaderboards or beside other topics', () => {
    const { cache } = startCache(20);
    const from = { sequenceNumber: 0, sequencePage: 0 };
    cache.leaderboards.upsert('l', [{ id: 1, score: 1 }]);
    set(cache, 'a', 'x');
    cache.topics.open('bb').subscribe(from, () => true);
    expect([has(cache, 'a'), heldBy(cache)]).toEqual([false, 19]);

    expect(() => cache.topics.open('cc')).toThrow('request limit of 20 bytes');
    expect(cache.topics.open('bb').subscriberCount).toBe(1);
    expect(() => cache.leaderboards.upsert('l', [{ id: 2, score: 1 }])).toThrow('request limit of 20 bytes');
    expect([cache.topics.heldCount, heldBy(cache)]).toEqual([1, 19]);
  });

  it('refuse a leaderboard that finds no room, and take what replaces a score', () => {
    const { cache } = startCache(1 + 2 * 16);
    cache.leaderboards.upsert('l', [
      { id: 1, score: 1 },
      { id: 2, score: 2 },
    ]);

    expect(() => cache.leaderboards.upsert('l', [{ id: 3, score: 3 }])).toThrow('request limit of 33 bytes');
    expect(() => cache.leaderboards.upsert('m', [{ id: 1, score: 3 }])).toThrow('request limit of 33 bytes');
    cache.leaderboards.upsert('l', [{ id: 2, score: 5 }]);
    expect(cache.leaderboards.find('l').byRank(0, 9, 'descending')).toMatchObject([{ id: 2 }, { id: 1 }]);
  });
});

describe('Cache, its topics', () => {
  it('are remembered while somebody listens, and the 10,000 that were used last', () => {
    const { cache } = startCache();
    const { topics } = cache;
    topics.open('heard').subscribe({ sequenceNumber: 0, sequencePage: 0 }, () => true);
    publish(cache, 'used again', 'x');
    for (let index = 0; index < 20_000; index += 1) {
      publish(cache, `topic ${index}`, 'x');
      if (index % 5_000 === 0) {
        publish(cache, 'used again', 'x');
      }
    }

    expect(topics.heldCount).toBe(10_000);
    expect(topics.open('heard').subscriberCount).toBe(1);
    expect(publish(cache, 'used again', 'x')).toBe(6);
    expect([publish(cache, 'topic 19999', 'x'), publish(cache, 'topic 0', 'x')]).toEqual([2, 1]);
    // As at the service, the next life of a topic has a larger page.
    expect(topics.get('topic 0').sequencePage).toBeGreaterThan(topics.get('topic 19999').sequencePage);
  });

  it('hold no bytes of messages that are too old, or that were forgotten', () => {
    const { cache, clock } = startCache();
    publish(cache, 'topic', 'message');
    cache.topics.publish('topic', { binary: new Uint8Array(3) }, 'me');
    expect(cache.topics.heldBytes).toBe('topic'.length + 'message'.length + 3 + 'me'.length);

    clock.nowMs = HISTORY_MS + 1;
    cache.sweep(1);
    expect(cache.topics.heldBytes).toBe('topic'.length);
  });

  it('hold 256 MiB of messages at most, although nothing limits the cache', () => {
    const { cache } = startCache();
    // One character a byte, and shared by all messages.
    const text = 'x'.repeat(4 * 1024 * 1024);
    for (let index = 0; index < 100; index += 1) {
      publish(cache, `t${index % 3}`, text);
    }

    expect(cache.topics.heldBytes).toBeLessThanOrEqual(256 * 1024 * 1024 + 6);
    expect(cache.topics.heldBytes).toBeGreaterThan(250 * 1024 * 1024);
  });

  it.each(['', 'é'.repeat(513)])('have a name of 1 to 1,024 bytes, not %.10j', (name) => {
    const { cache } = startCache();

    expect(() => cache.topics.get(name)).toThrow('A topic name has from 1 to 1024 bytes');
    expect(cache.topics.get('é'.repeat(512)).heldCount).toBe(0);
  });
});
