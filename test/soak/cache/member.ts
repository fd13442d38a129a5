import { NestFactory } from '@nestjs/core';
import { CacheService, fromMomentoLocal, MomentoModule } from 'nestjs-momento';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom } from '../seeded-random.js';
import { Database } from './database.js';
import { type MemberOptions, type MemberReport, staleAtMostMs } from './member.types.js';

const failingShare = 0.01;
const rampSeconds = 30;

interface Value {
  readonly key: number;
  readonly group: number;
  readonly text: string;
}

/** One process of the soak: asks, checks, and changes what is its own. */
export class Member {
  readonly #options: MemberOptions;
  readonly #database: Database;
  readonly #random: () => number;
  readonly #changing = new Set<number>();
  readonly #counts = { calls: 0, changes: 0, rejected: 0, failed: 0, loads: 0, loadFailures: 0 };
  readonly #stale = { own: 0, beyond: 0, longestMs: 0 };
  readonly #heapMegabytes: number[] = [];
  readonly #app;
  #startedAtMs = 0;
  #firstError: string | undefined;
  /** Loaders that run. */
  #running = 0;

  private constructor(options: MemberOptions, app: Awaited<ReturnType<typeof startApp>>) {
    this.#options = options;
    this.#app = app;
    this.#database = Database.open(options.path);
    this.#random = randomFrom(options.seed + options.index);
  }

  /** Its near cache hears the others soon after. */
  static async start(options: MemberOptions): Promise<Member> {
    const app = await startApp(options.port);
    // What listens to the others is made at the first call.
    await app.get(CacheService).get('first');
    return new Member(options, app);
  }

  async run(): Promise<MemberReport> {
    const cache = this.#app.get(CacheService);
    const before = cache.stats();
    const lag = monitorEventLoopDelay({ resolution: 10 });
    this.#startedAtMs = performance.now();
    lag.enable();
    await Promise.all(Array.from({ length: this.#options.callers }, () => this.#call(cache)));
    // What is refreshed behind.
    do await sleep(100);
    while (this.#running > 0);
    this.#measureHeap();
    lag.disable();
    const { loads, loadFailures, calls } = this.#counts;
    const stats = cache.stats();
    const asked = ({ nearHits, hits, stale, misses, joined }: typeof stats) =>
      nearHits + hits + stale + misses + joined;
    const counts: Record<string, readonly [number, number]> = {
      asked: [asked(stats) - asked(before), calls],
      loads: [stats.loads, loads],
      loadFailures: [stats.loadFailures, loadFailures],
      pendingEvictions: [stats.pendingEvictions, 0],
    };
    const notStored = stats.loads - stats.loadFailures - stats.stored - stats.fenced;
    return {
      ...this.#counts,
      firstError: this.#firstError,
      ownStale: this.#stale.own,
      staleBeyond: this.#stale.beyond,
      longestStaleMs: Math.round(this.#stale.longestMs),
      longestLagMs: Math.round(lag.max / 1e6),
      wrongCounts: Object.entries(counts).flatMap(([name, [said, counted]]) =>
        said === counted ? [] : [`${name}: ${said}, not ${counted}`],
      ),
      nearHits: stats.nearHits,
      items: stats.reads + stats.writes,
      notStored,
      heapMegabytes: this.#heapMegabytes,
    };
  }

  /** @returns how many keys are not up to date */
  async staleKeys(): Promise<number> {
    const cache = this.#app.get(CacheService);
    let stale = 0;
    for (let first = 0; first < this.#options.keys; first += 1_000) {
      const count = Math.min(1_000, this.#options.keys - first);
      const keys = Array.from({ length: count }, (_, index) => first + index);
      const found = await cache.getMany<Value>(keys.map(nameOf));
      for (const key of keys) {
        const value = found.get(nameOf(key));
        const [version, group] = [key, this.#groupOf(key)].map((one) => this.#database.version(one));
        if (value !== undefined && (value.key !== version || value.group !== group)) stale += 1;
      }
    }
    return stale;
  }

  async close(): Promise<void> {
    await this.#app.close();
    this.#database.close();
  }

  async #call(cache: CacheService): Promise<void> {
    const { calls, callsAChange, endAtMs } = this.#options;
    while (this.#counts.calls < calls && Database.nowMs() < endAtMs) {
      if (this.#counts.calls % Math.ceil(calls / 4) === 0) this.#measureHeap();
      this.#counts.calls += 1;
      await this.#ask(cache, this.#anyKey());
      if (this.#random() * callsAChange < 1) await this.#change(cache, this.#anyKey());
      const aheadMs = this.#aheadMs();
      // Near hits alone would let nothing else run.
      if (aheadMs > 0 || this.#counts.calls % 100 === 0) await sleep(aheadMs);
    }
  }

  /** With a pace, calls become more frequent by and by: filling all near caches at once would keep the machine busy by itself. */
  #aheadMs(): number {
    const { callsASecond } = this.#options;
    const { calls } = this.#counts;
    const isRamp = calls < (callsASecond * rampSeconds) / 2;
    const dueSeconds = isRamp
      ? Math.sqrt((2 * rampSeconds * calls) / callsASecond)
      : rampSeconds / 2 + calls / callsASecond;
    return Math.max(0, dueSeconds * 1000 - (performance.now() - this.#startedAtMs));
  }

  /** Some far more often than others, and now and then any of them. */
  #anyKey(): number {
    const { keys, hotKeys, coldShare } = this.#options;
    if (this.#random() < coldShare) return Math.floor(keys * this.#random());
    return Math.floor(hotKeys * this.#random() ** 3);
  }

  #groupOf(key: number): number {
    return this.#options.keys + (key % this.#options.groups);
  }

  async #ask(cache: CacheService, key: number): Promise<void> {
    const group = this.#groupOf(key);
    const calledAtMs = Database.nowMs();
    try {
      const value = await cache.getOrSet(nameOf(key), () => this.#load(key, group), { tags: [tagOf(group)] });
      this.#check(key, value.key, calledAtMs);
      this.#check(group, value.group, calledAtMs);
    } catch (error) {
      if (error instanceof LoaderError) this.#counts.rejected += 1;
      else this.#fail(error);
    }
  }

  async #load(key: number, group: number): Promise<Value> {
    this.#counts.loads += 1;
    const value = {
      key: this.#database.version(key),
      group: this.#database.version(group),
      text: 'v'.repeat(50),
    };
    this.#running += 1;
    await sleep(this.#random() * 5);
    this.#running -= 1;
    if (this.#random() >= failingShare) return value;
    this.#counts.loadFailures += 1;
    throw new LoaderError();
  }

  #check(record: number, version: number, calledAtMs: number): void {
    const staleMs = this.#database.staleMs(record, version, calledAtMs);
    if (staleMs === 0) return;
    if (this.#isOwn(record)) this.#stale.own += 1;
    if (staleMs > staleAtMostMs) this.#stale.beyond += 1;
    this.#stale.longestMs = Math.max(this.#stale.longestMs, staleMs);
  }

  #isOwn(record: number): boolean {
    return record % this.#options.members === this.#options.index;
  }

  /** First in the database, then in the cache. Of ten changes, one is that of a tag. */
  async #change(cache: CacheService, key: number): Promise<void> {
    const record = this.#random() < 0.1 ? this.#groupOf(key) : key;
    if (!this.#isOwn(record) || this.#changing.has(record)) return;
    this.#changing.add(record);
    const version = this.#database.change(record);
    try {
      if (record === key) await cache.delete(nameOf(key));
      else await cache.invalidateTags(tagOf(record));
      this.#database.ended(record, version);
      this.#counts.changes += 1;
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#changing.delete(record);
    }
  }

  #fail(error: unknown): void {
    this.#counts.failed += 1;
    this.#firstError ??= String(error);
  }

  #measureHeap(): void {
    globalThis.gc?.();
    this.#heapMegabytes.push(Math.round(process.memoryUsage().heapUsed / 1e5) / 10);
  }
}

class LoaderError extends Error {
  constructor() {
    super('The loader fails.');
  }
}

const nameOf = (key: number) => `key ${key}`;
const tagOf = (group: number) => `group ${group}`;

function startApp(port: number) {
  const root = MomentoModule.forRoot({
    credentials: fromMomentoLocal({ port }),
    cacheName: 'soak',
    cache: {
      ttlSeconds: 120,
      staleSeconds: 30,
      staleIfErrorSeconds: 30,
      ttlJitter: 0.5,
      singleFlight: 'fleet',
      nearCache: { maxItems: 10_000, invalidation: 'topic' },
    },
  });
  return NestFactory.createApplicationContext(root, { logger: ['error', 'warn'] });
}
