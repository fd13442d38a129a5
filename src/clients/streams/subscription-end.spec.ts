import { TopicSubscribe } from '@gomomento/sdk';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { providerOf, recorder, startStreams, type StreamScene } from './streams.fixture.js';
import { isLiveSubscription, type LiveSubscription } from './listeners/subscription-handle.js';

const logs = captureLogs();
const patient = { timeout: 10_000, interval: 5 };
let scene: StreamScene;

beforeEach(async () => {
  scene = await startStreams({ timing: { shortestPauseMs: 300, longestPauseMs: 300 } });
  logs.start();
});
afterEach(() => scene.stop());

const open = (callbacks = {}) =>
  scene.subscriptions.subscribe(scene.keys.current, 'cache', 'topic', callbacks);
const streams = () => scene.momento.stats().subscriptions;
const asked = () => scene.momento.requestCount('topic-subscribe');

async function subscribe(callbacks = {}): Promise<LiveSubscription> {
  const response = await open(callbacks);
  if (response instanceof TopicSubscribe.Error || !isLiveSubscription(response))
    throw new Error('not subscribed');
  return response;
}

/** The moments of a subscription's life: each brings it there. */
const moments: [string, () => Promise<void>][] = [
  ['while it is live', async () => undefined],
  [
    'in its pause',
    async () => {
      scene.momento.faults.cut('topic-subscribe');
      await vi.waitFor(() => expect(streams()).toBe(0), patient);
    },
  ],
  [
    'while another stream is asked for',
    async () => {
      scene.momento.faults.hang('topic-subscribe');
      scene.momento.faults.cut('topic-subscribe');
      await vi.waitFor(() => expect(asked()).toBe(2), patient);
    },
  ],
  [
    'in the middle of a rotation',
    async () => {
      scene.momento.faults.hang('topic-subscribe');
      scene.keys.rotate(providerOf(scene.momento));
      await vi.waitFor(() => expect(asked()).toBe(2), patient);
    },
  ],
  [
    'while two streams overlap',
    async () => {
      scene.keys.rotate(providerOf(scene.momento));
      await vi.waitFor(() => expect(streams()).toBe(2), patient);
    },
  ],
  [
    'while it is refused',
    async () => {
      scene.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED');
      scene.keys.rotate(providerOf(scene.momento));
      await vi.waitFor(() => expect(asked()).toBeGreaterThanOrEqual(2), patient);
    },
  ],
];

describe.each(moments)('a subscription that ends %s', (_moment, bringIt) => {
  const { told, values, callbacks } = recorder();

  beforeEach(() => {
    told.length = 0;
    values.length = 0;
  });

  async function expectNothingLeft(subscription: LiveSubscription): Promise<void> {
    await subscription.ended;
    expect([subscription.isSubscribed, subscription.status]).toEqual([false, 'closed']);
    await vi.waitFor(() => expect([scene.subscriptions.size, streams()]).toEqual([0, 0]), patient);
    expect(told.filter((what) => what === 'end')).toHaveLength(1);
    expect(getEventListeners(scene.keys.current.superseded, 'abort')).toEqual([]);
    scene.momento.faults.clear();
    const before = asked();
    await scene.publish('late');
    const witness = recorder();
    await subscribe(witness.callbacks);
    await scene.publish('later');
    await vi.waitFor(() => expect(witness.values).toEqual(['later']), patient);
    expect(asked()).toBe(before + 1);
    expect(values).toEqual([]);
  }

  it('by unsubscribe, twice, leaves nothing', async () => {
    const subscription = await subscribe(callbacks);
    await bringIt();
    subscription.unsubscribe();
    subscription.unsubscribe();
    await expectNothingLeft(subscription);
  });

  it('by the end of the connection leaves nothing', async () => {
    const subscription = await subscribe(callbacks);
    await bringIt();
    scene.keys.isClosed = true;
    scene.subscriptions.stopDelivery();
    await scene.subscriptions.unsubscribeAll();
    await subscription.ended;
    expect(scene.subscriptions.size).toBe(0);
    await vi.waitFor(() => expect(streams()).toBe(0), patient);
    expect(told.at(-1)).toBe('end');
  });
});

describe('the end of a connection', () => {
  it('ends a subscription that has no answer yet, with an error response', async () => {
    scene.momento.faults.hang('topic-subscribe');
    const opening = open();
    await vi.waitFor(() => expect(asked()).toBe(1), patient);
    const endedAt = performance.now();
    await scene.subscriptions.unsubscribeAll();
    expect(await opening).toBeInstanceOf(TopicSubscribe.Error);
    // A call may take 10 s.
    expect(performance.now() - endedAt).toBeLessThan(5_000);
    await vi.waitFor(() => expect([scene.subscriptions.size, streams()]).toEqual([0, 0]), patient);
  });

  it('delivers nothing from its start on, while the streams stay', async () => {
    const { values, told, callbacks } = recorder();
    const subscription = await subscribe(callbacks);
    await scene.publish('1');
    await vi.waitFor(() => expect(values).toEqual(['1']), patient);
    scene.subscriptions.stopDelivery();
    const late = recorder();
    await subscribe(late.callbacks);
    await scene.publish('2');
    scene.momento.faults.cut('topic-subscribe');
    await vi.waitFor(() => expect(asked()).toBe(4), patient);
    expect([values, told, late.values, late.told]).toEqual([['1'], [], [], []]);
    expect(subscription.isSubscribed).toBe(true);
    await scene.subscriptions.unsubscribeAll();
    expect(told).toEqual(['end']);
  });

  it('ends a subscription that is lost when there are no clients any more', async () => {
    const subscription = await subscribe();
    scene.keys.isClosed = true;
    scene.momento.faults.cut('topic-subscribe');
    await subscription.ended;
    await vi.waitFor(() => expect(scene.subscriptions.size).toBe(0), patient);
    expect(logs.lines).toEqual([]);
  });
});

describe('a long pause', () => {
  it('is over when the subscription ends', async () => {
    await scene.stop();
    scene = await startStreams({ timing: { shortestPauseMs: 60_000, longestPauseMs: 60_000 } });
    const { told, callbacks } = recorder();
    const subscription = await subscribe(callbacks);
    scene.momento.faults.cut('topic-subscribe');
    await vi.waitFor(() => expect(told).toEqual(['lost']), patient);
    subscription.unsubscribe();
    await vi.waitFor(() => expect(scene.subscriptions.size).toBe(0), patient);
  });
});

describe('a callback that unsubscribes', () => {
  it('is not called again', async () => {
    const values: string[] = [];
    const subscription = await subscribe({
      onItem: (item: { valueString(): string }) => {
        values.push(item.valueString());
        subscription.unsubscribe();
      },
    });
    await scene.publish('1', '2', '3');
    await vi.waitFor(() => expect(streams()).toBe(0), patient);
    expect(values).toEqual(['1']);
  });
});
