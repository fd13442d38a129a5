import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Flight, itemId, SingleFlight } from './flight.js';

/** What the outcomes are read with. */
const json = {};
const bytes = {};

/** Joins what is under way, or starts it. */
function ask<T>(flights: SingleFlight<T>, form: object, work: (flight: Flight<T>) => Promise<T>): Promise<T> {
  return (flights.find('key', form) ?? flights.start('key', form, false, work)).outcome;
}

describe('SingleFlight', () => {
  it('does the work once for everyone who asks meanwhile, and again afterwards', async () => {
    const flights = new SingleFlight<number>();
    let runs = 0;
    const once = () => ask(flights, json, async () => ++runs);
    expect(await Promise.all([once(), once(), once()])).toEqual([1, 1, 1]);
    expect(await once()).toBe(2);
  });

  it('gives a failure to all who wait, and forgets it', async () => {
    const flights = new SingleFlight<string>();
    let runs = 0;
    const fail = () =>
      ask(flights, json, () => {
        runs += 1;
        throw new Error('failed');
      });
    const outcomes = await Promise.allSettled([fail(), fail()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(runs).toBe(1);
    expect(await ask(flights, json, async () => 'fine')).toBe('fine');
  });

  it('shares work among those who read the item in one form only', async () => {
    const flights = new SingleFlight<unknown>();
    const outcomes = await Promise.all([
      ask(flights, json, async () => ({ a: 1 })),
      ask(flights, bytes, async () => Uint8Array.of(1)),
      ask(flights, json, async () => 'not called'),
    ]);
    expect(outcomes).toEqual([{ a: 1 }, Uint8Array.of(1), { a: 1 }]);
  });

  it('superseded: is outdated in every form and not found any more, and its end removes nobody else', async () => {
    const flights = new SingleFlight<string>();
    const first = flights.start('key', json, false, async () => 'old');
    const other = flights.start('key', bytes, false, async () => 'old');
    const storing = Promise.resolve();
    first.storing = storing;
    expect(flights.supersede('key')).toEqual([storing]);
    expect([first.isOutdated, other.isOutdated]).toEqual([true, true]);
    let finish: (value: string) => void = () => undefined;
    const second = flights.start('key', json, false, () => new Promise((resolve) => (finish = resolve)));
    expect(await Promise.all([first.outcome, other.outcome])).toEqual(['old', 'old']);
    expect(flights.find('key', json)).toBe(second);
    finish('new');
    expect(await second.outcome).toBe('new');
    expect(flights.find('key', json)).toBeUndefined();
  });
});

describe('Flight', () => {
  it('is found to wait for another one, through others, for as long as it does', async () => {
    let finish: (value: string) => void = () => undefined;
    const last = new Flight<string>(false, () => new Promise((resolve) => (finish = resolve)));
    const middle = new Flight<string>(false, (self) => self.waitFor(last));
    const first = new Flight<string>(false, (self) => self.waitFor(middle));
    expect([first.reaches(last), last.reaches(first), first.reaches(first)]).toEqual([true, false, true]);
    finish('done');
    expect(await first.outcome).toBe('done');
    expect(first.reaches(last)).toBe(false);
  });

  it('that fails is no longer waited for, and a circle is walked once', async () => {
    const failing = new Flight<string>(false, async () => {
      throw new Error('failed');
    });
    const waiting = new Flight<string>(false, (self) => self.waitFor(failing));
    await expect(waiting.outcome).rejects.toThrow('failed');
    expect(waiting.waitsFor.size).toBe(0);
    waiting.waitsFor.add(failing);
    failing.waitsFor.add(waiting);
    expect(waiting.reaches(new Flight(false, async () => 'apart'))).toBe(false);
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
