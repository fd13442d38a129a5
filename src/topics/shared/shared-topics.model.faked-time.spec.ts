import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { propertyRuns } from '../../../test/support/property-runs.js';
import type { Place } from '../../../test/support/told.js';
import { flush, pick, Scene } from './scene.fixture.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Step = (scene: Scene, index: number) => unknown;

const steps: Readonly<Record<string, readonly [weight: number, step: Step]>> = {
  publish: [8, ({ topic }) => topic.publish()],
  deliver: [10, ({ topic }, index) => pick(topic.open, index)?.deliver()],
  open: [5, ({ topic }, index) => pick(topic.open, index)?.open()],
  answer: [5, ({ topic }, index) => pick(topic.open, index)?.answer()],
  refuse: [1, ({ topic }, index) => pick(topic.open, index)?.refuse()],
  beat: [1, ({ topic }) => topic.open.forEach((stream) => stream.beat())],
  // Who is nowhere yet would lose messages, and not know it.
  lose: [
    1,
    ({ topic }, index) =>
      pick(
        topic.open.filter(({ hasPlace }) => hasPlace),
        index,
      )?.lose(),
  ],
  forget: [1, ({ topic }) => topic.forget()],
  restart: [1, ({ topic }) => topic.restart()],
  move: [1, ({ topic }, index) => topic.move(topic.open[index])],
  listen: [2, (scene) => scene.listen()],
  'listen after': [3, (scene, index) => scene.listen(placeAt(scene, index))],
  'listen after nowhere': [1, (scene, index) => scene.listen(pick(nowhere, index))],
  leave: [1, (scene, index) => scene.leave(index)],
  settle: [1, (scene) => scene.settle()],
  'wait 5 s': [1, () => vi.advanceTimersByTimeAsync(5_000)],
};

/** Places that a browser may make up. */
const nowhere: readonly Place[] = [
  { page: 999_999, number: 3 },
  { page: 100_000, number: 1_000 },
  { page: 0, number: 0 },
];

/** One of the last messages. */
function placeAt({ topic: { published } }: Scene, index: number): Place | undefined {
  return published.placeOf(Math.max(published.count - index, 1));
}

const play = fc.array(
  fc.oneof(
    ...Object.entries(steps).map(([name, [weight]]) => ({
      weight,
      arbitrary: fc.tuple(fc.constant(name), fc.nat(4)),
    })),
  ),
  { maxLength: 60, size: 'max' },
);

const { numRuns, timeout } = propertyRuns(1_000);

describe('any order of listeners, streams, answers, pages and hosts', { timeout }, () => {
  it('tells each listener all that was published, less what is told as a gap, in order and once', async () => {
    await fc.assert(
      fc.asyncProperty(play, async (taken) => {
        const scene = new Scene();
        for (const [name, index] of taken) {
          await steps[name]?.[1](scene, index);
          await flush();
        }
        // Two messages for all: with the first one who is on its way arrives, behind the second one all share a stream.
        for (let count = 0; count < 3; count += 1) {
          await scene.settle();
          scene.topic.publish();
        }
        await scene.settle();
        expect(scene.faults()).toEqual([]);
        const { living, topic } = scene;
        // Who outlives a subscription for all that was refused keeps its own, and so may who moves to another host on the way.
        const mustShare = living.length > 0 && !taken.some(([name]) => ['refuse', 'move'].includes(name));
        expect(topic.open.length).toBe(mustShare ? 1 : topic.open.length);
        expect(living.map(({ part }) => part?.status)).toEqual(living.map(() => 'live'));
        for (const { part } of living) part?.stop();
        await vi.advanceTimersByTimeAsync(5_000);
        expect(topic.open).toEqual([]);
        const listened = scene.listeners.filter(({ refused }) => !refused);
        expect(listened.map(({ ends }) => ends)).toEqual(listened.map(() => 1));
      }),
      { numRuns },
    );
  });
});
