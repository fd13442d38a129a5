import { MomentoErrorCode } from '@gomomento/sdk';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { MomentoCacheError } from '../../foundation/momento.errors.js';
import { stringCodec } from '../../foundation/momento.codecs.js';
import { MomentoBulkLoadError, MomentoLoadedValueError } from '../loaders/loader.errors.js';
import type { CacheBinding } from '../options/cache.options.js';
import { startCache } from './load.fixture.js';
import { personSchema, schemaOf } from './schema.fixture.js';

const born = new Date(0);
const person = { born, role: 'guest' };
const stored = { born: born.toISOString() };
const failureOf = (work: Promise<unknown>) => work.catch((error: unknown) => error);

describe.each([
  ['at once', false],
  ['later', true],
])('a schema that answers %s', (_when, isAsync) => {
  const schema = personSchema(isAsync);
  const start = (binding: CacheBinding = {}) => {
    const started = startCache({ schema, ...binding });
    return { ...started, raw: started.cache.cache('demo-cache'), plain: started.process({}).cache };
  };

  it('makes of what is stored what every caller gets, on a miss and on a hit', async () => {
    const { cache, plain } = start();
    const load = vi.fn<() => Promise<object>>(async () => ({ born }));
    const [first, joined] = await Promise.all([cache.getOrSet('a', load), cache.getOrSet('a', load)]);
    const hit = await cache.getOrSet('a', load);
    expect([first, joined, hit]).toEqual([person, person, person]);
    expect(new Set([first, joined, hit]).size).toBe(3);
    expect(load).toHaveBeenCalledTimes(1);
    expect(await plain.get('a')).toEqual(stored);
    expect(await cache.get('a')).toEqual(person);
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map([['a', person]]));
    expect(await cache.getOrSetEntry('a', load)).toMatchObject({ value: person, source: 'cache' });
    expect(await cache.getOrSetMany(['a', 'c'], () => [['c', stored]])).toEqual(
      new Map([
        ['a', person],
        ['c', person],
      ]),
    );
  });

  it.each([[{ born: 'no' }], ['text'], [null]])('makes a miss of %o in the cache', async (unfit) => {
    const { cache, plain } = start();
    await plain.set('a', unfit);
    expect([await cache.get('a'), (await cache.getMany(['a'])).size]).toEqual([undefined, 0]);
    expect(await cache.getOrSetEntry('a', () => ({ born }))).toMatchObject({
      value: person,
      source: 'loader',
    });
    expect(await plain.get('a')).toEqual(stored);
  });

  it.each([['process' as const], ['fleet' as const]])(
    'makes an error of a loaded value that does not fit, which nobody stores (%s)',
    async (singleFlight) => {
      const { cache, store } = start({ singleFlight });
      const failure = await failureOf(cache.getOrSet('a', () => ({ born: 'secret' })));
      expect(failure).toBeInstanceOf(MomentoLoadedValueError);
      expect(failure).toMatchObject({
        code: 'loaded-value-does-not-fit',
        message: expect.stringMatching(/loader of 'a' .* does not fit the schema at value\.born\./),
        advice: expect.stringContaining('Correct the loader or the schema'),
        issues: [{ path: ['born'] }],
      });
      expect(inspect(failure)).not.toContain('secret');
      const left = await store.get('a');
      expect(left === undefined || !Buffer.from(left).includes('secret')).toBe(true);
      expect(await cache.getOrSet('a', () => stored)).toEqual(person);
    },
  );

  it('lets a stale value stand in for a loaded one that does not fit, and reads `previous` as well', async () => {
    const { cache } = start({ ttlSeconds: 0.01, staleIfErrorSeconds: 60 });
    await cache.set('a', stored);
    await new Promise((resolve) => setTimeout(resolve, 20));
    let previous: unknown;
    const value = await cache.getOrSet<unknown>('a', (context) => {
      ({ previous } = context);
      return { born: 'no' };
    });
    expect([value, previous]).toMatchObject([person, { value: person }]);
  });

  it('refuses to set what does not fit', async () => {
    const { cache, store } = start();
    const calls = [
      () => cache.set('a', { born: 'secret' }),
      () => cache.setIfAbsent('a', { born: 'secret' }),
      () =>
        cache.setMany([
          ['b', stored],
          ['a', { born: 'secret' }],
        ]),
      () =>
        cache.setMany<unknown>([
          ['b', { born: 'secret' }],
          ['a', 1n],
        ]),
    ];
    for (const call of calls) {
      const failure = await failureOf(call());
      expect(failure).toBeInstanceOf(MomentoCacheError);
      expect(failure).toMatchObject({ code: MomentoErrorCode.INVALID_ARGUMENT_ERROR });
      expect(inspect(failure)).not.toContain('secret');
    }
    expect([await store.get('a'), await store.get('b')]).toEqual([undefined, undefined]);
    await cache.setMany([['b', { born }]], { ttlSeconds: ({ born: date }) => date.getFullYear() });
    expect(await cache.get('b')).toEqual(person);
  });

  it('gives what it made to the functions of the options', async () => {
    const { cache } = start();
    const seen: unknown[] = [];
    const see = (value: unknown) => seen.push(value) > 0;
    await cache.getOrSet<unknown>('a', () => stored, {
      storeIf: see,
      ttlSeconds: (value) => Number(see(value)),
    });
    await cache.set<unknown>('b', stored, { ttlSeconds: (value) => Number(see(value)) });
    expect(seen).toEqual([person, person, person]);
  });

  it('lets one of many that does not fit fail alone', async () => {
    const { cache } = start();
    const failure = await failureOf(
      cache.getOrSetMany(['a', 'b'], () => [
        ['a', stored],
        ['b', { born: 'no' }],
      ]),
    );
    expect(failure).toBeInstanceOf(MomentoBulkLoadError);
    expect(failure).toMatchObject({ failed: 1, found: new Map([['a', person]]) });
    expect(Reflect.get(Object(failure), 'cause')).toBeInstanceOf(MomentoLoadedValueError);
  });

  it('that throws itself fails reads and loads with its error', async () => {
    const broken = schemaOf(
      () => {
        throw new TypeError('of the schema');
      },
      { isAsync },
    );
    const { cache, plain } = start({ schema: broken });
    await plain.set('a', stored);
    await expect(cache.get('a')).rejects.toThrow('of the schema');
    await expect(cache.set('a', stored)).rejects.toThrow('of the schema');
    await expect(cache.getOrSet('a', () => stored)).rejects.toThrow('of the schema');
  });

  it('does not read what is not found, and what the codec refuses goes out as it is', async () => {
    const { cache } = start({ notFoundSeconds: 5 });
    expect(await cache.getOrSet('a', () => undefined)).toBeUndefined();
    expect(await cache.getOrSet('a', () => ({ born }))).toBeUndefined();
    const map = new Map();
    expect(await cache.getOrSet('b', () => map)).toBe(map);
  });
});

describe('a schema', () => {
  it('is for all caches of a connection, and no part of a load of another one', async () => {
    const schema = personSchema(false);
    const { context, cache } = startCache({}, { defaults: { schema } });
    const other = cache.cache('demo-cache', { schema: schemaOf(() => 'other') });
    const codec = { ...stringCodec, decode: () => stored };
    const otherCodec = cache.cache('demo-cache', { codec: { encode: () => 'x', decode: codec.decode } });
    const load = vi.fn<() => object>(() => stored);
    const values = await Promise.all([cache, other, otherCodec].map((one) => one.getOrSet('a', load)));
    expect(values).toEqual([person, 'other', person]);
    expect(load).toHaveBeenCalledTimes(3);
    expect(context.defaults.schema).toBe(schema);
    const same = await Promise.all(
      [cache, cache.cache('demo-cache', {})].map((one) => one.getOrSet('b', load)),
    );
    expect(same).toEqual([person, person]);
    expect(load).toHaveBeenCalledTimes(4);
  });

  it('that answers at once does not let a read overtake a write', async () => {
    const { cache } = startCache({ schema: personSchema(false) });
    const writing = cache.set('a', stored);
    expect(await cache.get('a')).toEqual(person);
    await writing;
  });

  it('names the first five places that do not fit', async () => {
    const issues = Array.from({ length: 7 }, (_, index) => ({
      message: 'x',
      path: ['list', { key: index }, 'a b'],
    }));
    const schema = { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) } } as const;
    const { cache } = startCache({ schema });
    await expect(cache.set('a', 1)).rejects.toThrow(
      /at value\.list\[0\]\['a b'\], .*\[4\]\['a b'\] and more/,
    );
  });
});
