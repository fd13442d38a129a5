import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { awsEnvironment } from '../../../support/aws-environment.js';
import { captureLogs } from '../../../support/capture-logs.js';
import { kinds } from '../listener.fixture.js';
import { World } from '../world.fixture.js';

beforeAll(() => void Object.assign(process.env, awsEnvironment));

const logs = captureLogs();
const patient = { timeout: 10_000, interval: 5 };

describe('a gap', { timeout: 40_000 }, () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(true);
    logs.start();
    for (const kind of kinds) await world.listen(kind);
    await world.settle();
  });
  afterEach(() => world.end());

  const gapsOf = () => world.listeners.map(({ told }) => told.filter(({ kind }) => kind === 'gap'));
  /** So many listeners of every kind, and the one that all share from the beginning. */
  const forAll = <T>(gaps: T) => Array.from({ length: 1 + kinds.length }, () => gaps);

  it('is told once to each listener, of every kind, with its number', async () => {
    const { page } = world.published;
    const before = world.published.count;
    await world.forget(35);
    await world.settle();
    const gap = {
      kind: 'gap',
      from: { page, number: before },
      to: { page, number: before + 35 },
      missed: 35,
    };
    expect(gapsOf()).toEqual(forAll([gap]));
    expect(world.faults()).toEqual([]);
  });

  it('over a page that changed is told once, and how many are missing is not known', async () => {
    const { page } = world.published;
    const before = world.published.count;
    await world.restart(true);
    await world.settle();
    const gap = {
      kind: 'gap',
      from: { page, number: before },
      to: { page: world.published.page, number: 0 },
    };
    expect(gapsOf()).toEqual(forAll([{ ...gap, missed: undefined }]));
    await world.restart(true);
    await world.settle();
    expect(gapsOf().map(({ length }) => length)).toEqual(forAll(2));
    expect(world.faults()).toEqual([]);
  });

  it('is none when Momento comes back with what it held', async () => {
    await world.restart(false);
    await world.publishMany(5);
    await world.settle();
    expect(gapsOf()).toEqual(forAll([]));
    expect(world.faults()).toEqual([]);
  });

  it('is told also to who comes later, behind a message before it or within it, or of a page before', async () => {
    const { count } = world.published;
    await world.forget(4);
    await world.publish(1);
    for (const kind of kinds) {
      await world.listen(kind, world.published.placeOf(count));
      await world.listen(kind, world.published.placeOf(count + 2));
    }
    await world.settle();
    const missed = gapsOf().map(([gap]) => gap?.kind === 'gap' && gap.missed);
    expect(missed).toEqual([...forAll(4), ...kinds.flatMap(() => [4, 2])]);
    await world.restart(true);
    await world.publish(2);
    for (const kind of kinds) await world.listen(kind, world.published.placeOf(count));
    await world.settle();
    expect(world.faults()).toEqual([]);
    await vi.waitFor(() => expect(world.momento.stats().subscriptions).toBe(1), patient);
  });

  it('that nobody asked for is logged, at most every 10 s a topic', async () => {
    const seen: unknown[] = [];
    const { topics } = world;
    await topics.subscribe('numbers', ({ value }) => void seen.push(value));
    topics.observe('numbers').subscribe(({ value }) => void seen.push(value));
    await world.settle();
    await world.forget(3);
    await world.settle();
    await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(4), patient);
    expect(seen.every((value) => typeof value === 'number')).toBe(true);
    expect(logs.lines).toEqual([
      expect.stringMatching(
        /^warn \[TopicService\] 3 messages of topic 'numbers' .* were lost, behind \d+:\d+/,
      ),
    ]);
  });
});
