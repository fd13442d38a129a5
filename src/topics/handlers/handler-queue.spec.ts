import { Logger } from '@nestjs/common';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { LogThrottle } from '../../foundation/log-throttle.js';
import { InFlight } from '../../foundation/time/in-flight.js';
import type { TopicGap, TopicMessage } from '../definitions/topic.options.js';
import { MessageHandling } from '../listening/message-handling.js';
import type { HandlerCall } from './handler-call.js';
import { HandlerLog } from './handler-log.js';
import { HandlerQueue, type HandlerQueueOptions } from './handler-queue.js';

const logs = captureLogs();
beforeEach(() => logs.start());

function callOf(run: (payload: unknown) => unknown): HandlerCall {
  return { name: 'A.b', run: async (payload) => void (await run(payload)), rescue: async () => undefined };
}

function queueOf(call: HandlerCall, options: Partial<HandlerQueueOptions> = {}): HandlerQueue {
  const inFlight = options.inFlight ?? new InFlight();
  const handling = new MessageHandling(inFlight);
  const operation = { name: 'OnTopic', cacheName: 'cache', target: 'topic' };
  const logger = new Logger('TopicService');
  const log = new HandlerLog({ logger, throttle: new LogThrottle(), handling, operation, name: 'A.b' });
  return new HandlerQueue({
    call,
    gapCalls: [],
    concurrency: 1,
    buffer: 1_000,
    overflow: 'drop-oldest',
    log,
    inFlight,
    ...options,
  });
}

const message = (number: number): TopicMessage<number> => ({
  value: number,
  topic: 'topic',
  cacheName: 'cache',
  cursor: `1:${number}`,
  sequenceNumber: number,
  sequencePage: 1,
  receivedAt: new Date(0),
});

describe('what waits for a handler', () => {
  it('is bounded over 100,000 messages at a handler that is slow and throws, and the counts add up', async () => {
    const inFlight = new InFlight();
    let told = 0;
    let runs = 0;
    const slow = callOf(async (number) => {
      runs += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (Number(number) % 3 === 0) throw new Error('every third');
    });
    const gaps = callOf((gap) => (told += (gap as TopicGap).missed ?? NaN));
    const queue = queueOf(slow, { inFlight, gapCalls: [gaps] });
    let mostWaiting = 0;
    for (let number = 1; number <= 100_000; number += 1) {
      queue.message(message(number));
      if (number % 100 > 0) continue;
      mostWaiting = Math.max(mostWaiting, queue.counts.waiting);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await inFlight.drain();
    const { received, handled, failed, dropped, waiting, running } = queue.counts;
    expect({ received, waiting, running }).toEqual({ received: 100_000, waiting: 0, running: 0 });
    expect(mostWaiting).toBe(1_000);
    expect(handled + failed).toBe(runs);
    expect(handled + failed + dropped).toBe(100_000);
    expect(failed).toBeGreaterThan(0);
    expect(told).toBe(dropped);
    // One line a kind: that it fails, and that it is too slow.
    expect(logs.lines).toHaveLength(2);
  });

  it('is handled in order, once, or told as a gap in its place, whatever comes and ends when', async () => {
    const events = fc.array(fc.constantFrom('message', 'gap', 'end'), { maxLength: 40 });
    const overflows = fc.constantFrom('drop-oldest' as const, 'drop-newest' as const);
    await fc.assert(
      fc.asyncProperty(events, overflows, fc.integer({ min: 1, max: 4 }), async (plan, overflow, buffer) => {
        const told: number[] = [];
        const ends: (() => void)[] = [];
        const handler = callOf((number) => {
          told.push(Number(number));
          return new Promise<void>((resolve) => ends.push(resolve));
        });
        const gapHandler = callOf((payload) => {
          const { from, to, missed = 0 } = payload as TopicGap;
          const [first, last] = [from, to].map((cursor) => Number(cursor.split(':')[1]));
          expect(missed).toBe((last ?? 0) - (first ?? 0));
          for (let number = (first ?? 0) + 1; number <= (last ?? 0); number += 1) told.push(number);
        });
        const inFlight = new InFlight();
        const queue = queueOf(handler, { inFlight, gapCalls: [gapHandler], overflow, buffer });
        let number = 0;
        for (const event of plan) {
          if (event === 'end') ends.shift()?.();
          else if (event === 'message') queue.message(message((number += 1)));
          else {
            const gap = {
              topic: 'topic',
              cacheName: 'cache',
              from: `1:${number}`,
              to: `1:${number + 2}`,
            } as const;
            queue.gap({ ...gap, missed: 2 });
            number += 2;
          }
          await Promise.resolve();
          expect(queue.counts.waiting).toBeLessThanOrEqual(buffer);
          expect(queue.counts.running).toBeLessThanOrEqual(1);
        }
        while (inFlight.count > 0) {
          ends.shift()?.();
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect(told).toEqual(Array.from({ length: number }, (_, index) => index + 1));
      }),
      { numRuns: 300 },
    );
  });

  it('is dropped at the end, once, and nothing is begun any more', async () => {
    const begun: unknown[] = [];
    let end = (): void => undefined;
    const inFlight = new InFlight();
    const handler = callOf((number) => {
      begun.push(number);
      return new Promise<void>((resolve) => (end = resolve));
    });
    const queue = queueOf(handler, { inFlight });
    for (const number of [1, 2, 3]) queue.message(message(number));
    queue.stop();
    queue.stop();
    queue.message(message(4));
    queue.gap({ topic: 'topic', cacheName: 'cache', from: '1:4', to: '1:5' });
    expect(queue.counts).toMatchObject({ received: 3, dropped: 2, running: 1, waiting: 0 });
    end();
    await inFlight.drain();
    expect(begun).toEqual([1]);
    expect(logs.lines).toEqual([expect.stringMatching(/^warn .* 2 messages of topic 'topic' .* waited/)]);
  });
});
