import { InternalServerError, ServerUnavailableError } from '@gomomento/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallOutcome } from '../../../clients/sdk/sdk-answer.js';
import { MemoryStore } from '../memory-store.fixture.js';
import { BatchingStore } from './batching-store.js';
import { outcomesOf } from './deferred.js';

type Value = string | undefined;

/** A cache that remembers what it held, each value of a key after the other. */
class Remembering extends Map<string, { readonly bytes: Uint8Array; readonly expiresAtMs: number }> {
  readonly #held = new Map<string, Value[]>();

  heldOf(key: string): Value[] {
    const held = this.#held.get(key) ?? [undefined];
    this.#held.set(key, held);
    return held;
  }

  /** The place of the current value among those that the key has had. */
  nowAt(key: string): number {
    return this.heldOf(key).length - 1;
  }

  override set(key: string, item: { readonly bytes: Uint8Array; readonly expiresAtMs: number }): this {
    this.heldOf(key).push(new TextDecoder().decode(item.bytes));
    return super.set(key, item);
  }

  override delete(key: string): boolean {
    this.heldOf(key).push(undefined);
    return super.delete(key);
  }
}

const kinds = [
  'get',
  'getMany',
  'set',
  'setMany',
  'delete',
  'increment',
  'setIfAbsent',
  'elsewhere',
] as const;
type Kind = (typeof kinds)[number];

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
/** What happens between two calls. */
const gaps = {
  nothing: async () => undefined,
  tick,
  answer: async (scheduler: fc.Scheduler) => {
    await tick();
    if (scheduler.count() > 0) await scheduler.waitOne();
  },
};
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(...kinds),
    key: fc.constantFrom('a', 'b'),
    gap: fc.constantFrom<keyof typeof gaps>('nothing', 'tick', 'answer'),
  }),
  { minLength: 1, maxLength: 25 },
);
/** How the calls go, in the order in which they are answered. */
type Fault = 'goes' | 'fails';
const faultList = fc.array(fc.constantFrom<Fault>('goes', 'goes', 'fails'), { maxLength: 12 });

/** A change that was asked for. */
interface Change {
  /** What the key holds after it, where that is certain. */
  readonly effect: { readonly value: Value } | undefined;
  hasFailed: boolean;
  /** The place of the value that the key held when it ended. */
  endedAt: number | undefined;
}

/** Calls a store, and keeps what was wrong with its answers. */
class Caller {
  readonly wrong: string[] = [];
  /** Calls that have not ended. */
  underWay = 0;
  readonly #items = new Remembering();
  readonly #changes = new Map<string, Change[]>();
  readonly #store: BatchingStore;
  /** Another process with the same cache. */
  readonly #other = new MemoryStore({ items: this.#items });
  #count = 0;

  constructor(scheduler: fc.Scheduler, faults: readonly Fault[]) {
    const left = [...faults];
    const answer = async (label: string, error: Error) => {
      await scheduler.schedule(Promise.resolve(), label);
      if (left.shift() === 'fails') throw error;
    };
    const memory = new MemoryStore({
      items: this.#items,
      before: ({ name, keys }) => answer(`${name} ${keys.join()}`, new ServerUnavailableError('away')),
      after: ({ name }) => answer(`${name} answers`, new InternalServerError('failed')),
    });
    this.#store = new BatchingStore(memory, { timeoutMs: 60_000 });
  }

  call(kind: Kind, key: string): void {
    const value = String((this.#count += 1000));
    const other = key === 'a' ? 'b' : 'a';
    const calls: Readonly<Record<Kind, () => void>> = {
      get: () => this.#read([key], () => outcomesOf([this.#store.get(key)])),
      getMany: () => this.#read([key, other, key], () => this.#store.getMany([key, other, key])),
      set: () => this.#change(key, { value }, () => outcomesOf([this.#store.set({ key, value })])),
      setMany: () => {
        // Together they would end when the slower one does, which is not what a read waits for.
        this.#change(key, { value }, () => this.#store.setMany([{ key, value }]));
        this.#change(other, { value }, () => this.#store.setMany([{ key: other, value }]));
      },
      delete: () => this.#change(key, { value: undefined }, () => outcomesOf([this.#store.delete(key)])),
      increment: () =>
        this.#change(key, undefined, () => outcomesOf([this.#store.increment(key, 1, undefined)])),
      setIfAbsent: () =>
        this.#change(key, undefined, () => outcomesOf([this.#store.setIfAbsent({ key, value })])),
      elsewhere: () => void this.#other.set({ key, value }),
    };
    calls[kind]();
  }

  /** When all calls have ended, and there was no other process. */
  checkEnd(): void {
    if (this.#store.pendingCount > 0) this.wrong.push(`${this.#store.pendingCount} keys are left`);
    for (const [key, changes] of this.#other.calls.set.count > 0 ? [] : this.#changes) {
      const last = changes.at(-1);
      if (last?.effect === undefined || last.hasFailed) continue;
      const held = this.#items.heldOf(key).at(-1);
      if (held !== last.effect.value) this.wrong.push(`${key} holds ${held}, not ${last.effect.value}`);
    }
  }

  #read(keys: readonly string[], read: () => Promise<readonly CallOutcome<Uint8Array | undefined>[]>): void {
    this.underWay += 1;
    const asked = keys.map((key) => ({
      key,
      changes: [...this.#changesOf(key)],
      calledAt: this.#items.nowAt(key),
    }));
    const check = (outcomes: readonly CallOutcome<Uint8Array | undefined>[]) => {
      this.underWay -= 1;
      for (const [index, { key, changes, calledAt }] of asked.entries()) {
        if (changes.some(({ endedAt }) => endedAt === undefined)) this.wrong.push(`${key} overtook a write`);
        const outcome = outcomes[index];
        if (outcome === undefined || 'thrown' in outcome) continue;
        const text = outcome.value && new TextDecoder().decode(outcome.value);
        const from = Math.max(calledAt, ...changes.map(({ endedAt }) => endedAt ?? 0));
        const held = this.#items.heldOf(key).slice(from);
        if (!held.includes(text)) this.wrong.push(`${key} was ${text}, not one of ${held.join()}`);
      }
    };
    void read().then(check);
  }

  #change(key: string, effect: Change['effect'], make: () => Promise<readonly CallOutcome<unknown>[]>): void {
    this.underWay += 1;
    const change: Change = { effect, hasFailed: false, endedAt: undefined };
    this.#changesOf(key).push(change);
    const end = ([outcome]: readonly CallOutcome<unknown>[]) => {
      this.underWay -= 1;
      change.hasFailed = outcome === undefined || 'thrown' in outcome;
      change.endedAt = this.#items.nowAt(key);
    };
    void make().then(end);
  }

  #changesOf(key: string): Change[] {
    const changes = this.#changes.get(key) ?? [];
    this.#changes.set(key, changes);
    return changes;
  }
}

describe('in whatever order calls are made and answered, and whichever fail', () => {
  it('a read answers what was there meanwhile and no write before it overtook, and changes keep their order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), steps, faultList, async (scheduler, made, faults) => {
        const caller = new Caller(scheduler, faults);
        for (const { kind, key, gap } of made) {
          caller.call(kind, key);
          await gaps[gap](scheduler);
        }
        while (caller.underWay > 0) await gaps.answer(scheduler);
        caller.checkEnd();
        expect(caller.wrong).toEqual([]);
      }),
      { numRuns: 500 },
    );
  }, 60_000);
});
