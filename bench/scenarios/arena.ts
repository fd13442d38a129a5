import type { OtherProcess } from '../other-process.js';
import type { Cache, Contestant, SetUp } from './caches/cache.js';
import { callAll } from './calls.js';
import type { Member } from './member.js';

/** How big the scenarios are: a test runs them small. */
export interface Size {
  /** Who ask for one key at once. */
  readonly callers: number;
  /** Keys that are asked for in one tick. */
  readonly keysATick: number;
  /** Keys that are deleted while they load. */
  readonly trials: number;
  /** Beside the one that measures. */
  readonly processes: number;
  /** The time limit of a call to Momento. */
  readonly limitMs: number;
  /** Calls one after the other after the first one that met a cache which hangs. */
  readonly nextCalls: number;
}

/** Makes a cell of the table. */
export interface Scenario {
  readonly title: (size: Size) => string;
  /** Waits for real time: seconds for each contestant. */
  readonly isSlow?: boolean;
  run(arena: Arena, contestant: Contestant): Promise<string>;
}

export interface Requests<Result> {
  readonly reads: number;
  /** All but the reads. */
  readonly writes: number;
  readonly result: Result;
}

/** One server, this process and the others of the fleet. Each scenario opens caches anew, and has keys of its own. */
export class Arena {
  readonly server: OtherProcess;
  readonly members: readonly Member[];
  readonly size: Size;
  #keysSoFar = 0;

  constructor(server: OtherProcess, members: readonly Member[], size: Size) {
    this.server = server;
    this.members = members;
    this.size = size;
  }

  /** A limit that no call meets, but where a scenario is about an outage. */
  setUp(more: Partial<SetUp> = {}): SetUp {
    return { port: this.server.port, limitMs: 20_000, ttlSeconds: 600, ...more };
  }

  keys(count: number): string[] {
    this.#keysSoFar += 1;
    return Array.from({ length: count }, (_, index) => `key ${this.#keysSoFar}.${index}`);
  }

  key(): string {
    const [key = ''] = this.keys(1);
    return key;
  }

  async withCache<Result>(
    contestant: Contestant,
    more: Partial<SetUp>,
    work: (cache: Cache) => Promise<Result>,
  ): Promise<Result> {
    const cache = await contestant.open(this.setUp(more));
    try {
      // So that the time it takes to connect is no part of what is measured.
      await callAll(cache, { keys: this.keys(1), value: 'value' });
      return await work(cache);
    } finally {
      await cache.close();
    }
  }

  /** With the same cache in so many other processes. */
  async withMembers<Result>(
    contestant: Contestant,
    processes: number,
    more: Partial<SetUp>,
    work: (...members: Member[]) => Promise<Result>,
  ): Promise<Result> {
    const members = this.members.slice(0, processes);
    if (members.length < processes) throw new RangeError(`there are ${members.length} members`);
    await Promise.all(members.map((member) => member.open(contestant.name, this.setUp(more))));
    try {
      const warmUp = { keys: this.keys(1), value: 'value' };
      await Promise.all(members.map((member) => member.call(warmUp)));
      return await work(...members);
    } finally {
      await Promise.all(members.map((member) => member.close()));
    }
  }

  async requests<Result>(work: () => Promise<Result>): Promise<Requests<Result>> {
    const before = await this.#counts();
    const result = await work();
    const after = await this.#counts();
    return { reads: after.reads - before.reads, writes: after.writes - before.writes, result };
  }

  async #counts(): Promise<{ readonly reads: number; readonly writes: number }> {
    const { calls } = await this.server.usage();
    const sum = (isRead: boolean) =>
      Object.entries(calls)
        .filter(([rpc]) => rpc.startsWith('get') === isRead)
        .reduce((total, [, count]) => total + count, 0);
    return { reads: sum(true), writes: sum(false) };
  }
}

/** As a reader wants it: milliseconds below a second, else seconds. */
export function time(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

export const count = (value: number) => value.toLocaleString('en-US');
