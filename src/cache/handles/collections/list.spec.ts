import { MomentoErrorCode } from '@gomomento/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { useService } from '../../../../test/conformance/conformance.fixture.js';
import { newContext } from '../handles.fixture.js';
import { CacheList } from './list.js';

const service = useService();

const newList = <T>(): CacheList<T> => new CacheList(newContext(service), 'recent');

async function filled<T>(values: readonly T[]): Promise<CacheList<T>> {
  const list = newList<T>();
  for (const value of values) await list.push(value);
  return list;
}

describe('a list', () => {
  it('is empty while it does not exist', async () => {
    const recent = newList<number>();
    expect(await recent.pop()).toBeUndefined();
    expect(await recent.shift()).toBeUndefined();
    expect(await recent.range()).toEqual([]);
    expect(await recent.length()).toBe(0);
    await recent.removeValue(1);
    await recent.clear();
  });

  it('changes as an array does', async () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom('', '__proto__', '\n', null));
    const methods = fc.constantFrom('push', 'unshift', 'pop', 'shift');
    const steps = fc.array(fc.record({ method: methods, value }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const recent = newList<unknown>();
        const model: unknown[] = [];
        const answers: unknown[] = [];
        const expected: unknown[] = [];
        for (const { method, value: given } of taken) {
          // As JSON gives it back: −0 is 0.
          const stored: unknown = JSON.parse(JSON.stringify(given));
          answers.push(await recent[method](stored));
          expected.push(model[method](stored));
        }
        expect(answers).toEqual(expected);
        expect(await recent.range()).toEqual(model);
        expect(await recent.length()).toBe(model.length);
      }),
      { numRuns: 20 },
    );
  });

  it('gives any part that Array.prototype.slice gives', async () => {
    const values = [1, 2, 3, 4];
    const recent = await filled(values);
    const places = [-5, -4, -2, -1, 0, 1, 2, 4, 5];
    for (const start of places) {
      expect(await recent.range(start)).toEqual(values.slice(start));
      for (const end of places) expect(await recent.range(start, end)).toEqual(values.slice(start, end));
    }
  });

  it('keeps no more than maxLength, and drops what is at the other end', async () => {
    const recent = await filled([1, 2, 3]);
    expect(await recent.push(4, { maxLength: 3 })).toBe(3);
    expect(await recent.range()).toEqual([2, 3, 4]);
    expect(await recent.unshift(1, { maxLength: 2 })).toBe(2);
    expect(await recent.range()).toEqual([1, 2]);
  });

  it('removes all of a value, and everything', async () => {
    const recent = await filled([{ a: 1 }, { a: 2 }, { a: 1 }]);
    await recent.removeValue({ a: 1 });
    expect(await recent.range()).toEqual([{ a: 2 }]);
    await recent.clear();
    expect(await recent.length()).toBe(0);
  });

  it.each<[string, (recent: CacheList<unknown>) => Promise<unknown>]>([
    ['a value without JSON form', (recent) => recent.push(undefined)],
    ['bytes in a JSON cache', (recent) => recent.unshift(Uint8Array.of(1))],
    ['a maxLength of 0', (recent) => recent.push(1, { maxLength: 0 })],
    ['a maxLength that is no number', (recent) => recent.unshift(1, { maxLength: Number.NaN })],
    ['half a place', (recent) => recent.range(0.5)],
    ['an end that is no number', (recent) => recent.range(0, Number.NaN)],
    ['a value to remove without JSON form', (recent) => recent.removeValue(undefined)],
  ])('refuses %s before it asks Momento', async (_what, call) => {
    const before = service.momento.requestCount();
    await expect(call(newList())).rejects.toMatchObject({ code: MomentoErrorCode.INVALID_ARGUMENT_ERROR });
    expect(service.momento.requestCount()).toBe(before);
  });

  it.each<[string, (recent: CacheList<unknown>) => Promise<unknown>]>([
    ['pop', (recent) => recent.pop()],
    ['shift', (recent) => recent.shift()],
    ['range', (recent) => recent.range()],
  ])('tells by %s that what is stored is not of the codec', async (_method, call) => {
    const context = newContext(service);
    await service.client.listPushBack(context.cacheName, 'recent', 'sensitive, but not JSON');
    await expect(call(new CacheList(context, 'recent'))).rejects.toMatchObject({
      code: MomentoErrorCode.FAILED_PRECONDITION_ERROR,
      message: expect.not.stringContaining('sensitive'),
    });
  });
});
