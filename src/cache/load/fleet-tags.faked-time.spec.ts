import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import type { CacheService } from '../cache.service.js';
import type { StoreCall } from '../remote/memory-store.fixture.js';
import { markerKeyOf } from '../tags/marker.js';
import { startCache } from './load.fixture.js';

/** What the database has of a key; each change of it is one higher. */
type Version = number;

const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const logs = captureLogs();

beforeEach(() => {
  vi.useFakeTimers();
  logs.start();
});
afterEach(() => vi.useRealTimers());

const usualRuns = 50;
/** `npm run mutants -- --protocol` makes more, and wants no smaller example. */
const numRuns = Number(process.env['PROTOCOL_RUNS'] ?? usualRuns);

const keys = ['a', 'b'] as const;
type Key = (typeof keys)[number];
/** The tag of both. */
const tag = 'org';

const writes = ['set', 'setMany'] as const;
const reads = ['getOrSet', 'getOrSetMany', 'get', 'getMany'] as const;
const losses = ['lose marker', 'lose value'] as const;
const anyEvent = fc.record({
  atMs: fc.nat(90),
  process: fc.nat(2),
  key: fc.constantFrom(...keys, 'a' as const, 'a' as const),
  act: fc.oneof(
    { weight: 9, arbitrary: fc.constant('getOrSet' as const) },
    { weight: 3, arbitrary: fc.constantFrom(...reads) },
    { weight: 5, arbitrary: fc.constantFrom('delete' as const, 'evict' as const, 'invalidateTags' as const) },
    { weight: 1, arbitrary: fc.constantFrom(...losses, ...writes, 'increment' as const) },
  ),
  fails: fc.nat(9).map((chance) => chance === 0),
});
type Event = typeof anyEvent extends fc.Arbitrary<infer T> ? T : never;

interface FleetOptions {
  readonly isFleet: boolean;
  /** Whether tags are named, and not told by the value. */
  readonly hasNames: boolean;
  readonly isFailing: boolean;
  /** Whether changes are made one after the other. */
  readonly isInOrder: boolean;
}

/** Processes over one store, whose calls take some time each way, and a database that is changed before the cache is. */
class Fleet {
  readonly violations: string[] = [];
  readonly #database = { a: 0, b: 0 };
  /** By key: the newest change that has ended, for a process and for all. */
  readonly #endedIn: Record<Key, Version>[] = [0, 1, 2].map(() => ({ a: 0, b: 0 }));
  readonly #ended = { a: 0, b: 0 };
  readonly #processes;
  readonly #wait: (factor: number) => Promise<void>;
  readonly #isFleet: boolean;
  readonly #hasNames: boolean;
  readonly #isInOrder: boolean;
  readonly #isFailing: boolean;
  #changes = Promise.resolve();

  constructor(
    { isFleet, hasNames, isInOrder, isFailing }: FleetOptions,
    wait: (factor: number) => Promise<void>,
    failures: () => boolean,
  ) {
    this.#isFleet = isFleet;
    this.#hasNames = hasNames;
    this.#isInOrder = isInOrder;
    this.#isFailing = isFailing;
    this.#wait = wait;
    const { process } = startCache({
      singleFlight: isFleet ? 'fleet' : 'process',
      ttlSeconds: 60,
      staleIfErrorSeconds: 60,
      // Shorter than a load, so that some run without a lease.
      leaseWaitSeconds: 0.005,
      tags: hasNames ? [tag] : () => [tag],
    });
    this.#processes = [0, 1, 2].map(() => {
      const started = process();
      /** Which changes had ended when the reads that are under way began. */
      const underWay = new Map<StoreCall, Record<Key, Version>>();
      let before: Record<Key, Version> = { a: 0, b: 0 };
      started.store.before = async (call) => {
        if (call.name.startsWith('get')) {
          // A value whose tags are read after it is read in two requests.
          if (!call.keys.every((key) => key === markerKeyOf(tag))) before = { ...this.#ended };
          underWay.set(call, before);
        }
        await wait(1);
        if (!failures()) return;
        underWay.delete(call);
        throw new Error('Momento is away');
      };
      started.store.after = async (call) => {
        await wait(1);
        underWay.delete(call);
      };
      return { ...started, underWay };
    });
  }

  async run({ atMs, process, key, act, fails }: Event): Promise<void> {
    // Without a fleet nothing is promised about what another process stores.
    const index = this.#isFleet ? process : 0;
    await new Promise((resolve) => setTimeout(resolve, atMs));
    const { cache, store } = this.#processes[index] ?? noProcess();
    if (act === 'lose marker') {
      // With tags that only the value tells, what an invalidation wrote must not be lost while a load is under way.
      if (this.#hasNames) store.items.delete(markerKeyOf(tag));
    } else if (act === 'lose value') store.items.delete(key);
    else if (act === 'delete' || act === 'evict' || act === 'invalidateTags')
      await this.#change(index, act === 'invalidateTags' ? keys : [key], () =>
        act === 'invalidateTags' ? cache.invalidateTags(tag) : cache[act](key),
      );
    else if (act === 'set' || act === 'setMany')
      await this.#change(index, [key], (version) =>
        act === 'set' ? cache.set(key, version) : cache.setMany([[key, version]]),
      );
    // A number has no tags: it is counted beside the values.
    else if (act === 'increment') await cache.increment('count').catch(() => undefined);
    else await this.#read(index, key, act, fails);
  }

  /** The database first. What failed has not ended: nothing is promised about it. */
  async #change(
    index: number,
    changed: readonly Key[],
    change: (version: Version) => Promise<unknown>,
  ): Promise<void> {
    // Nothing holds back the write of an old value: who writes values does so in a transaction.
    const others = this.#changes;
    const mine = (this.#isInOrder ? others : Promise.resolve()).then(() =>
      this.#changeAlone(index, changed, change),
    );
    this.#changes = mine;
    await mine;
  }

  async #changeAlone(
    index: number,
    changed: readonly Key[],
    change: (version: Version) => Promise<unknown>,
  ): Promise<void> {
    const versions = changed.map((key) => [key, (this.#database[key] += 1)] as const);
    await this.#wait(1);
    const { context } = this.#processes[index] ?? noProcess();
    try {
      await change(versions[0]?.[1] ?? 0);
    } catch {
      return;
    }
    const isQueued = context.evictions.size > 0;
    for (const [key, version] of versions) {
      const own = this.#endedIn[index];
      if (own !== undefined) own[key] = Math.max(own[key], version);
      // What is queued holds in this process alone, and of direct reads for tags alone.
      if (!isQueued) this.#ended[key] = Math.max(this.#ended[key], version);
    }
  }

  async #read(index: number, key: Key, act: (typeof reads)[number], fails: boolean): Promise<void> {
    const { cache, underWay } = this.#processes[index] ?? noProcess();
    const isLoading = act === 'getOrSet' || act === 'getOrSetMany';
    // While the cache fails, loads are shared in a process without a lease.
    const all = this.#isFleet && !this.#isFailing ? this.#ended[key] : 0;
    const must = Math.max(all, isLoading ? (this.#endedIn[index]?.[key] ?? 0) : 0);
    const isExcused =
      isLoading && [...underWay].some(([call, before]) => concerns(call, key) && before[key] < must);
    const load = async (): Promise<Version> => {
      await this.#wait(5);
      const version = this.#database[key];
      await this.#wait(15);
      if (fails) throw new Error('the database is away');
      return version;
    };
    const value = await this.#valueOf(cache, act, key, load).catch(() => undefined);
    if (value !== undefined && value < must && !isExcused)
      this.violations.push(`${act} ${key} gave ${value} instead of ${must}`);
  }

  async #valueOf(
    cache: CacheService,
    act: (typeof reads)[number],
    key: Key,
    load: () => Promise<Version>,
  ): Promise<Version | undefined> {
    if (act === 'getOrSet') return cache.getOrSet(key, load);
    if (act === 'get') return cache.get(key);
    if (act === 'getMany') return (await cache.getMany<Version>([key])).get(key);
    return (await cache.getOrSetMany([key], async () => [[key, await load()]])).get(key);
  }

  /** Flights that are left, and markers that are being made. */
  get left(): number {
    return this.#processes.reduce(
      (sum, { context }) => sum + context.inFlight.count + context.tagsOf('demo-cache').making.size,
      0,
    );
  }
}

function concerns({ keys: read }: StoreCall, key: Key): boolean {
  return read.includes(key) || read.includes(markerKeyOf(tag));
}

function noProcess(): never {
  throw new Error('there is no such process');
}

describe.each([
  ['a fleet, with tags that are named', true, true],
  ['a fleet, with tags that the value tells', true, false],
  ['one process, with tags that are named', false, true],
  ['one process, with tags that the value tells', false, false],
])('in %s', (_name, isFleet, hasNames) => {
  it.each([false, true])(
    'a read that begins after a change gives that or a later one, however calls interleave (with failures: %s)',
    async (isFailing) => {
      const delays = fc.infiniteStream(fc.nat(4));
      const chances = fc.infiniteStream(fc.nat(9));
      const events = fc.array(anyEvent, { minLength: 2, maxLength: 24, size: 'max' });
      await fc.assert(
        fc.asyncProperty(events, delays, chances, async (happens, delay, chance) => {
          const wait = (factor: number) =>
            new Promise<void>((resolve) => setTimeout(resolve, factor * Number(delay.next().value)));
          const fails = () => isFailing && chance.next().value === 0;
          const isInOrder = happens.some(({ act }) => writes.some((name) => name === act));
          const fleet = new Fleet({ isFleet, hasNames, isInOrder, isFailing }, wait, fails);
          const work = happens.map((event) => fleet.run(event));
          await passMs(20_000);
          await Promise.all(work);
          expect([fleet.violations, fleet.left]).toEqual([[], 0]);
        }),
        { numRuns, endOnFailure: numRuns > usualRuns, interruptAfterTimeLimit: 30_000 },
      );
    },
    60_000,
  );
});
