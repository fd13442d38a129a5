import { type TopicClient, TopicPublish, type SubscribeCallOptions, type TopicItem } from '@gomomento/sdk';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NEVER } from 'rxjs';
import { captureLogs } from '../../../test/support/capture-logs.js';
import type { MemoryItem } from '../remote/memory-store.fixture.js';
import { startCache } from './load.fixture.js';

const logs = captureLogs();
beforeEach(() => {
  vi.useFakeTimers();
  logs.start();
});
afterEach(() => vi.useRealTimers());

const usualRuns = 60;
/** `npm run mutants -- --protocol` makes more, and wants no smaller example. */
const numRuns = Number(process.env['PROTOCOL_RUNS'] ?? usualRuns);

const keys = ['a', 'b'] as const;
type Key = (typeof keys)[number];
const tag = 'org';
const lastMs = 9_000;
const deliveryMs = 100;
const outageMs = 300;
/** A read may give the former value for so long after a write. */
const replicationMs = 400;
/** A change is told within half a second, and by an outage of the stream later by as much. */
const boundMs = 550 + deliveryMs + outageMs + 100;

const anyEvent = fc.record({
  // In the first two seconds nothing is kept: nobody knows what was changed before the topic was heard.
  atMs: fc.integer({ min: 1_500, max: lastMs }),
  process: fc.nat(2),
  key: fc.constantFrom(...keys, 'a' as const, 'a' as const, 'a' as const),
  act: fc.oneof(
    { weight: 24, arbitrary: fc.constant('getOrSet' as const) },
    { weight: 4, arbitrary: fc.constantFrom('get' as const, 'getMany' as const, 'getOrSetMany' as const) },
    { weight: 3, arbitrary: fc.constantFrom('delete' as const, 'evict' as const, 'invalidateTags' as const) },
    { weight: 1, arbitrary: fc.constantFrom('set' as const, 'lose stream' as const) },
  ),
});
type Event = typeof anyEvent extends fc.Arbitrary<infer T> ? T : never;

interface Subscriber {
  readonly callbacks: SubscribeCallOptions;
  readonly isLive: boolean;
  heard: number;
}

/** A topic between processes: messages take some time, and those that come while a stream is lost are lost. */
class Topic {
  readonly #subscribers = new Set<Subscriber>();
  readonly #wait: (limitMs: number) => Promise<void>;
  messages = 0;

  constructor(wait: (limitMs: number) => Promise<void>) {
    this.#wait = wait;
  }

  connect() {
    const own = { callbacks: {} as SubscribeCallOptions, isLive: true, streams: 1, heard: 0 };
    const subscription = {
      isSubscribed: true,
      ended: new Promise<void>(() => undefined),
      changes: NEVER,
      get status() {
        return own.isLive ? 'live' : 'reconnecting';
      },
      get streams() {
        return own.streams;
      },
    };
    const client = {
      publish: async (_cache: string, _topic: string, bytes: Uint8Array) => {
        this.messages += 1;
        for (const subscriber of this.#subscribers) void this.#deliver(subscriber, bytes);
        return new TopicPublish.Success();
      },
      subscribe: async (_cache: string, _topic: string, callbacks: SubscribeCallOptions) => {
        own.callbacks = callbacks;
        this.#subscribers.add(own);
        return subscription;
      },
    } as unknown as TopicClient;
    const loseStream = async () => {
      own.isLive = false;
      await this.#wait(outageMs);
      own.isLive = true;
      own.streams += 1;
    };
    return { client, loseStream };
  }

  async #deliver(subscriber: Subscriber, bytes: Uint8Array) {
    await this.#wait(deliveryMs);
    if (!subscriber.isLive) return;
    // A stream has an order of its own.
    subscriber.heard += 1;
    const sequenceNumber = subscriber.heard;
    const item = { valueUint8Array: () => bytes, sequenceNumber: () => sequenceNumber } as TopicItem;
    subscriber.callbacks.onItem?.(item);
  }
}

/** Items that were something else a moment ago. */
class Replicated extends Map<string, MemoryItem> {
  readonly #former = new Map<string, { readonly bytes: Uint8Array | undefined; readonly untilMs: number }>();

  override set(key: string, item: MemoryItem): this {
    this.#remember(key);
    return super.set(key, item);
  }

  override delete(key: string): boolean {
    this.#remember(key);
    return super.delete(key);
  }

  /** What a replica still has, for a while after a write. */
  formerOf(key: string): { readonly bytes: Uint8Array | undefined } | undefined {
    const former = this.#former.get(key);
    return former !== undefined && performance.now() < former.untilMs ? former : undefined;
  }

  #remember(key: string): void {
    this.#former.set(key, { bytes: this.get(key)?.bytes, untilMs: performance.now() + replicationMs });
  }
}

/** Processes with near caches over one store, and a database that is changed before the cache is. */
class Fleet {
  readonly violations: string[] = [];
  nearHits = 0;
  readonly topic: Topic;
  readonly #database = { a: 0, b: 0 };
  readonly #ended: {
    readonly atMs: number;
    readonly process: number;
    readonly key: Key;
    readonly version: number;
  }[] = [];
  readonly #processes;
  #changes = Promise.resolve();
  readonly #wait: (limitMs: number) => Promise<void>;

  readonly #lagMs: number;

  /** @param isOld whether a read meets a replica that lags; undefined: there are none */
  constructor(wait: (limitMs: number) => Promise<void>, isOld: (() => boolean) | undefined) {
    this.#wait = wait;
    this.#lagMs = isOld === undefined ? 0 : replicationMs;
    this.topic = new Topic(wait);
    const items = new Replicated();
    this.#processes = [0, 1, 2].map(() => {
      const { client, loseStream } = this.topic.connect();
      const started = startCache(
        {
          singleFlight: 'fleet',
          ttlSeconds: 60,
          tags: [tag],
          nearCache: { maxItems: 10, invalidation: 'topic' },
        },
        { topicClient: client },
        items,
      );
      started.store.before = () => wait(3);
      started.store.after = () => wait(3);
      if (isOld !== undefined)
        started.store.readInstead = (key) => (isOld() ? items.formerOf(key) : undefined);
      return { ...started, loseStream };
    });
  }

  async run({ atMs, process, key, act }: Event): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, atMs));
    const one = this.#processes[process];
    if (one === undefined) throw new Error('there is no such process');
    const { cache } = one;
    if (act === 'lose stream') await one.loseStream();
    else if (act === 'delete' || act === 'evict') await this.#change(process, [key], () => cache[act](key));
    else if (act === 'invalidateTags') await this.#change(process, keys, () => cache.invalidateTags(tag));
    else if (act === 'set') await this.#change(process, [key], ([version]) => cache.set(key, version));
    else await this.#read(process, key, act);
  }

  /** One after the other: nothing holds back the write of an old value, so who writes values does so in a transaction. */
  #change(process: number, changed: readonly Key[], change: (versions: number[]) => Promise<unknown>) {
    this.#changes = this.#changes.then(() => this.#changeAlone(process, changed, change));
    return this.#changes;
  }

  async #changeAlone(
    process: number,
    changed: readonly Key[],
    change: (versions: number[]) => Promise<unknown>,
  ) {
    const versions = changed.map((key) => (this.#database[key] += 1));
    await change(versions);
    for (const [index, key] of changed.entries())
      this.#ended.push({ atMs: performance.now(), process, key, version: versions[index] ?? 0 });
  }

  async #read(process: number, key: Key, act: 'getOrSet' | 'get' | 'getMany' | 'getOrSetMany') {
    const cache = this.#processes[process]?.cache;
    const startedAtMs = performance.now();
    const known = this.#ended.filter(
      (one) =>
        one.key === key && one.atMs + this.#lagMs + (one.process === process ? 0 : boundMs) <= startedAtMs,
    );
    const must = Math.max(0, ...known.map(({ version }) => version));
    const load = async () => {
      await this.#wait(20);
      const version = this.#database[key];
      await this.#wait(20);
      return version;
    };
    const before = cache?.stats().nearHits ?? 0;
    const values = {
      getOrSet: () => cache?.getOrSet(key, load),
      get: () => cache?.get<number>(key),
      getMany: async () => (await cache?.getMany<number>([key]))?.get(key),
      getOrSetMany: async () =>
        (await cache?.getOrSetMany([key], async () => [[key, await load()] as const]))?.get(key),
    };
    const value = await values[act]();
    this.nearHits += (cache?.stats().nearHits ?? 0) - before;
    if (value !== undefined && value < must)
      this.violations.push(`${act} ${key} in process ${process} gave ${value} instead of ${must}`);
  }

  get left(): number {
    return this.#processes.reduce((sum, { context }) => sum + context.inFlight.count, 0);
  }
}

describe('a fleet with near caches', () => {
  it.each([
    ['at once', false],
    ['after Momento’s replicas have them', true],
  ])(
    'gives changes %s, to other processes within the bound, however calls interleave',
    async (_when, isLagging) => {
      const chances = fc.infiniteStream(fc.boolean());
      const delays = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }));
      const events = fc.array(anyEvent, { minLength: 10, maxLength: 60, size: 'max' });
      let nearHits = 0;
      await fc.assert(
        fc.asyncProperty(events, delays, chances, async (happens, delay, chance) => {
          const wait = (limitMs: number) =>
            new Promise<void>((resolve) => setTimeout(resolve, limitMs * Number(delay.next().value)));
          const isOld = isLagging ? () => Boolean(chance.next().value) : undefined;
          const fleet = new Fleet(wait, isOld);
          const work = happens.map((event) => fleet.run(event));
          await vi.advanceTimersByTimeAsync(lastMs + 11_000);
          await Promise.all(work);
          nearHits += fleet.nearHits;
          expect([fleet.violations, fleet.left]).toEqual([[], 0]);
        }),
        { numRuns, endOnFailure: numRuns > usualRuns, interruptAfterTimeLimit: 30_000 },
      );
      expect(nearHits).toBeGreaterThan(usualRuns);
    },
    60_000,
  );
});
