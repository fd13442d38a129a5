import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Topic, type TopicEvent } from './topic.js';

const HISTORY_MS = 5_000;
const FROM_LATEST = { sequenceNumber: 0, sequencePage: 0 };

function startTopic(page = 1) {
  const clock = { nowMs: 0 };
  return { clock, topic: new Topic(page, { now: () => clock.nowMs, historyMs: HISTORY_MS }) };
}

const publishText = (topic: Topic, text: string) => topic.publish({ text }, '');
const numbersOf = (events: readonly TopicEvent[]) =>
  events.map((event) => (event.kind === 'item' ? event.sequenceNumber : `lost ${event.lastSequenceNumber}`));

const numbersUpTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** The numbers that were handed over or reported as lost, in that order. */
function numbersCoveredBy(events: readonly TopicEvent[]): number[] {
  const covered: number[] = [];
  for (const event of events) {
    const last = event.kind === 'item' ? event.sequenceNumber : event.newSequenceNumber;
    covered.push(...(event.kind === 'item' ? [last] : numbersUpTo(last).slice(covered.at(-1) ?? 0)));
  }
  return covered;
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ do: 'publish' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'block' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'pump' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 4_000 }) }),
  },
);

describe('Topic', () => {
  it('hands each message over once and in order, and reports every gap, however the subscriber lags', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { clock, topic } = startTopic();
        const events: TopicEvent[] = [];
        let ready = true;
        const subscription = topic.subscribe(FROM_LATEST, (event) => {
          events.push(event);
          return ready;
        });
        let published = 0;
        for (const current of steps) {
          if (current.do === 'publish') {
            published = publishText(topic, 'x');
          } else if (current.do === 'advance') {
            clock.nowMs += current.ms;
          } else {
            ready = current.do === 'pump';
            subscription.pump();
          }
        }
        ready = true;
        subscription.pump();

        expect(numbersCoveredBy(events)).toEqual(numbersUpTo(published));
      }),
    );
  });

  it('hands a resuming subscriber what is held from its number on', () => {
    fc.assert(
      fc.property(fc.nat({ max: 20 }), fc.integer({ min: 1, max: 25 }), (published, resumeAt) => {
        const { topic } = startTopic();
        for (let index = 0; index < published; index += 1) {
          publishText(topic, 'x');
        }
        const events: TopicEvent[] = [];
        topic.subscribe({ sequenceNumber: resumeAt, sequencePage: 1 }, (event) => events.push(event) > 0);

        const all = numbersUpTo(published);
        // A number that was never given out belongs to another life of the topic.
        const expected = resumeAt > published + 1 ? ['lost 0', ...all] : all.slice(resumeAt - 1);
        expect(numbersOf(events)).toEqual(expected);
      }),
    );
  });

  it('forgets messages after the time of its history, and not before', () => {
    const { clock, topic } = startTopic();
    publishText(topic, 'x');
    const resume = () => {
      const events: TopicEvent[] = [];
      topic
        .subscribe({ sequenceNumber: 1, sequencePage: 1 }, (event) => events.push(event) > 0)
        .unsubscribe();
      return numbersOf(events);
    };

    clock.nowMs = HISTORY_MS;
    expect(resume()).toEqual([1]);
    clock.nowMs = HISTORY_MS + 1;
    expect(resume()).toEqual(['lost 1']);
  });

  it('holds a bounded number of messages when the clock stands still', () => {
    const { topic } = startTopic();
    for (let index = 0; index < 10_100; index += 1) {
      publishText(topic, 'x');
    }
    const events: TopicEvent[] = [];
    topic.subscribe({ sequenceNumber: 1, sequencePage: 1 }, (event) => events.push(event) > 0);

    expect(events[0]).toMatchObject({ kind: 'discontinuity' });
    expect(events.length).toBeLessThanOrEqual(10_002);
    expect(events.at(-1)).toMatchObject({ sequenceNumber: 10_100 });
  });

  it('hands nothing to a subscriber that left, even in the middle of an event', () => {
    const { topic } = startTopic();
    publishText(topic, 'x');
    publishText(topic, 'x');
    const events: TopicEvent[] = [];
    const subscription = topic.subscribe({ sequenceNumber: 1, sequencePage: 1 }, (event) => {
      events.push(event);
      return false;
    });
    subscription.unsubscribe();
    subscription.pump();
    publishText(topic, 'x');

    expect(numbersOf(events)).toEqual([1]);
    expect(topic.subscriberCount).toBe(0);
  });
});
