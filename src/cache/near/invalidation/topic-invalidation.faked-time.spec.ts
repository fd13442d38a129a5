import {
  type SubscribeCallOptions,
  TimeoutError,
  TopicDiscontinuity,
  type TopicItem,
  TopicPublish,
  TopicSubscribe,
  type TopicClient,
} from '@gomomento/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../../test/support/capture-logs.js';
import { MomentoClosedError } from '../../../foundation/momento.errors.js';
import { InFlight } from '../../../foundation/time/in-flight.js';
import { CacheRecords } from '../../statistics/cache-records.js';
import { DegradationLog } from '../../statistics/degradation-log.js';
import { hashOf, type KeyHash } from './key-hash.js';
import { readMessage, writeMessage } from './message.js';
import { TopicInvalidation } from './topic-invalidation.js';

const logs = captureLogs();
beforeEach(() => {
  vi.useFakeTimers();
  logs.start();
});
afterEach(() => vi.useRealTimers());

/** @param subscription what the client answers with, or throws */
async function scene(
  subscription: unknown = { isSubscribed: true, status: 'live', streams: 1, ended: true },
) {
  const heard: (readonly KeyHash[] | 'anything')[] = [];
  const sent: Uint8Array[] = [];
  const closing = new AbortController();
  const answer = { subscription, asked: 0 };
  let callbacks: SubscribeCallOptions = {};
  const client = {
    publish: async (_cache: string, _topic: string, bytes: Uint8Array) => {
      sent.push(bytes);
      return new TopicPublish.Success();
    },
    subscribe: async (_cache: string, _topic: string, given: SubscribeCallOptions) => {
      answer.asked += 1;
      if (answer.subscription instanceof Error) throw answer.subscription;
      callbacks = given;
      return answer.subscription;
    },
  };
  const invalidation = new TopicInvalidation({
    client: client as unknown as TopicClient,
    cacheName: 'demo-cache',
    heard: { changed: (hashes) => heard.push(hashes), anythingChanged: () => heard.push('anything') },
    closing: closing.signal,
    inFlight: new InFlight(),
    degradations: new DegradationLog(new CacheRecords()),
  });
  await vi.advanceTimersByTimeAsync(0);
  const say = (bytes: Uint8Array) => callbacks.onItem?.({ valueUint8Array: () => bytes } as TopicItem);
  return { invalidation, heard, sent, answer, closing, say, callbacks: () => callbacks };
}

const live = { isSubscribed: true, status: 'live', streams: 1, ended: true };
const key = hashOf('key');
const message = (hashes: readonly KeyHash[]) => writeMessage({ sender: 'sender 1', hashes });

describe('what other processes say', () => {
  it('is heard: keys, or that anything may have changed; and nothing that this process said itself', async () => {
    const { invalidation, heard, sent, say } = await scene();
    say(message([key]));
    say(message([]));
    invalidation.tell([key]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent.map((bytes) => readMessage(bytes)?.hashes)).toEqual([[key]]);
    for (const bytes of sent) say(bytes);
    for (const bytes of [Uint8Array.of(), Uint8Array.of(7, 7, 7), Buffer.from('{"key":"a text"}')])
      say(bytes);
    expect(heard).toEqual([[key], 'anything']);
  });

  it('was missed, perhaps, in a gap and when the connection was lost', async () => {
    const { heard, callbacks } = await scene();
    callbacks().onDiscontinuity?.(new TopicDiscontinuity(1, 5, 0));
    callbacks().onConnectionLost?.();
    expect(heard).toEqual(['anything', 'anything']);
  });

  it('was missed, perhaps, between two streams, and before the first', async () => {
    const subscription = { ...live };
    const { invalidation, heard } = await scene(subscription);
    expect([invalidation.checkHearing(), heard]).toEqual([true, ['anything']]);
    expect([invalidation.checkHearing(), heard]).toEqual([true, ['anything']]);
    subscription.status = 'reconnecting';
    expect([invalidation.checkHearing(), heard]).toEqual([false, ['anything']]);
    Object.assign(subscription, { status: 'gapped', streams: 2 });
    expect([invalidation.checkHearing(), heard]).toEqual([true, ['anything', 'anything']]);
    subscription.status = 'closed';
    expect(invalidation.checkHearing()).toBe(false);
  });

  it('is heard of by another client than this library’s as long as it is subscribed', async () => {
    const subscription = { isSubscribed: true };
    const { invalidation } = await scene(subscription);
    expect(invalidation.checkHearing()).toBe(true);
    subscription.isSubscribed = false;
    expect(invalidation.checkHearing()).toBe(false);
  });
});

describe('a subscription that Momento refuses', () => {
  it.each([
    ['by an error that is thrown', new TimeoutError('no answer')],
    ['by an error that is returned', new TopicSubscribe.Error(new TimeoutError('no answer'))],
  ])('%s is asked for again, later each time, and said once', async (_how, refusal) => {
    const { invalidation, answer, heard } = await scene(refusal);
    expect([invalidation.checkHearing(), answer.asked]).toEqual([false, 1]);
    await vi.advanceTimersByTimeAsync(2_000);
    await vi.advanceTimersByTimeAsync(3_999);
    expect(answer.asked).toBe(2);
    answer.subscription = live;
    await vi.advanceTimersByTimeAsync(1);
    expect([invalidation.checkHearing(), heard]).toEqual([true, ['anything']]);
    expect(logs.lines).toEqual([expect.stringContaining('does not hear of changes in other processes')]);
  });

  it('is asked for no more when the app closes, and leaves no timer', async () => {
    const { answer, closing } = await scene(new TimeoutError('no answer'));
    closing.abort();
    await vi.advanceTimersByTimeAsync(100_000);
    expect([answer.asked, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it('is given up without a word when the connection is closed', async () => {
    const { answer } = await scene(new MomentoClosedError('default'));
    await vi.advanceTimersByTimeAsync(100_000);
    expect([answer.asked, logs.lines]).toEqual([1, []]);
  });
});
