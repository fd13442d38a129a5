import { MomentoErrorCode } from '@gomomento/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { useService } from '../../../../test/conformance/conformance.fixture.js';
import { newContext } from '../handles.fixture.js';
import { CacheSet } from './set.js';

const service = useService();

const newSet = <T extends string>(): CacheSet<T> => new CacheSet<T>(newContext(service), 'online');

const values = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '__proto__', 'constructor', '\n', '\0', 'null'),
);

describe('a set', () => {
  it('is empty while it does not exist', async () => {
    const online = newSet();
    expect(await online.has('a')).toBe(false);
    expect(await online.values()).toEqual(new Set());
    expect(await online.size()).toBe(0);
    await online.remove('a');
    await online.clear();
  });

  it('has what was added and not removed, whatever the strings are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(values), fc.array(values), values, async (added, removed, other) => {
        const online = newSet();
        await online.add(added);
        await online.remove(removed);
        const expected = new Set(added.filter((value) => !removed.includes(value)));
        expect(await online.values()).toEqual(expected);
        expect(await online.size()).toBe(expected.size);
        for (const value of [...added.slice(-2), ...removed.slice(-2), other])
          expect(await online.has(value)).toBe(expected.has(value));
      }),
      { numRuns: 20 },
    );
  });

  it('takes one value or many', async () => {
    const online = newSet<'ada' | 'bob' | 'cy'>();
    await online.add('ada');
    await online.add(['ada', 'bob', 'cy']);
    await online.remove('ada');
    await online.remove(['cy']);
    expect(await online.values()).toEqual(new Set(['bob']));
    await online.clear();
    expect(await online.size()).toBe(0);
  });

  it('asks nothing of Momento for no values', async () => {
    const before = service.momento.requestCount();
    await newSet().add([]);
    await newSet().remove([]);
    expect(service.momento.requestCount()).toBe(before);
  });

  it.each<[string, (online: CacheSet) => Promise<unknown>]>([
    ['a value that is no string', (online) => online.add(7 as unknown as string)],
    ['one among many', (online) => online.add(['a', undefined as unknown as string])],
    ['half a character', (online) => online.has('\udc00')],
    ['half a character to remove', (online) => online.remove(['\ud83d'])],
  ])('refuses %s before it asks Momento', async (_what, call) => {
    const before = service.momento.requestCount();
    await expect(call(newSet())).rejects.toMatchObject({ code: MomentoErrorCode.INVALID_ARGUMENT_ERROR });
    expect(service.momento.requestCount()).toBe(before);
  });
});
