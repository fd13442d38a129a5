import { MomentoErrorCode } from '@gomomento/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { useService } from '../../../../test/conformance/conformance.fixture.js';
import { bytesCodec, type MomentoCodec, stringCodec } from '../../../foundation/momento.codecs.js';
import { errorOf, newContext } from '../handles.fixture.js';
import { CacheDictionary } from './dictionary.js';

const service = useService();

const newDictionary = <T>(codec?: MomentoCodec): CacheDictionary<T> =>
  new CacheDictionary(newContext(service, codec && { codec }), 'users');

const fields = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', '\n', ' ', '\0', '7'),
);

describe('a dictionary', () => {
  it('is empty while it does not exist', async () => {
    const users = newDictionary<number>();
    expect(await users.get('a')).toBeUndefined();
    expect(await users.getMany(['a', 'b'])).toEqual(new Map());
    expect(await users.getAll()).toEqual(new Map());
    expect(await users.size()).toBe(0);
    await users.delete('a');
    await users.clear();
  });

  it('gives back what was set, under whatever fields', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fields, fc.jsonValue())), fields, async (entries, missing) => {
        const users = newDictionary<unknown>();
        await users.setMany(entries);
        const expected = new Map(entries.map(([name, value]) => [name, jsonOf(value)]));
        expect(await users.getAll()).toEqual(expected);
        expect(await users.size()).toBe(expected.size);
        const asked = [...expected.keys(), missing];
        expect(await users.getMany([...asked, ...asked])).toEqual(expected);
        for (const name of asked.slice(-3)) expect(await users.get(name)).toEqual(expected.get(name));
      }),
      { numRuns: 20 },
    );
  });

  it('answers the fields in the order in which they were asked for', async () => {
    const users = newDictionary<number>();
    await users.setMany(Object.entries({ a: 1, b: 2, c: 3 }));
    expect([...(await users.getMany(['c', 'none', 'a']))]).toEqual([
      ['c', 3],
      ['a', 1],
    ]);
  });

  it('sets, replaces, deletes one, some, and all', async () => {
    const users = newDictionary<number>();
    await users.set('a', 1);
    await users.set('a', 2);
    await users.setMany(
      new Map([
        ['b', 3],
        ['c', 4],
        ['d', 5],
      ]),
    );
    await users.delete('b');
    await users.delete(['c', 'none']);
    await users.delete([]);
    expect(await users.getAll()).toEqual(
      new Map([
        ['a', 2],
        ['d', 5],
      ]),
    );
    await users.clear();
    expect(await users.getAll()).toEqual(new Map());
  });

  it('counts in a field that get reads', async () => {
    const users = newDictionary<number>();
    expect(await users.increment('visits')).toBe(1);
    expect(await users.increment('visits', 41)).toBe(42);
    expect(await users.increment('visits', -42)).toBe(0);
    expect(await users.get('visits')).toBe(0);
  });

  it('stores by the codec', async () => {
    const texts = newDictionary<string>(stringCodec);
    await texts.set('a', 'plain');
    expect(await texts.get('a')).toBe('plain');
    const bytes = newDictionary<Uint8Array>(bytesCodec);
    await bytes.set('a', Uint8Array.of(0, 255));
    expect(await bytes.getAll()).toEqual(new Map([['a', Uint8Array.of(0, 255)]]));
  });

  it('tells that what is stored is not of the codec, without showing it', async () => {
    const context = newContext(service);
    await service.client.dictionarySetField(context.cacheName, 'users', 'a', 'sensitive, but not JSON');
    const users = new CacheDictionary(context, 'users');
    for (const call of [users.get('a'), users.getMany(['a']), users.getAll()]) {
      const error = await errorOf(call);
      expect(error).toMatchObject({ code: MomentoErrorCode.FAILED_PRECONDITION_ERROR });
      expect(String(error)).not.toContain('sensitive');
    }
    await expect(users.increment('a')).rejects.toMatchObject({
      code: MomentoErrorCode.FAILED_PRECONDITION_ERROR,
    });
  });

  it.each<[string, (users: CacheDictionary<unknown>) => Promise<unknown>]>([
    ['an empty field', (users) => users.get('')],
    ['a field that is no string', (users) => users.get(undefined as unknown as string)],
    ['half a character', (users) => users.set('a\ud800', 1)],
    ['an empty field among many', (users) => users.getMany(['a', ''])],
    ['an empty field among entries', (users) => users.setMany([['', 1]])],
    ['an empty field to delete', (users) => users.delete(['a', ''])],
    ['an empty field to count in', (users) => users.increment('')],
    ['half an increment', (users) => users.increment('a', 0.5)],
    ['a value without JSON form', (users) => users.set('a', undefined)],
    ['a value without JSON form among many', (users) => users.setMany([['a', () => 1]])],
  ])('refuses %s before it asks Momento', async (_what, call) => {
    const before = service.momento.requestCount();
    await expect(call(newDictionary())).rejects.toMatchObject({
      code: MomentoErrorCode.INVALID_ARGUMENT_ERROR,
    });
    expect(service.momento.requestCount()).toBe(before);
  });

  it('asks Momento once for each call, and not at all for nothing', async () => {
    const users = newDictionary<number>();
    const before = service.momento.requestCount();
    await users.setMany([
      ['a', 1],
      ['b', 2],
    ]);
    await users.getMany(['a', 'b']);
    await users.delete(['a', 'b']);
    expect(service.momento.requestCount()).toBe(before + 3);
    await users.setMany([]);
    await users.getMany([]);
    expect(service.momento.requestCount()).toBe(before + 3);
  });
});

/** As JSON gives it back: −0 is 0. */
function jsonOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
