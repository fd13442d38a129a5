import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InFlight } from '../../../foundation/time/in-flight.js';
import { CacheRecords } from '../../statistics/cache-records.js';
import { DegradationLog } from '../../statistics/degradation-log.js';
import { hashOf, type KeyHash } from './key-hash.js';
import { GatheredChanges } from './gathered-changes.js';
import { maxHashes } from './message.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function scene() {
  const sent: (readonly KeyHash[])[] = [];
  const closing = new AbortController();
  const inFlight = new InFlight();
  const answer = { with: async (): Promise<void> => undefined };
  const gathered = new GatheredChanges({
    closing: closing.signal,
    inFlight,
    degradations: new DegradationLog(new CacheRecords()),
    send: (hashes) => {
      sent.push(hashes);
      return answer.with();
    },
  });
  const fail = () => {
    answer.with = () => Promise.reject(new Error('away'));
  };
  const heal = () => {
    answer.with = async () => undefined;
  };
  return { sent, closing, inFlight, answer, gathered, fail, heal };
}

const [one, two, three] = ['one', 'two', 'three'].map(hashOf) as [KeyHash, KeyHash, KeyHash];
const many = Array.from({ length: maxHashes + 1 }, (_, index) => hashOf(String(index)));

describe('changes that other processes are told of', () => {
  it('are told at once, and those of the next half second together, each once', async () => {
    const { gathered, sent } = scene();
    gathered.add([one]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toEqual([[one]]);
    gathered.add([two, three]);
    gathered.add([two]);
    await vi.advanceTimersByTimeAsync(548);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(sent).toEqual([[one], [two, three]]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toHaveLength(2);
  });

  it('are at most two messages a second at any rate, and one that says all where they are too many', async () => {
    const { gathered, sent } = scene();
    for (let ms = 0; ms < 10_000; ms += 1) {
      gathered.add(Array.from({ length: 10 }, (_, index) => hashOf(`${ms} ${index}`)));
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(sent.length).toBeGreaterThan(15);
    expect(sent.length).toBeLessThanOrEqual(21);
    expect(sent.slice(1).every((hashes) => hashes.length === 0)).toBe(true);
  });

  it('are told later when it fails, after twice the time each, and nothing is lost', async () => {
    const { gathered, sent, fail, heal } = scene();
    fail();
    gathered.add([one]);
    await vi.advanceTimersByTimeAsync(1);
    gathered.add([two]);
    await vi.advanceTimersByTimeAsync(1_101);
    expect(sent.map((hashes) => hashes.toSorted())).toEqual([[one], [one, two].toSorted()]);
    await vi.advanceTimersByTimeAsync(2_100);
    expect(sent).toHaveLength(2);
    heal();
    await vi.advanceTimersByTimeAsync(200);
    expect(sent.at(-1)?.toSorted()).toEqual([one, two].toSorted());
    gathered.add([three]);
    await vi.advanceTimersByTimeAsync(551);
    expect(sent.at(-1)).toEqual([three]);
  });

  it('stay "all" when telling so fails', async () => {
    const { gathered, sent, fail, heal } = scene();
    fail();
    gathered.add(many);
    await vi.advanceTimersByTimeAsync(1);
    gathered.add([one]);
    heal();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(sent).toEqual([[], []]);
  });

  it('are told at the end without a wait, and what is told then is counted as under way', async () => {
    const { gathered, sent, closing, inFlight, answer } = scene();
    gathered.add([one]);
    await vi.advanceTimersByTimeAsync(1);
    gathered.add([two]);
    let told: () => void = () => undefined;
    answer.with = () => new Promise((resolve) => (told = resolve));
    closing.abort();
    expect([sent.length, inFlight.count]).toEqual([2, 1]);
    gathered.add([three]);
    told();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([[one], [two], [three]]);
    told();
    await vi.advanceTimersByTimeAsync(0);
    expect([inFlight.count, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it.each([
    ['a few', [one]],
    ['too many', many],
  ])('are given up at the end when it fails (%s)', async (_how, hashes) => {
    const { gathered, sent, closing, fail } = scene();
    fail();
    closing.abort();
    gathered.add(hashes);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([sent.length, vi.getTimerCount()]).toEqual([1, 0]);
  });
});
