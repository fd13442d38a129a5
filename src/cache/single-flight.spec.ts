import { describe, expect, it } from 'vitest';
import { SingleFlight } from './single-flight.js';

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
    const ask = () => flights.run('key', async () => ++runs);
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
    expect(await ask()).toBe(2);
  });

  it('works on different keys at the same time', async () => {
    const flights = new SingleFlight();
    const first = deferred<string>();
    const slow = flights.run('a', () => first.promise);
    expect(await flights.run('b', async () => 'b')).toBe('b');
    first.resolve('a');
    expect(await slow).toBe('a');
  });

  it('gives a failure to all who wait, and forgets it', async () => {
    const flights = new SingleFlight();
    let runs = 0;
    const ask = () =>
      flights.run('key', () => {
        runs += 1;
        throw new Error('failed');
      });
    const outcomes = await Promise.allSettled([ask(), ask()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(runs).toBe(1);
    expect(await flights.run('key', async () => 'fine')).toBe('fine');
  });

  it('superseded: its callers get the outcome, later ones start anew, and it knows that it is outdated', async () => {
    const flights = new SingleFlight();
    const loading = deferred<string>();
    let outdated: boolean | undefined;
    const first = flights.run('key', async (flight) => {
      const value = await loading.promise;
      outdated = flight.isOutdated;
      return value;
    });
    await flights.supersede('key');
    const second = flights.run('key', async () => 'new');
    loading.resolve('old');
    expect(await Promise.all([first, second])).toEqual(['old', 'new']);
    expect(outdated).toBe(true);
    // The first one's end must not remove the second one's place.
    const third = deferred<string>();
    const running = flights.run('key', () => third.promise);
    const joined = flights.run('key', async () => 'not called');
    third.resolve('third');
    expect(await Promise.all([running, joined])).toEqual(['third', 'third']);
  });

  it('superseded while it stores: waits for the write, so that what follows is not overtaken', async () => {
    const flights = new SingleFlight();
    const writing = deferred<void>();
    const order: string[] = [];
    const work = flights.run('key', async (flight) => {
      flight.storing = writing.promise.then(() => void order.push('stored'));
      await flight.storing;
    });
    await Promise.resolve();
    const superseded = flights.supersede('key').then(() => order.push('superseded'));
    writing.resolve();
    await Promise.all([work, superseded]);
    expect(order).toEqual(['stored', 'superseded']);
  });
});
