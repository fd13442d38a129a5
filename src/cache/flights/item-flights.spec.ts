import { describe, expect, it } from 'vitest';
import { ItemFlights } from './item-flights.js';

const form = {};
const answer = 'answer';

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

describe('ItemFlights', () => {
  it('begun before a change: reads and loads are outdated, and later ones begin anew', async () => {
    const flights = new ItemFlights<string>();
    const loading = deferred<string>();
    const read = flights.read('key', form, () => loading.promise);
    const load = flights.load('key', form, () => loading.promise);
    expect([flights.findRead('key', form), flights.findLoad('key', form)]).toEqual([read, load]);
    await flights.change(['key'], async () => undefined);
    expect([read.isOutdated, load.isOutdated]).toEqual([true, true]);
    expect([flights.findRead('key', form), flights.findLoad('key', form)]).toEqual([undefined, undefined]);
    expect(flights.load('key', form, async () => answer).isOutdated).toBe(false);
    loading.resolve(answer);
    expect(await Promise.all([read.outcome, load.outcome])).toEqual([answer, answer]);
  });

  it('begun during a change: outdated from the start, and not joined after it', async () => {
    const flights = new ItemFlights<string>();
    const changing = deferred<string>();
    const change = flights.change(['key', 'other'], () => changing.promise);
    await Promise.resolve();
    const during = flights.load('key', form, async () => answer);
    expect(during.isOutdated).toBe(true);
    changing.resolve('changed');
    expect(await change).toBe('changed');
    expect(flights.findLoad('key', form)).toBeUndefined();
    expect(flights.load('other', form, async () => answer).isOutdated).toBe(false);
  });

  it('are outdated until the last of several changes ends, also when one fails', async () => {
    const flights = new ItemFlights<string>();
    const slow = deferred<void>();
    const first = flights.change(['key'], () => slow.promise);
    await expect(flights.change(['key'], () => Promise.reject(new Error('failed')))).rejects.toThrow(
      'failed',
    );
    const during = flights.read('key', form, async () => answer);
    expect(during.isOutdated).toBe(true);
    await during.outcome;
    slow.resolve();
    await first;
    expect(flights.read('key', form, async () => answer).isOutdated).toBe(false);
  });

  it('that store: the change waits for every write under way, so that none overtakes it', async () => {
    const flights = new ItemFlights<string>();
    const writes = [deferred<void>(), deferred<void>()];
    for (const [index, other] of [form, {}].entries())
      flights.load('key', other, async (self) => {
        self.storing = writes[index]?.promise;
        await self.storing;
        return answer;
      });
    await Promise.resolve();
    let isChanged = false;
    const change = flights.change(['key'], async () => {
      isChanged = true;
    });
    writes[0]?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(isChanged).toBe(false);
    writes[1]?.resolve();
    await change;
    expect(isChanged).toBe(true);
  });
});
