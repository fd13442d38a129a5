import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { itemId, SingleFlight } from './single-flight.js';

/** What the outcomes are read with. */
const json = {};
const bytes = {};

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

describe('SingleFlight', () => {
  it('does the work once for everyone who asks meanwhile, and again afterwards', async () => {
    const flights = new SingleFlight();
    let runs = 0;
    const ask = () => flights.run('key', json, async () => ++runs);
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
    expect(await ask()).toBe(2);
  });

  it('works on different keys at the same time', async () => {
    const flights = new SingleFlight();
    const first = deferred<string>();
    const slow = flights.run('a', json, () => first.promise);
    expect(await flights.run('b', json, async () => 'b')).toBe('b');
    first.resolve('a');
    expect(await slow).toBe('a');
  });

  it('gives a failure to all who wait, and forgets it', async () => {
    const flights = new SingleFlight();
    let runs = 0;
    const ask = () =>
      flights.run('key', json, () => {
        runs += 1;
        throw new Error('failed');
      });
    const outcomes = await Promise.allSettled([ask(), ask()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(runs).toBe(1);
    expect(await flights.run('key', json, async () => 'fine')).toBe('fine');
  });

  it('changed meanwhile: its callers get the outcome, later ones start anew, and it knows that it is outdated', async () => {
    const flights = new SingleFlight();
    const loading = deferred<string>();
    let outdated: boolean | undefined;
    const first = flights.run('key', json, async (flight) => {
      const value = await loading.promise;
      outdated = flight.isOutdated;
      return value;
    });
    await flights.change(['key'], async () => undefined);
    const second = flights.run('key', json, async (flight) => (flight.isOutdated ? 'outdated' : 'new'));
    loading.resolve('old');
    expect(await Promise.all([first, second])).toEqual(['old', 'new']);
    expect(outdated).toBe(true);
    // The first one's end must not remove the second one's place.
    const third = deferred<string>();
    const running = flights.run('key', json, () => third.promise);
    const joined = flights.run('key', json, async () => 'not called');
    third.resolve('third');
    expect(await Promise.all([running, joined])).toEqual(['third', 'third']);
  });

  it('begun during a change: outdated from the start, and not joined after it', async () => {
    const flights = new SingleFlight();
    const changing = deferred<string>();
    const loading = deferred<string>();
    const change = flights.change(['key', 'other'], () => changing.promise);
    let outdated: boolean | undefined;
    const during = flights.run('key', json, async (flight) => {
      outdated = flight.isOutdated;
      return loading.promise;
    });
    changing.resolve('changed');
    expect(await change).toBe('changed');
    const after = flights.run('key', json, async (flight) => `outdated: ${flight.isOutdated}`);
    loading.resolve('old');
    expect(await Promise.all([during, after])).toEqual(['old', 'outdated: false']);
    expect(outdated).toBe(true);
  });

  it('is outdated until the last of several changes ends, also when one fails', async () => {
    const flights = new SingleFlight();
    const slow = deferred<void>();
    const first = flights.change(['key'], () => slow.promise);
    await expect(flights.change(['key'], () => Promise.reject(new Error('failed')))).rejects.toThrow(
      'failed',
    );
    expect(await flights.run('key', json, async (flight) => flight.isOutdated)).toBe(true);
    slow.resolve();
    await first;
    expect(await flights.run('key', json, async (flight) => flight.isOutdated)).toBe(false);
  });

  it('changed while it stores: the change waits for the write, so that it is not overtaken', async () => {
    const flights = new SingleFlight();
    const writing = deferred<void>();
    const order: string[] = [];
    const work = flights.run('key', json, async (flight) => {
      flight.storing = writing.promise.then(() => void order.push('stored'));
      await flight.storing;
    });
    await Promise.resolve();
    const change = flights.change(['key'], async () => order.push('changed'));
    writing.resolve();
    await Promise.all([work, change]);
    expect(order).toEqual(['stored', 'changed']);
  });

  it('shares work among those who read the item in one form only', async () => {
    const flights = new SingleFlight();
    const outcomes = await Promise.all([
      flights.run('key', json, async () => ({ a: 1 })),
      flights.run('key', bytes, async () => Uint8Array.of(1)),
      flights.run('key', json, async () => 'not called'),
    ]);
    expect(outcomes).toEqual([{ a: 1 }, Uint8Array.of(1), { a: 1 }]);
  });

  it('changed meanwhile: outdated in every form, and the change waits for all that is being stored', async () => {
    const flights = new SingleFlight();
    const writing = [deferred<void>(), deferred<void>()];
    const started = [json, bytes].map((form, index) =>
      flights.run('key', form, async (flight) => {
        flight.storing = writing[index]?.promise;
        await flight.storing;
        return flight.isOutdated;
      }),
    );
    await Promise.resolve();
    let isChanged = false;
    const change = flights.change(['key'], async () => {
      isChanged = true;
    });
    writing[0]?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(isChanged).toBe(false);
    writing[1]?.resolve();
    await change;
    expect(await Promise.all(started)).toEqual([true, true]);
  });
});

describe('itemId', () => {
  it('is another for each cache and key, whatever their characters', () => {
    expect(itemId('a', 'b\0c')).not.toBe(itemId('a\0b', 'c'));
    const text = fc.oneof(fc.string(), fc.constantFrom('', ':', '1:', 'a', '\0', '1:a'));
    fc.assert(
      fc.property(text, text, text, text, (cache, key, otherCache, otherKey) => {
        const isSame = cache === otherCache && key === otherKey;
        expect(itemId(cache, key) === itemId(otherCache, otherKey)).toBe(isSame);
      }),
    );
  });
});
