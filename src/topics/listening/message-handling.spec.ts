import { TopicItem } from '@gomomento/sdk';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { jsonCodec } from '../../foundation/momento.codecs.js';
import { InFlight } from '../../foundation/time/in-flight.js';
import type { StandardSchema } from '../../foundation/values/standard-schema.js';
import { TopicForm } from '../definitions/topic-form.js';
import type { TopicEvents } from '../shared/topic-listener.js';
import { type MessageEvents, MessageHandling } from './message-handling.js';

const operation = { name: 'subscribe', cacheName: 'cache', target: 'numbers' };
const logs = captureLogs();
/** What the schema is at. */
let reading: (() => void)[] = [];
let isSlow = true;
let told: unknown[] = [];

const schema: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      isSlow ? new Promise((resolve) => reading.push(() => resolve({ value }))) : { value },
  },
};
const form = new TopicForm({ codec: jsonCodec, schema, maxMessageBytes: 100 });

function read(more: Partial<MessageEvents<unknown>> = {}): TopicEvents {
  return new MessageHandling(new InFlight()).read(operation, form, {
    message: ({ value }) => told.push(value),
    gap: ({ from, to, missed }) => told.push([from, to, missed]),
    ended: () => told.push('ended'),
    ...more,
  });
}
const publish = (events: TopicEvents, ...numbers: readonly number[]) =>
  numbers.forEach((number) => events.item(new TopicItem(String(number), number), { page: 1, number }));
const ready = () => vi.waitFor(() => expect(reading).toHaveLength(1));

beforeEach(() => {
  reading = [];
  told = [];
  isSlow = true;
  logs.start();
});

describe('while a schema takes its time', () => {
  it('what comes behind waits', async () => {
    const events = read();
    publish(events, 1);
    isSlow = false;
    publish(events, 2);
    events.gap({ from: { page: 1, number: 2 }, to: { page: 1, number: 4 }, missed: 2 });
    publish(events, 5);
    expect(told).toEqual([]);
    reading[0]?.();
    await vi.waitFor(() => expect(told).toEqual([1, 2, ['1:2', '1:4', 2], 5]));
    publish(events, 6);
    expect(told.at(-1)).toBe(6);
  });

  it('the end comes at once, when unsubscribed and when the app shuts down: nothing is told afterwards', async () => {
    for (const end of [
      (events: TopicEvents) => events.ended(),
      (events: TopicEvents) => events.closing?.(),
    ]) {
      told = [];
      reading = [];
      const events = read();
      publish(events, 1, 2);
      end(events);
      expect(told).toEqual(['ended']);
      await ready();
      reading[0]?.();
      await new Promise((resolve) => setImmediate(resolve));
      expect([told, reading.length]).toEqual([['ended'], 1]);
    }
  });

  it('so many wait at most: the others are a gap behind them, and that is said', async () => {
    const events = read();
    publish(events, 1);
    isSlow = false;
    publish(events, ...Array.from({ length: 1_004 }, (_, index) => index + 2));
    events.gap({ from: { page: 1, number: 1_005 }, to: { page: 1, number: 1_007 }, missed: 2 });
    expect(logs.lines).toEqual([
      expect.stringMatching(/^warn \[TopicService\] A message of topic 'numbers' .* dropped: 1000 wait/),
    ]);
    reading[0]?.();
    await vi.waitFor(() => expect(told).toHaveLength(1_001));
    expect(told.slice(-2)).toEqual([1_000, ['1:1000', '1:1007', 7]]);
    publish(events, 1_008);
    expect(told.at(-1)).toBe(1_008);
  });

  it('a gap of which nobody knows how much it is stays one', async () => {
    const events = read();
    publish(events, ...Array.from({ length: 1_001 }, (_, index) => index + 1));
    events.gap({ from: { page: 1, number: 1_001 }, to: { page: 2, number: 7 } });
    isSlow = false;
    reading[0]?.();
    await vi.waitFor(() => expect(told.at(-1)).toEqual(['1:1000', '2:7', undefined]));
  });
});
