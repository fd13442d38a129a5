import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Topic, type TopicEvent } from '../../local/momento/engine/topics/topic.js';
import { type Cursor, type StreamGap, TopicPosition } from './topic-position.js';

const at = (page: number, number: number): Cursor => ({ page, number });

/** A position at a place, as a subscription has it that saw a message there. */
function positionAt(page: number, number: number): TopicPosition {
  const position = new TopicPosition();
  position.moveTo('here');
  position.passItem(at(page, number));
  return position;
}

describe('the position of a subscription', () => {
  it('is unknown until the first message, which is new whatever its number', () => {
    const position = new TopicPosition();
    expect(position.at).toBeUndefined();
    expect(position.passItem(at(3, 42))).toEqual({ isNew: true });
    expect(position.at).toEqual(at(3, 42));
  });

  it('passes each message once', () => {
    const position = positionAt(1, 5);
    expect(position.passItem(at(1, 6))).toEqual({ isNew: true });
    expect(position.passItem(at(1, 6))).toEqual({ isNew: false });
    expect(position.passItem(at(1, 3))).toEqual({ isNew: false });
  });

  it('tells the messages that were skipped, with their number', () => {
    const gap = { from: at(1, 5), to: at(1, 8), missed: 3 };
    expect(positionAt(1, 5).passItem(at(1, 9))).toEqual({ isNew: true, gap });
    expect(positionAt(1, 5).passDiscontinuity(at(1, 8))).toEqual({ isNew: true, gap });
  });

  it('tells a single message as well', () => {
    const gap = { from: at(1, 5), to: at(1, 6), missed: 1 };
    expect(positionAt(1, 5).passItem(at(1, 7))).toEqual({ isNew: true, gap });
  });

  it('tells what a discontinuity says once, not again with the message behind it', () => {
    const position = positionAt(1, 5);
    position.passDiscontinuity(at(1, 8));
    expect(position.passItem(at(1, 9))).toEqual({ isNew: true });
  });

  it('is not put back by a discontinuity: no message comes twice', () => {
    const position = positionAt(1, 5);
    expect(position.passDiscontinuity(at(1, 2))).toEqual({ isNew: false });
    expect(position.passDiscontinuity(at(1, 5))).toEqual({ isNew: false });
    expect(position.passItem(at(1, 3))).toEqual({ isNew: false });
    expect(position.at).toEqual(at(1, 5));
  });

  it('goes on when the page changes without a discontinuity, and says that something may be lost', () => {
    const position = positionAt(1, 500);
    expect(position.passItem(at(2, 1))).toEqual({ isNew: true, gap: { from: at(1, 500), to: at(2, 0) } });
    expect(position.passItem(at(2, 2))).toEqual({ isNew: true });
    // Of a stream that is behind.
    expect(position.passItem(at(1, 501))).toEqual({ isNew: false });
    expect(position.passDiscontinuity(at(1, 600))).toEqual({ isNew: false });
  });

  it('tells no gap before the first message: the subscription had no claim to it', () => {
    expect(new TopicPosition().passDiscontinuity(at(1, 8))).toEqual({ isNew: true });
  });

  it('begins anew at another endpoint, whose pages and numbers are of another topic', () => {
    const position = positionAt(9, 500);
    expect(position.isComparableAt('here')).toBe(true);
    expect(position.isComparableAt('there')).toBe(false);
    position.moveTo('there');
    expect(position.at).toBeUndefined();
    expect(position.passItem(at(2, 7))).toEqual({
      isNew: true,
      gap: { from: at(9, 500), to: at(2, 6), isElsewhere: true },
    });
    expect(position.passItem(at(2, 8))).toEqual({ isNew: true });
  });

  it('tells a gap at another endpoint also when nothing had arrived at the one between', () => {
    const position = positionAt(9, 500);
    position.moveTo('there');
    position.moveTo('elsewhere');
    expect(position.passItem(at(9, 501))).toEqual({
      isNew: true,
      gap: { from: at(9, 500), to: at(9, 500), isElsewhere: true },
    });
  });
});

describe('a position that a caller claims', () => {
  const claimed = (page: number, number: number): TopicPosition => {
    const position = new TopicPosition();
    position.startAt(at(page, number));
    return position;
  };

  it('is where messages are new behind, once a stream has borne it out', () => {
    const position = claimed(1, 5);
    expect(position.passItem(at(1, 6))).toEqual({ isNew: true });
    expect(position.passItem(at(1, 5))).toEqual({ isNew: false });
    const gap = { from: at(1, 5), to: at(1, 7), missed: 2 };
    expect(claimed(1, 5).passItem(at(1, 8))).toEqual({ isNew: true, gap });
  });

  it.each([at(9, 1), at(2, 800)])(
    'is given up for where the first event says, when it is not there: %o',
    (made) => {
      const position = claimed(made.page, made.number);
      const gap = { from: made, to: at(2, 7) };
      expect(position.passDiscontinuity(at(2, 7))).toEqual({ isNew: true, gap });
      expect(position.passItem(at(2, 8))).toEqual({ isNew: true });
      expect(claimed(made.page, made.number).passItem(at(2, 8))).toEqual({ isNew: true, gap });
    },
  );

  it('is borne out by an event that stands where it does', () => {
    const position = claimed(1, 5);
    expect(position.passDiscontinuity(at(1, 5))).toEqual({ isNew: false });
    expect(position.passDiscontinuity(at(1, 4))).toEqual({ isNew: false });
  });
});

describe('a gap that was told before', () => {
  it('is told from where this position is, once', () => {
    const position = positionAt(1, 6);
    const told = { from: at(1, 4), to: at(1, 8), missed: 4 };
    expect(position.passGap(told)).toEqual({ isNew: true, gap: { from: at(1, 6), to: at(1, 8), missed: 2 } });
    expect(position.passGap(told)).toEqual({ isNew: false });
    expect(positionAt(1, 8).passGap(told)).toEqual({ isNew: false });
  });

  it.each([
    ['a smaller place', at(2, 7)],
    ['a larger place', at(9, 800)],
    ['the same place', at(9, 500)],
  ])('and led to another host, to %s there: how many is not known, and it goes on there', (_what, to) => {
    const position = positionAt(9, 500);
    const gap = { from: at(9, 500), to };
    expect(position.passGap(gap)).toEqual({ isNew: true, gap });
    expect(position.passItem({ page: to.page, number: to.number + 1 })).toEqual({ isNew: true });
  });

  it('is passed by who has heard nothing yet', () => {
    expect(new TopicPosition().passGap({ from: at(1, 4), to: at(1, 8), missed: 4 })).toEqual({ isNew: true });
  });
});

/** A service that holds a few messages, and subscriptions to it whose streams are delivered in any order. */
class Scene {
  readonly published: Cursor[] = [];
  readonly got: Cursor[] = [];
  readonly gaps: StreamGap[] = [];
  readonly position = new TopicPosition();
  #nowMs = 0;
  #topic = this.#newTopic(1);
  #streams: TopicEvent[][] = [];

  publish(): void {
    const number = this.#topic.publish({ text: '' }, '');
    this.published.push(at(this.#topic.sequencePage, number));
  }

  /** Without a position to begin behind, the streams before it are let go of only when one is known. */
  open(): void {
    const { at: behind } = this.position;
    if (behind === undefined && this.#streams.length > 0) return;
    const events: TopicEvent[] = [];
    this.#streams.push(events);
    const from = {
      sequenceNumber: behind === undefined ? 0 : behind.number + 1,
      sequencePage: behind?.page ?? 0,
    };
    this.#topic.subscribe(from, (event) => events.push(event) > 0);
  }

  deliver(index: number): void {
    const event = this.#streams[index % Math.max(this.#streams.length, 1)]?.shift();
    if (event === undefined) return;
    const isItem = event.kind === 'item';
    const place = isItem
      ? at(event.sequencePage, event.sequenceNumber)
      : at(event.newSequencePage, event.newSequenceNumber);
    const passage = isItem ? this.position.passItem(place) : this.position.passDiscontinuity(place);
    if (passage.isNew && passage.gap !== undefined) this.gaps.push(passage.gap);
    if (passage.isNew && isItem) this.got.push(place);
  }

  cut(index: number): void {
    if (this.position.at !== undefined) this.#streams.splice(index % Math.max(this.#streams.length, 1), 1);
  }

  /** Momento begins the topic anew; the streams of the one before bring what is under way, and end. */
  reset(): void {
    this.#topic = this.#newTopic(this.#topic.sequencePage + 1);
  }

  /** An outage of all streams, of a message or more. */
  breakOff(lost: number): void {
    if (this.position.at === undefined) return;
    this.#streams.length = 0;
    for (let count = 0; count < lost; count += 1) this.publish();
    this.passTime();
    this.passTime();
    this.open();
  }

  passTime(): void {
    this.#nowMs += 3;
  }

  #newTopic(page: number): Topic {
    return new Topic(page, { now: () => this.#nowMs, historyMs: 5 });
  }
}

const compare = (a: Cursor, b: Cursor) => a.page - b.page || a.number - b.number;
const isIn = (gap: StreamGap, message: Cursor) =>
  compare(gap.from, message) < 0 && compare(message, gap.to) <= 0;

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<(scene: Scene) => void>((scene) => scene.publish()) },
    { weight: 6, arbitrary: fc.nat(3).map((index) => (scene: Scene) => scene.deliver(index)) },
    { weight: 2, arbitrary: fc.constant<(scene: Scene) => void>((scene) => scene.open()) },
    { weight: 1, arbitrary: fc.nat(3).map((index) => (scene: Scene) => scene.cut(index)) },
    { weight: 1, arbitrary: fc.constant<(scene: Scene) => void>((scene) => scene.passTime()) },
    { weight: 1, arbitrary: fc.constant<(scene: Scene) => void>((scene) => scene.reset()) },
    { weight: 1, arbitrary: fc.nat(3).map((lost) => (scene: Scene) => scene.breakOff(lost)) },
  ),
  { maxLength: 120 },
);

describe('any order of streams, pages and restarts', () => {
  it('delivers what was published, less what was told as a gap, in order and once', () => {
    fc.assert(
      fc.property(steps, (play) => {
        const scene = new Scene();
        scene.open();
        for (const step of play) step(scene);
        const { got, gaps, published, position } = scene;
        expect(got).toEqual(got.toSorted(compare));
        expect(new Set(got.map(({ page, number }) => `${page}:${number}`)).size).toBe(got.length);
        const [first] = got;
        const passed = published.filter(
          (message) =>
            first !== undefined &&
            compare(first, message) <= 0 &&
            position.at !== undefined &&
            compare(message, position.at) <= 0,
        );
        expect(got).toEqual(passed.filter((message) => !gaps.some((gap) => isIn(gap, message))));
        const counted = gaps.filter(({ missed }) => missed !== undefined);
        expect(counted.map(({ missed }) => missed)).toEqual(
          counted.map((gap) => published.filter((message) => isIn(gap, message)).length),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('delivers everything when nothing is lost and nothing reset, and tells no gap', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 60 }), (play) => {
        const scene = new Scene();
        scene.open();
        for (const [step, index] of play) {
          if (step <= 1) scene.publish();
          if (step === 2) scene.open();
          scene.deliver(index);
        }
        for (let round = 0; round < 400; round += 1) scene.deliver(round);
        expect(scene.gaps).toEqual([]);
        expect(scene.got).toEqual(scene.published);
      }),
    );
  });
});
