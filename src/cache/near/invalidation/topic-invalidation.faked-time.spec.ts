import {
  type SubscribeCallOptions,
  TimeoutError,
  TopicDiscontinuity,
  type TopicItem,
  TopicPublish,
  TopicSubscribe,
  type TopicClient,
} from '@gomomento/sdk';
import { NEVER } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../../test/support/capture-logs.js';
import { MomentoClosedError } from '../../../foundation/momento.errors.js';
import { InFlight } from '../../../foundation/time/in-flight.js';
import { CacheRecords } from '../../statistics/cache-records.js';
import { DegradationLog } from '../../statistics/degradation-log.js';
import { SharedTopics } from '../../../topics/shared/shared-topics.js';
import { hashOf, type KeyHash } from './key-hash.js';
import { readMessage, writeMessage } from './message.js';
import { TopicInvalidation } from './topic-invalidation.js';

const logs = captureLogs();
beforeEach(() => {
  vi.useFakeTimers();
  logs.start();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const live = {
  isSubscribed: true,
  status: 'live',
  streams: 1,
  ended: new Promise<void>(() => undefined),
  changes: NEVER,
  unsubscribe: () => undefined,
};

/** @param subscription what the client answers with, or throws */
async function scene(subscription: unknown = live) {
  const heard: (readonly KeyHash[] | 'anything')[] = [];
  const sent: Uint8Array[] = [];
  const closing = new AbortController();
  const answer = { subscription, asked: 0, endsAtOnce: false };
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
      if (answer.endsAtOnce) queueMicrotask(() => end());
      return answer.subscription;
    },
  };
  const invalidation = new TopicInvalidation({
    client: client as unknown as TopicClient,
    topics: new SharedTopics(client as unknown as TopicClient),
    cacheName: 'demo-cache',
    heard: { changed: (hashes) => heard.push(hashes), anythingChanged: () => heard.push('anything') },
    closing: closing.signal,
    inFlight: new InFlight(),
    degradations: new DegradationLog(new CacheRecords()),
  });
  await vi.advanceTimersByTimeAsync(0);
  /** As one of another client does. */
  const end = () =>
    callbacks.onError?.(new TopicSubscribe.Error(new TimeoutError('over')), {
      isSubscribed: false,
    } as TopicSubscribe.Subscription);
  let number = 0;
  const say = (bytes: Uint8Array) => {
    number += 1;
    const sequenceNumber = number;
    callbacks.onItem?.({ valueUint8Array: () => bytes, sequenceNumber: () => sequenceNumber } as TopicItem);
  };
  return { invalidation, heard, sent, answer, closing, say, end, callbacks: () => callbacks };
}

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

describe('a subscription of another client that ends', () => {
  it.each([[false], [true]])(
    'is asked for again, after a pause; also before it stands: %s',
    async (endsAtOnce) => {
      vi.spyOn(Math, 'random').mockReturnValue(1);
      const { invalidation, answer, end } = await scene({ isSubscribed: true });
      answer.endsAtOnce = endsAtOnce;
      for (const asked of [1, 2, 3]) {
        if (asked === 1 || !endsAtOnce) end();
        expect([invalidation.checkHearing(), answer.asked]).toEqual([false, asked]);
        await vi.advanceTimersByTimeAsync(999);
        expect(answer.asked).toBe(asked);
        await vi.advanceTimersByTimeAsync(1);
        expect(answer.asked).toBe(asked + 1);
      }
      expect(invalidation.checkHearing()).toBe(!endsAtOnce);
    },
  );
});

describe('a subscription that Momento refuses', () => {
  it.each([
    ['by an error that is thrown', new TimeoutError('no answer')],
    ['by an error that is returned', new TopicSubscribe.Error(new TimeoutError('no answer'))],
  ])('%s is asked for again, later each time, and said once', async (_how, refusal) => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const { invalidation, answer, heard } = await scene(refusal);
    expect([invalidation.checkHearing(), answer.asked]).toEqual([false, 1]);
    for (const longestPauseMs of [1_000, 2_000, 4_000]) {
      const { asked } = answer;
      await vi.advanceTimersByTimeAsync(longestPauseMs - 1);
      expect(answer.asked).toBe(asked);
      await vi.advanceTimersByTimeAsync(1);
      expect(answer.asked).toBe(asked + 1);
    }
    answer.subscription = live;
    await vi.advanceTimersByTimeAsync(8_000);
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
