import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSurelyJson, jsonProblem } from './json-form.js';

class User {
  readonly #born = new Date(0);
  constructor(readonly name = 'secret') {}
  get born() {
    return this.#born;
  }
}
class Money {
  toJSON() {
    return '5 EUR';
  }
}

/** What JSON loses, and how it is called. */
const lost: readonly (readonly [unknown, RegExp])[] = [
  [undefined, /^undefined, which has no JSON form$/],
  [() => 'secret', /^a function,/],
  [User, /^a function,/],
  [Symbol('secret'), /^a symbol,/],
  [10n, /^a bigint, .*: store it as a text$/],
  [new Map([['secret', 1]]), /^a Map, .*: store an array of its entries$/],
  [new Set(['secret']), /^a Set,/],
  [new User(), /^an instance of User, .*: store a plain object, or give the class a toJSON\(\)$/],
  [new (class {})(), /^an instance of a class,/],
  [new Error('secret'), /^an instance of Error,/],
  [Object.create(new User()) as object, /^an instance of User,/],
  [Uint8Array.of(1), /^bytes, .*: use a cache with the codec bytesCodec/],
  [Buffer.from('secret'), /^bytes,/],
  [new DataView(new ArrayBuffer(1)), /^bytes,/],
  [new ArrayBuffer(1), /^bytes,/],
];

const kept = [
  null,
  0,
  'text',
  true,
  [],
  {},
  Object.assign(Object.create(null) as object, { a: [1] }),
  new Date(0),
  new Money(),
  { toJSON: () => 1 },
  { a: undefined, b: [{ c: new Date(0) }] },
];

describe('what JSON does not give back', () => {
  it.each(lost)('is named: %o', (value, name) => {
    const at = (problem: string | undefined, place: string) => {
      expect(problem?.startsWith(`${place} is `)).toBe(true);
      expect(problem?.slice(place.length + 4)).toMatch(name);
      expect(problem).not.toContain('secret');
    };
    at(jsonProblem(value), 'value');
    at(jsonProblem([1, [value]]), 'value[1][0]');
    expect([isSurelyJson(value), isSurelyJson([value])]).toEqual([false, false]);
    if (value === undefined) return;
    at(jsonProblem({ users: [{ id: 1 }, { 'own name': value }] }), "value.users[1]['own name']");
    expect(isSurelyJson({ users: [{ own: value }] })).toBe(false);
  });

  it('is a hole in an array, too', () => {
    const holes: unknown[] = [1];
    holes[2] = 3;
    expect(jsonProblem(holes)).toContain('value[1] is undefined');
    expect(isSurelyJson(holes)).toBe(false);
  });

  it('is named in one line, whatever its name is', () => {
    const name = `a\n'b${'x'.repeat(200)}`;
    const problem = jsonProblem({ [name]: 1n });
    expect(problem).toMatch(/^value\['a\\n\\'bx+…'\] is a bigint/);
    expect(problem?.length).toBeLessThan(200);
    Object.defineProperty(User, 'name', { value: 'User\n[Nest] forged' });
    expect(jsonProblem(new User())).toContain(String.raw`User\n[Nest] forged`);
  });
});

describe('what JSON gives back', () => {
  it.each(kept.map((value) => [value]))('is not named: %o', (value) => {
    expect([jsonProblem(value), jsonProblem([{ value }])]).toEqual([undefined, undefined]);
  });

  it('is seen at the first look, but for what has a toJSON of its own', () => {
    const unsure = kept.filter((value) => !isSurelyJson({ value }));
    expect(unsure).toEqual([expect.objectContaining({ toJSON: expect.any(Function) })]);
  });

  it('may be a bigint where the app has given these a toJSON', () => {
    const prototype: object = Object.getPrototypeOf(Object(1n));
    Object.defineProperty(prototype, 'toJSON', { configurable: true, value: () => 'big' });
    try {
      expect(jsonProblem({ id: 5n })).toBeUndefined();
    } finally {
      Reflect.deleteProperty(prototype, 'toJSON');
    }
  });

  it('may be very deep, and what is within itself is left to JSON.stringify', () => {
    let deep: unknown = 'end';
    for (let level = 0; level < 1_000; level += 1) deep = level % 2 === 0 ? [deep] : { deep };
    expect([isSurelyJson(deep), jsonProblem(deep)]).toEqual([false, undefined]);
    const ring: unknown[] = [];
    ring.push({ ring });
    expect([isSurelyJson(ring), jsonProblem(ring)]).toEqual([false, undefined]);
    const twice = { a: 1 };
    expect(isSurelyJson([twice, twice])).toBe(true);
    ring.push(1n);
    expect(jsonProblem(ring)).toContain('value[1] is a bigint');
  });

  it('comes back equal, and what would not is named, whatever there is', () => {
    const values = fc.anything({
      values: [fc.integer(), fc.string(), fc.boolean(), fc.constant(null), fc.constant(undefined)],
      withBigInt: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withTypedArray: true,
      withSparseArray: true,
      withBoxedValues: true,
    });
    fc.assert(
      fc.property(values, (value) => {
        const problem = jsonProblem(value);
        expect(isSurelyJson(value) && problem !== undefined).toBe(false);
        expect(problem ?? 'value is kept').toMatch(/^value[\s\S]* (is|are) /);
        expect(problem === undefined ? JSON.parse(JSON.stringify(value)) : value).toEqual(value);
      }),
    );
  });
});
