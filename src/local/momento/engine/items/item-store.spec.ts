import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ItemStore } from './item-store.js';
import { getScalar, incrementScalar, setScalar, setScalarIf } from './scalars.js';
import { setConditions } from './set-conditions.js';
import { remainingTtl, updateTtl } from './ttl.js';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const text = (value: Uint8Array | undefined) => value && Buffer.from(value).toString();

interface Counter {
  set(key: string, value: string, ttlMilliseconds: number): void;
  setIfEqual(key: string, value: string, ttlMilliseconds: number, expected: string): boolean;
  increment(key: string, amount: number, ttlMilliseconds: number): number | 'refused';
  increaseTtl(key: string, ttlMilliseconds: number): boolean;
  delete(key: string): void;
  read(key: string): { value: string; leftMs: number } | undefined;
}

/** What is tested. */
class Subject implements Counter {
  readonly #store: ItemStore;

  constructor(clock: { readonly nowMs: number }) {
    this.#store = new ItemStore(() => clock.nowMs);
  }

  set(key: string, value: string, ttlMilliseconds: number) {
    setScalar(this.#store, bytes(key), bytes(value), ttlMilliseconds);
  }

  setIfEqual(key: string, value: string, ttlMilliseconds: number, expected: string) {
    const condition = setConditions.equal(bytes(expected));
    return setScalarIf(this.#store, bytes(key), bytes(value), ttlMilliseconds, condition);
  }

  increment(key: string, amount: number, ttlMilliseconds: number) {
    try {
      return incrementScalar(this.#store, bytes(key), amount, ttlMilliseconds);
    } catch {
      return 'refused';
    }
  }

  increaseTtl(key: string, ttlMilliseconds: number) {
    return updateTtl(this.#store, bytes(key), 'increase', ttlMilliseconds) === 'set';
  }

  delete(key: string) {
    this.#store.delete(bytes(key));
  }

  read(key: string) {
    const value = text(getScalar(this.#store, bytes(key)));
    const leftMs = remainingTtl(this.#store, bytes(key));
    return value === undefined || leftMs === undefined ? undefined : { value, leftMs };
  }
}

/** The same, said as simply as can be: nothing is swept, everything is compared with the time. */
class Model implements Counter {
  readonly #items = new Map<string, { value: string; expiresAtMs: number }>();

  constructor(private readonly clock: { readonly nowMs: number }) {}

  set(key: string, value: string, ttlMilliseconds: number) {
    this.#items.set(key, { value, expiresAtMs: this.clock.nowMs + ttlMilliseconds });
  }

  setIfEqual(key: string, value: string, ttlMilliseconds: number, expected: string) {
    const isEqual = this.read(key)?.value === expected;
    if (isEqual) {
      this.set(key, value, ttlMilliseconds);
    }
    return isEqual;
  }

  increment(key: string, amount: number, ttlMilliseconds: number) {
    const { value } = this.read(key) ?? { value: '0' };
    if (value === '') {
      return 'refused';
    }
    this.set(key, String(Number(value) + amount), ttlMilliseconds);
    return Number(value) + amount;
  }

  increaseTtl(key: string, ttlMilliseconds: number) {
    const item = this.read(key);
    const applies = item !== undefined && ttlMilliseconds > item.leftMs;
    if (applies) {
      this.set(key, item.value, ttlMilliseconds);
    }
    return applies;
  }

  delete(key: string) {
    this.#items.delete(key);
  }

  read(key: string) {
    const item = this.#items.get(key);
    const leftMs = (item?.expiresAtMs ?? 0) - this.clock.nowMs;
    return item && leftMs > 0 ? { value: item.value, leftMs } : undefined;
  }
}

const KEYS = ['a', 'b', 'c'];
const anyKey = fc.constantFrom(...KEYS);
const anyValue = fc.constantFrom('0', '7', '-3', '');
const anyTtl = fc.integer({ min: 1, max: 50 });
const anyAmount = fc.integer({ min: -9, max: 9 });

/** Time passes, and then something is done. */
const step = fc.record({
  passesMs: fc.oneof(fc.constant(0), fc.nat({ max: 30 })),
  run: fc.oneof(
    fc.tuple(anyKey, anyValue, anyTtl).map((args) => (counter: Counter) => counter.set(...args)),
    fc
      .tuple(anyKey, anyValue, anyTtl, anyValue)
      .map((args) => (counter: Counter) => counter.setIfEqual(...args)),
    fc.tuple(anyKey, anyAmount, anyTtl).map((args) => (counter: Counter) => counter.increment(...args)),
    fc.tuple(anyKey, anyTtl).map((args) => (counter: Counter) => counter.increaseTtl(...args)),
    anyKey.map((name) => (counter: Counter) => counter.delete(name)),
  ),
});

describe('ItemStore', () => {
  it('behaves as the model, whatever is done in whatever order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = { nowMs: 0 };
        const [subject, model] = [new Subject(clock), new Model(clock)];
        for (const { passesMs, run } of steps) {
          clock.nowMs += passesMs;
          expect(run(subject)).toBe(run(model));
          expect(KEYS.map((name) => subject.read(name))).toEqual(KEYS.map((name) => model.read(name)));
        }
      }),
    );
  });

  it('frees expired items that nobody reads, as others are written', () => {
    let nowMs = 0;
    const store = new ItemStore(() => nowMs);
    for (let index = 0; index < 1_000; index += 1) {
      setScalar(store, bytes(`short ${index}`), bytes('x'), 10);
    }
    nowMs = 10;
    for (let index = 0; index < 1_000; index += 1) {
      setScalar(store, bytes(`long ${index}`), bytes('x'), 1_000);
    }

    expect(store.heldCount).toBe(1_000);
  });

  it('keeps keys apart that differ in one bit', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 4 }), { selector: String }),
        (keys) => {
          const store = new ItemStore(() => 0);
          keys.forEach((item, index) => setScalar(store, item, bytes(String(index)), 1));

          expect(keys.map((item) => text(getScalar(store, item)))).toEqual(
            keys.map((_item, index) => String(index)),
          );
        },
      ),
    );
  });

  it('keeps its own copy of a value', () => {
    const store = new ItemStore(() => 0);
    const given = bytes('before');
    setScalar(store, bytes('k'), given, 1);
    given.set(bytes('after!'));

    expect(text(getScalar(store, bytes('k')))).toBe('before');
  });

  it.each([0, -1, Number.NaN])('refuses a TTL of %d', (ttl) => {
    const store = new ItemStore(() => 0);

    expect(() => setScalar(store, bytes('k'), bytes('v'), ttl)).toThrow('must be positive');
    expect(() => setScalarIf(store, bytes('k'), bytes('v'), ttl, () => false)).toThrow('must be positive');
    expect(() => incrementScalar(store, bytes('k'), 1, ttl)).toThrow('must be positive');
    expect(() => updateTtl(store, bytes('k'), 'overwrite', ttl)).toThrow('must be positive');
    expect(store.heldCount).toBe(0);
  });
});
