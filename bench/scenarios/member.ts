import { bundleProgram } from '../forked.js';
import type { Cache, SetUp } from './caches/cache.js';
import { type Answered, type Calls, callInWaves, type Waves } from './calls.js';
import { contestants } from './contestants.js';

export type Question =
  | { readonly open: string; readonly setUp: SetUp }
  | { readonly waves: Waves }
  | { readonly delete: readonly string[] }
  | { readonly close: true };

/** One process of a fleet, as it is asked from outside. */
export class Member {
  readonly #ask: (question: Question) => Promise<unknown>;

  constructor(ask: (question: Question) => Promise<unknown>) {
    this.#ask = ask;
  }

  /** @param contestant its name */
  async open(contestant: string, setUp: SetUp): Promise<void> {
    await this.#ask({ open: contestant, setUp });
  }

  async call(calls: Calls): Promise<Answered> {
    return this.callInWaves({ ...calls, times: 1, everyMs: 0 });
  }

  async callInWaves(waves: Waves): Promise<Answered> {
    return (await this.#ask({ waves })) as Answered;
  }

  async delete(keys: readonly string[]): Promise<void> {
    await this.#ask({ delete: keys });
  }

  async close(): Promise<void> {
    await this.#ask({ close: true });
  }
}

/** What a member does with a question, in its process: it uses the cache that it was told to open. */
export function makeAnswering(): (question: Question) => Promise<unknown> {
  let cache: Cache | undefined;
  return async (question) => {
    if ('open' in question) {
      cache = await contestants.find(({ name }) => name === question.open)?.open(question.setUp);
      return true;
    }
    const open = cache;
    if (open === undefined) throw new Error('no cache is open');
    if ('waves' in question) return callInWaves(open, question.waves);
    if ('delete' in question) await Promise.all(question.delete.map((key) => open.delete(key)));
    else await open.close();
    return true;
  };
}

export interface Fleet {
  readonly members: readonly Member[];
  stop(): Promise<void>;
}

/** So many processes beside this one. */
export async function startFleet(processes: number): Promise<Fleet> {
  const program = await bundleProgram('bench/scenarios/member.program.ts');
  const started = await Promise.all(Array.from({ length: processes }, () => program.start()));
  return {
    members: started.map((one) => new Member((question) => one.ask(question))),
    async stop() {
      await Promise.all(started.map((one) => one.stop()));
      await program.remove();
    },
  };
}
