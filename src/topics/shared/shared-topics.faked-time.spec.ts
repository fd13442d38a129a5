import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Place } from '../../../test/support/told.js';
import { Scene } from './scene.fixture.js';

let scene: Scene;
beforeEach(() => {
  vi.useFakeTimers();
  scene = new Scene();
});
afterEach(() => void vi.useRealTimers());

const page = 100_000;
const item = (number: number, onPage = page) => ({ kind: 'item', at: { page: onPage, number } });
const items = (...numbers: readonly number[]) => numbers.map((number) => item(number));
const gap = (from: Place, to: Place, missed?: number) => ({
  kind: 'gap',
  from,
  to,
  ...(missed !== undefined && { missed }),
});
const at = (number: number, onPage = page): Place => ({ page: onPage, number });

async function publish(count: number): Promise<void> {
  for (let one = 0; one < count; one += 1) scene.topic.publish();
  await scene.settle();
}

/** Listens, and waits until that has an answer. */
async function listen(after?: Place) {
  const listener = scene.listen(after);
  await scene.settle();
  return listener;
}

describe('who begins with the next message', () => {
  it('is not told what the first listener catches up with, and shares its subscription then', async () => {
    await listen();
    await publish(3);
    const elsewhere = new Scene(scene.topic);
    elsewhere.listen(at(1));
    const [, catchingUp] = scene.topic.streams;
    catchingUp?.open();
    const next = elsewhere.listen();
    const another = elsewhere.listen();
    catchingUp?.answer();
    await scene.settle();
    await publish(2);
    await elsewhere.settle();
    expect(elsewhere.listeners.map(({ told }) => told)).toEqual([
      items(2, 3, 4, 5),
      items(4, 5),
      items(4, 5),
    ]);
    expect([next.part?.status, another.part?.status]).toEqual(['live', 'live']);
    expect(scene.topic.open).toHaveLength(2);
  });

  it('does not rely on one that is lost, and does not know where to go on', async () => {
    await listen();
    const [forAll] = scene.topic.open;
    forAll?.lose();
    const next = scene.listen();
    const [, own] = scene.topic.open;
    own?.open();
    own?.answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(next.part?.status).toBe('reconnecting');
    scene.topic.publish();
    await publish(1);
    await publish(1);
    expect(next.told).toEqual(items(1, 2, 3));
    expect(scene.topic.open).toHaveLength(1);
  });

  it('shares it at once when a second heartbeat says that it has caught up', async () => {
    await listen(at(0));
    scene.topic.open[0]?.beat();
    await publish(1);
    const next = await listen();
    expect(scene.topic.streams).toHaveLength(1);
    await publish(1);
    expect(next.told).toEqual(items(2));
  });
});

describe('who comes late, behind a message', () => {
  it('shares a subscription with others who are late, and gets what it missed of it', async () => {
    await listen();
    await publish(4);
    const first = new Scene(scene.topic);
    first.listen();
    const late = first.listen(at(1));
    await scene.settle();
    expect(late.told).toEqual(items(2, 3, 4));
    const [later, latest] = [first.listen(at(2)), first.listen(at(4))];
    await publish(1);
    await publish(1);
    expect([later.told, latest.told]).toEqual([items(3, 4, 5, 6), items(5, 6)]);
    expect(scene.topic.streams).toHaveLength(3);
    expect(scene.topic.open).toHaveLength(2);
  });

  it('does not take for lost what Momento still holds', async () => {
    await publish(2);
    await listen();
    await publish(1);
    const late = await listen(at(1));
    expect(late.told).toEqual(items(2, 3));
  });

  it('goes over to the one for all when a gap has brought it as far', async () => {
    await listen();
    await publish(3);
    await vi.advanceTimersByTimeAsync(6_000);
    scene.topic.forget();
    await publish(1);
    scene.topic.forget();
    const late = await listen(at(1));
    expect(late.told).toEqual([gap(at(1), at(4), 3)]);
    expect(scene.topic.open).toHaveLength(1);
  });

  it.each([
    ['a page that there never was', { page: 999_999, number: 1 }],
    ['a number that there is not yet', at(1_000)],
  ])('of %s is told a gap, and hears all that comes; so do the others', async (_what, nowhere) => {
    const first = await listen(nowhere);
    const second = await listen(nowhere);
    const other = await listen();
    await publish(2);
    expect(first.told).toEqual([gap(nowhere, at(0)), ...items(1, 2)]);
    expect(second.told).toEqual(first.told);
    expect(other.told).toEqual(items(1, 2));
    const third = await listen(nowhere);
    await publish(1);
    expect(third.told).toEqual([gap(nowhere, at(0)), ...items(1, 2, 3)]);
    expect(scene.topic.open).toHaveLength(1);
  });

  it('of a message in a gap, or on the page before, is told what is not there any more', async () => {
    await listen();
    await publish(2);
    scene.topic.open[0]?.lose();
    scene.topic.publish();
    scene.topic.publish();
    scene.topic.forget();
    await publish(1);
    const inGap = await listen(at(3));
    expect(inGap.told).toEqual([gap(at(3), at(4), 1), ...items(5)]);
    scene.topic.restart();
    await publish(1);
    const onPageBefore = await listen(at(5));
    expect(onPageBefore.told).toEqual([gap(at(5), at(0, page + 1)), item(1, page + 1)]);
  });

  it('is refused, and nothing is left: the one for all stays, and ends with its last listener', async () => {
    const first = await listen();
    await publish(3);
    scene.topic.restart();
    await scene.settle();
    first.part?.stop();
    const late = scene.listen(at(1));
    scene.topic.open[1]?.refuse();
    await scene.settle();
    expect([late.refused, late.told, late.ends]).toEqual([true, [], 0]);
    expect(scene.topic.open).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(scene.topic.open).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(scene.topic.open).toEqual([]);
  });

  it('is not left alone: the one for all is kept for it, also when the others have gone', async () => {
    const first = await listen();
    const late = await listen(at(0));
    first.part?.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(scene.topic.open).toHaveLength(2);
    await publish(1);
    await publish(1);
    expect(late.told).toEqual(items(1, 2));
    expect([late.part?.status, scene.topic.open.length]).toEqual(['live', 1]);
    late.part?.stop();
    await vi.advanceTimersByTimeAsync(5_100);
    expect([scene.topic.open, late.ends]).toEqual([[], 1]);
  });

  it('outlives a subscription for all that is refused', async () => {
    const refused = scene.listen({ page: 0, number: 0 });
    const late = scene.listen(at(0));
    const [forAll, own] = scene.topic.open;
    own?.open();
    own?.answer();
    scene.topic.publish();
    own?.deliver();
    own?.deliver();
    forAll?.refuse();
    await scene.settle();
    await publish(1);
    expect([refused.refused, late.told, late.part?.status]).toEqual([true, items(1, 2), 'live']);
  });

  it('ends with its own subscription when the app closes', async () => {
    await listen();
    const late = await listen(at(0));
    for (const stream of scene.topic.open) stream.end();
    await scene.settle();
    expect([late.ends, late.part?.status]).toEqual([1, 'closed']);
  });
});

describe('another host, whose pages are smaller', () => {
  it('is told as a gap, and goes on for all, those included who come later or were on their way', async () => {
    const first = await listen();
    await publish(3);
    const onItsWay = await listen(at(0));
    scene.topic.move();
    await publish(1);
    await publish(1);
    const there = scene.topic.published.page;
    const moved = [gap(at(3), at(0, there)), item(1, there), item(2, there)];
    expect(first.told).toEqual([...items(1, 2, 3), ...moved]);
    expect(onItsWay.told).toEqual([...items(1, 2, 3), ...moved]);
    const later = await listen(at(3));
    expect(later.told).toEqual(moved);
    await publish(1);
    expect(later.told.at(-1)).toEqual(item(3, there));
  });

  it('does not mix up who has moved and who has not', async () => {
    await publish(1);
    await listen();
    await publish(1);
    const late = scene.listen(at(0));
    const [forAll, own] = scene.topic.open;
    own?.open();
    own?.answer();
    own?.deliver();
    own?.deliver();
    scene.topic.move(own);
    scene.topic.publish();
    forAll?.deliverAll();
    // Of the host before, and larger.
    own?.deliver();
    expect(late.told).toEqual(items(1, 2));
    own?.move();
    await publish(1);
    const there = scene.topic.published.page;
    expect(late.told).toEqual([...items(1, 2), gap(at(2), at(1, there)), item(2, there)]);
  });

  it('is no matter for a listener whose place the one for all took from another listener’s word', async () => {
    await publish(1);
    scene.topic.move();
    const made = await listen({ page: 0, number: 0 });
    const before = scene.topic.published.page;
    const late = await listen(at(1));
    expect(late.told).toEqual([gap(at(1), at(0, before))]);
    scene.topic.move();
    await publish(1);
    const there = scene.topic.published.page;
    expect(late.told).toEqual([gap(at(1), at(0, before)), gap(at(0, before), at(0, there)), item(1, there)]);
    expect(made.told).toEqual([gap({ page: 0, number: 0 }, at(0, there)), item(1, there)]);
  });
});
