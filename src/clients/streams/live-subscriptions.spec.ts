import { type Middleware, MomentoErrorCode, type TopicConfiguration, TopicSubscribe } from '@gomomento/sdk';
import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { gapOf } from './stream-events.js';
import { providerOf, recorder, startStreams, type StreamScene } from './streams.fixture.js';
import { isLiveSubscription, type LiveSubscription } from './listeners/subscription-handle.js';

const logs = captureLogs();
const patient = { timeout: 10_000, interval: 5 };
let scene: StreamScene;

async function start(options?: Parameters<typeof startStreams>[0]): Promise<void> {
  scene = await startStreams(options);
  logs.start();
}
afterEach(() => scene.stop());

async function subscribe(callbacks = {}, topic = 'topic'): Promise<LiveSubscription> {
  const response = await scene.subscriptions.subscribe(scene.keys.current, 'cache', topic, callbacks);
  if (response instanceof TopicSubscribe.Error || !isLiveSubscription(response)) {
    throw new Error(`not subscribed: ${response.toString()}`);
  }
  return response;
}
const streams = () => scene.momento.stats().subscriptions;
const asked = () => scene.momento.requestCount('topic-subscribe');

describe('a stream that the service ends', () => {
  beforeEach(() => start());

  it.each([
    'CANCELLED',
    'NOT_FOUND',
    'PERMISSION_DENIED',
    'UNAUTHENTICATED',
    'UNAVAILABLE',
    'INTERNAL',
    'DEADLINE_EXCEEDED',
    'RESOURCE_EXHAUSTED',
    'UNKNOWN',
  ] as const)('and %s twice at the next ones: another one begins behind the last message', async (status) => {
    const { values, callbacks, told } = recorder();
    const subscription = await subscribe(callbacks);
    await scene.publish('1', '2');
    await vi.waitFor(() => expect(values).toEqual(['1', '2']), patient);

    scene.momento.faults.fail('topic-subscribe', status, { times: 2 });
    scene.momento.faults.cut('topic-subscribe');
    await scene.publish('3', '4', '5');
    expect(subscription.isSubscribed).toBe(true);
    await vi.waitFor(() => expect(values).toEqual(['1', '2', '3', '4', '5']), patient);
    expect(subscription.status).toBe('live');
    expect(streams()).toBe(1);
    expect(told.filter((what) => what === 'lost')).toHaveLength(1);
    expect(told).not.toContain('end');
    expect(callbacks.onDiscontinuity).not.toHaveBeenCalled();
  });

  it('while it is asked for for the first time is an error response, with nothing left behind', async () => {
    const { callbacks, told } = recorder();
    scene.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED', { times: 1 });
    const refused = await scene.subscriptions.subscribe(scene.keys.current, 'cache', 'topic', callbacks);
    expect(refused).toMatchObject({ type: 'Error' });
    expect(refused instanceof TopicSubscribe.Error && refused.errorCode()).toBe(
      MomentoErrorCode.PERMISSION_ERROR,
    );
    const missing = await scene.subscriptions.subscribe(scene.keys.current, 'no-such', 'topic', callbacks);
    expect(missing).toBeInstanceOf(TopicSubscribe.Error);
    const invalid = await scene.subscriptions.subscribe(scene.keys.current, 'cache', '', callbacks);
    expect(invalid instanceof TopicSubscribe.Error && invalid.errorCode()).toBe(
      MomentoErrorCode.INVALID_ARGUMENT_ERROR,
    );
    expect([scene.subscriptions.size, streams(), asked()]).toEqual([0, 0, 2]);
    expect(getEventListeners(scene.keys.current.superseded, 'abort')).toEqual([]);
    expect(told).toEqual([]);
  });

  it('is told once, in one line, when it is refused, and when it is live again; it is tried meanwhile', async () => {
    const { callbacks, told, values } = recorder();
    const subscription = await subscribe(callbacks);
    await scene.publish('1');
    await vi.waitFor(() => expect(values).toEqual(['1']), patient);
    const statuses: string[] = [];
    subscription.changes.subscribe(() => statuses.push(subscription.status));
    scene.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED');
    scene.momento.faults.cut('topic-subscribe');
    await vi.waitFor(() => expect(statuses.at(-1)).toBe('failed'), patient);
    expect(asked()).toBeGreaterThanOrEqual(6);
    expect(told).toEqual(['lost', MomentoErrorCode.PERMISSION_ERROR]);
    expect(logs.lines).toEqual([
      expect.stringMatching(
        /^error \[Momento TopicClient\] subscribe 'topic' in cache 'cache' failed with PERMISSION_ERROR.*tried again/,
      ),
    ]);

    await scene.publish('2');
    scene.momento.faults.clear();
    await vi.waitFor(() => expect(subscription.status).toBe('live'), patient);
    await vi.waitFor(() => expect(values).toEqual(['1', '2']), patient);
    expect(told).toEqual(['lost', MomentoErrorCode.PERMISSION_ERROR]);
  });

  it('is told for all in one line when many are lost at once', async () => {
    const recorders = Array.from({ length: 20 }, () => recorder());
    for (const { callbacks } of recorders) await subscribe(callbacks);
    scene.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED');
    scene.momento.faults.cut('topic-subscribe');
    await vi.waitFor(() => {
      for (const { told } of recorders) expect(told).toEqual(['lost', MomentoErrorCode.PERMISSION_ERROR]);
    }, patient);
    expect(logs.lines).toHaveLength(1);
  });

  it('pauses longer with each refusal, so that a service in trouble is not asked without end', async () => {
    await scene.stop();
    await start({ timing: { shortestPauseMs: 20, longestPauseMs: 2_000, random: () => 1 } });
    await subscribe();
    scene.momento.faults.fail('topic-subscribe', 'NOT_FOUND');
    scene.momento.faults.cut('topic-subscribe');
    // After 40, 80, 160 and 320 ms.
    await vi.waitFor(() => expect(asked()).toBe(1 + 4), patient);
    const [fourth, fifth] = scene.momento.requests.slice(3).map(({ at }) => at.getTime());
    expect((fifth ?? 0) - (fourth ?? 0)).toBeGreaterThanOrEqual(300);
  });

  it('joins the look for another key when it was rejected, and does not wait for its pause then', async () => {
    await scene.stop();
    await start({ timing: { shortestPauseMs: 60_000, longestPauseMs: 60_000 } });
    const { values, callbacks } = recorder();
    await subscribe(callbacks);
    await scene.publish('1');
    await vi.waitFor(() => expect(values).toEqual(['1']), patient);
    scene.keys.next = providerOf(scene.momento);
    const old = scene.momento.issueApiKey();
    scene.keys.rotate(providerOf(scene.momento, old));
    await vi.waitFor(() => expect(scene.momento.requests.at(-1)?.keyId).toBe('key-1'), patient);
    scene.keys.next = providerOf(scene.momento, scene.momento.issueApiKey());
    scene.momento.revokeApiKey(old);
    await vi.waitFor(() => expect(scene.momento.requests.at(-1)?.keyId).toBe('key-2'), patient);
    expect(scene.keys.looks).toBe(1);
  });
});

describe('a stream that the server just ends', () => {
  it('is not asked for again at once, as the SDK does without end', async () => {
    const { callbacks, told, values } = recorder();
    let isEnding = true;
    await start({
      adapt: (configurations) => ({
        ...configurations,
        // Instead of UNAVAILABLE a plain end.
        subscriptions: withMiddleware(configurations.subscriptions, () => ({
          onResponseStatus: async (status) => {
            if (isEnding) Object.assign(status._grpcStatus, { code: 0 });
            return status;
          },
        })),
      }),
      timing: { shortestPauseMs: 100, longestPauseMs: 100 },
    });
    await subscribe(callbacks);
    await scene.publish('1');
    await vi.waitFor(() => expect(values).toEqual(['1']), patient);
    const before = asked();
    scene.momento.faults.cut('topic-subscribe');
    await vi.waitFor(() => expect(told).toEqual(['lost']), patient);
    isEnding = false;
    expect(asked()).toBe(before);
    await scene.publish('2');
    await vi.waitFor(() => expect(values).toEqual(['1', '2']), patient);
    expect(asked()).toBe(before + 1);
  });
});

type Handler = ReturnType<Middleware['onNewRequest']>;

/** A middleware that sees the answers before the library's own; a handler for each stream. */
function withMiddleware(
  configuration: TopicConfiguration,
  handle: () => Partial<Handler>,
): TopicConfiguration {
  const pass = async <T>(value: T) => value;
  const passing = {
    onRequestMetadata: pass,
    onRequestBody: pass,
    onResponseMetadata: pass,
    onResponseBody: pass,
    onResponseStatus: pass,
  };
  const middleware: Middleware = { onNewRequest: () => ({ ...passing, ...handle() }) };
  return Object.create(configuration, {
    getMiddlewares: { value: () => [...configuration.getMiddlewares(), middleware] },
  }) as TopicConfiguration;
}

describe('a stream after another one', () => {
  it('asks for what is behind the last message, in its page', async () => {
    const asks: unknown[] = [];
    await start({
      now: () => 7_000,
      adapt: (configurations) => ({
        ...configurations,
        subscriptions: withMiddleware(configurations.subscriptions, () => ({
          onRequestBody: async (request) => {
            const { _grpcMessage: ask } = request;
            asks.push(
              ['resume_at_topic_sequence_number', 'sequence_page'].map((name) => Reflect.get(ask, name)),
            );
            return request;
          },
        })),
      }),
    });
    const { values, callbacks } = recorder();
    await subscribe(callbacks);
    await scene.publish('1', '2', '3');
    await vi.waitFor(() => expect(values).toEqual(['1', '2', '3']), patient);
    scene.momento.faults.cut('topic-subscribe');
    await vi.waitFor(() => expect(asked()).toBe(2), patient);
    expect(asks).toEqual([
      [0, 0],
      [4, 7_000],
    ]);
  });
});

describe('a stream without an answer', () => {
  it('is given up and ended in the time of a call; nothing of it is left', async () => {
    await start({ answerTimeoutMs: 300 });
    scene.momento.faults.hang('topic-subscribe', { times: 1 });
    const response = await scene.subscriptions.subscribe(scene.keys.current, 'cache', 'topic', {});
    expect(response instanceof TopicSubscribe.Error && response.errorCode()).toBe(
      MomentoErrorCode.TIMEOUT_ERROR,
    );
    await vi.waitFor(() => expect(streams()).toBe(0), patient);
    expect(scene.subscriptions.size).toBe(0);
  });

  it('is followed by another when it is not the first, whatever a call may take; none hangs on', async () => {
    await start({ timing: { longestAnswerMs: 400 } });
    const { values, callbacks } = recorder();
    const subscription = await subscribe(callbacks);
    await scene.publish('1');
    await vi.waitFor(() => expect(values).toEqual(['1']), patient);
    scene.momento.faults.hang('topic-subscribe', { times: 2 });
    scene.momento.faults.cut('topic-subscribe');
    await scene.publish('2', '3');
    await vi.waitFor(() => expect(values).toEqual(['1', '2', '3']), patient);
    expect(subscription.status).toBe('live');
    await vi.waitFor(() => expect(streams()).toBe(1), patient);
  });
});

describe('a stream that falls silent', () => {
  it('is replaced when neither heartbeats nor messages come; nothing is lost', async () => {
    await start({ heartbeatIntervalMs: 3_600_000, timing: { silenceLimitMs: 100 } });
    const { told, values, callbacks } = recorder();
    const subscription = await subscribe(callbacks);
    await vi.waitFor(() => expect(asked()).toBe(3), patient);
    await scene.publish('1', '2');
    await vi.waitFor(() => expect(values).toEqual(['1', '2']), patient);
    await vi.waitFor(() => expect([subscription.status, streams()]).toEqual(['live', 1]), patient);
    expect(told).toEqual([]);
  });

  it('is replaced more and more seldom by a service that sends no heartbeats', async () => {
    await start({ heartbeatIntervalMs: 3_600_000, timing: { silenceLimitMs: 40, overlapMs: 1 } });
    await subscribe();
    // After 40, 80, 160 and 320 ms.
    await vi.waitFor(() => expect(asked()).toBe(5), patient);
    const [fourth, fifth] = scene.momento.requests.slice(3).map(({ at }) => at.getTime());
    expect((fifth ?? 0) - (fourth ?? 0)).toBeGreaterThanOrEqual(300);
  });

  it('is lost when it cannot be replaced', async () => {
    await start({ heartbeatIntervalMs: 3_600_000, timing: { silenceLimitMs: 100 } });
    const { told, callbacks, values } = recorder();
    const subscription = await subscribe(callbacks);
    scene.momento.faults.fail('topic-subscribe', 'UNAVAILABLE', { times: 2 });
    await vi.waitFor(() => expect(told).toEqual(['lost']), patient);
    await vi.waitFor(() => expect([asked(), subscription.status]).toEqual([4, 'live']), patient);
    await scene.publish('1');
    await vi.waitFor(() => expect(values).toEqual(['1']), patient);
    expect(told).toEqual(['lost']);
  });

  it('is not replaced while heartbeats or messages come', async () => {
    await start({ heartbeatIntervalMs: 40, timing: { silenceLimitMs: 1_000 } });
    const { told, callbacks } = recorder();
    const heartbeats: unknown[] = [];
    await subscribe({ ...callbacks, onHeartbeat: () => heartbeats.push(undefined) });
    await vi.waitFor(() => expect(heartbeats.length).toBeGreaterThan(40), patient);
    expect([told, asked()]).toEqual([[], 1]);
  });
});

describe('another key', () => {
  const anotherKey = () => providerOf(scene.momento);

  it('moves the streams: nothing is lost, nothing comes twice, all in order', async () => {
    await start();
    const { values, callbacks, told } = recorder();
    await subscribe(callbacks);
    const published = Array.from({ length: 120 }, (_, index) => String(index + 1));
    for (const value of published) {
      await scene.publish(value);
      if (Number(value) % 20 === 10) scene.keys.rotate(anotherKey());
    }
    await vi.waitFor(() => expect(values).toHaveLength(published.length), patient);
    expect(values).toEqual(published);
    expect(told).toEqual([]);
    await vi.waitFor(() => expect(streams()).toBe(1), patient);
  });

  it('may not subscribe: that is told once, and the stream of the key before goes on until it may', async () => {
    await start();
    const { values, callbacks, told } = recorder();
    const subscription = await subscribe(callbacks);
    scene.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED');
    scene.keys.rotate(anotherKey());
    await vi.waitFor(() => expect(asked()).toBeGreaterThan(6), patient);
    await scene.publish('1');
    await vi.waitFor(() => expect(values).toEqual(['1']), patient);
    expect(told).toEqual([MomentoErrorCode.PERMISSION_ERROR]);
    expect(logs.lines).toHaveLength(1);
    scene.momento.faults.clear();
    await vi.waitFor(() => expect(streams()).toBe(1), patient);
    await scene.publish('2');
    await vi.waitFor(() => expect(values).toEqual(['1', '2']), patient);
    expect(subscription.status).toBe('live');
  });

  it('finds no room beside the stream of the key before: that one makes room, and nothing is lost', async () => {
    await start({ timing: { shortestPauseMs: 150, longestPauseMs: 150 } });
    const { values, callbacks, told } = recorder();
    const subscription = await subscribe(callbacks);
    await scene.publish('1');
    await vi.waitFor(() => expect(values).toEqual(['1']), patient);
    scene.momento.faults.fail('topic-subscribe', 'RESOURCE_EXHAUSTED', { times: 1 });
    scene.keys.rotate(anotherKey());
    await vi.waitFor(() => expect(streams()).toBe(0), patient);
    expect(subscription.status).toBe('reconnecting');
    await scene.publish('2');
    await vi.waitFor(() => expect(values).toEqual(['1', '2']), patient);
    expect([told, subscription.status, streams()]).toEqual([[], 'live', 1]);
  });

  it('of another endpoint begins anew there, although its numbers are lower, and says so', async () => {
    await start();
    const { values, callbacks } = recorder();
    const there = await startStreams({ now: () => 1_000 });
    await subscribe(callbacks);
    await scene.publish('1', '2', '3');
    await vi.waitFor(() => expect(values).toEqual(['1', '2', '3']), patient);
    await there.publish('from before the subscription was there');
    scene.keys.rotate(providerOf(there.momento));
    await vi.waitFor(() => expect(streams()).toBe(0), patient);
    await there.publish('a', 'b');
    await vi.waitFor(() => expect(values).toEqual(['1', '2', '3', 'a', 'b']), patient);
    expect(callbacks.onDiscontinuity).toHaveBeenCalledTimes(1);
    await scene.subscriptions.unsubscribeAll();
    await there.stop();
  });

  it('of a place without the cache is told, and the subscription is live when the cache appears', async () => {
    await start();
    const { values, callbacks, told } = recorder();
    const there = await startStreams({ caches: [] });
    await subscribe(callbacks);
    scene.keys.rotate(providerOf(there.momento));
    await vi.waitFor(() => expect(told).toEqual([MomentoErrorCode.CACHE_NOT_FOUND_ERROR]), patient);
    there.momento.createCache('cache');
    await vi.waitFor(() => expect(streams()).toBe(0), patient);
    await there.publish('a');
    await vi.waitFor(() => expect(values).toEqual(['a']), patient);
    expect(told).toHaveLength(1);
    await scene.subscriptions.unsubscribeAll();
    await there.stop();
  });

  it(
    '300 times, and 300 subscriptions: no warning, and no listener is left',
    { timeout: 60_000 },
    async () => {
      const warnings: Error[] = [];
      const note = (warning: Error) => void warnings.push(warning);
      process.on('warning', note);
      await start({
        heartbeatIntervalMs: 1_000,

        timing: { silenceLimitMs: 60_000 },
      });
      const { values, callbacks } = recorder();
      const first = await subscribe(callbacks);
      await scene.publish('0');
      for (let round = 1; round <= 300; round += 1) {
        const { superseded } = scene.keys.current;
        scene.keys.rotate(anotherKey());
        expect(getEventListeners(superseded, 'abort').length).toBeLessThanOrEqual(1);
        await vi.waitFor(
          () => expect(getEventListeners(scene.keys.current.superseded, 'abort').length).toBe(1),
          patient,
        );
        if (round % 50 === 0) await scene.publish(String(round));
      }
      await vi.waitFor(() => expect(values).toEqual(['0', '50', '100', '150', '200', '250', '300']), patient);
      await vi.waitFor(() => expect(streams()).toBe(1), patient);

      const more = await Promise.all(Array.from({ length: 299 }, () => subscribe()));
      const before = scene.keys.current.superseded;
      expect(getEventListeners(before, 'abort')).toHaveLength(300);
      scene.keys.rotate(anotherKey());
      const { superseded } = scene.keys.current;
      await vi.waitFor(() => expect(getEventListeners(superseded, 'abort')).toHaveLength(300), patient);
      expect(getEventListeners(before, 'abort')).toEqual([]);
      for (const subscription of [first, ...more]) subscription.unsubscribe();
      await vi.waitFor(() => expect([scene.subscriptions.size, streams()]).toEqual([0, 0]), patient);
      expect(getEventListeners(superseded, 'abort')).toEqual([]);
      process.off('warning', note);
      expect(warnings).toEqual([]);
    },
  );
});

describe('a subscription that has seen no message', () => {
  it('loses none while it moves, although the next stream has nothing to begin behind', async () => {
    await start();
    const { values, callbacks } = recorder();
    await subscribe(callbacks);
    scene.keys.rotate(providerOf(scene.momento));
    const published = Array.from({ length: 30 }, (_, index) => String(index + 1));
    await scene.publish(...published);
    await vi.waitFor(() => expect(values).toHaveLength(30), patient);
    expect(values).toEqual(published);
  });

  /** The first stream brings all but its first answer late. */
  async function startSlow(delayMs: number, overlapMs: number): Promise<void> {
    let opened = 0;
    await start({
      timing: { overlapMs },
      adapt: (configurations) => ({
        ...configurations,
        subscriptions: withMiddleware(configurations.subscriptions, () => {
          const isFirst = opened === 0;
          let heard = 0;
          opened += 1;
          return {
            onResponseBody: async (body) => {
              heard += 1;
              if (isFirst && heard > 1) await sleep(delayMs, undefined, { ref: false });
              return body;
            },
          };
        }),
      }),
    });
  }

  it.each([
    ['that the stream before brings late', 150, 1_000],
    ['that only the next one brought, while the two overlapped', 5_000, 100],
  ])('loses none %s', async (_case, delayMs, overlapMs) => {
    await startSlow(delayMs, overlapMs);
    const { values, callbacks } = recorder();
    await subscribe(callbacks);
    const early = delayMs < overlapMs ? ['1'] : [];
    await scene.publish(...early);
    scene.keys.rotate(providerOf(scene.momento));
    await vi.waitFor(() => expect(streams()).toBe(2), patient);
    await scene.publish('2', '3');
    await vi.waitFor(() => expect(values).toEqual([...early, '2', '3']), patient);
  });

  it('keeps the stream that it has when the next one is lost in the overlap', async () => {
    await start({ timing: { overlapMs: 400 } });
    const { values, callbacks, told } = recorder();
    const old = scene.momento.issueApiKey();
    scene.keys.rotate(providerOf(scene.momento, old));
    await subscribe(callbacks);
    const lost = scene.momento.issueApiKey();
    scene.keys.rotate(providerOf(scene.momento, lost));
    await vi.waitFor(() => expect(streams()).toBe(2), patient);
    scene.momento.revokeApiKey(lost);
    await vi.waitFor(() => expect(streams()).toBe(1), patient);
    await scene.publisherOf(old).publish('cache', 'topic', '1');
    await vi.waitFor(() => expect(values).toEqual(['1']), patient);
    expect(told).not.toContain('lost');
  });
});

describe('a stream that grows old', () => {
  it('is followed by a fresh one ahead of its deadline, without a message lost', async () => {
    await start({ timing: { renewAfterMs: 50 } });
    const { values, callbacks, told } = recorder();
    await subscribe(callbacks);
    for (let value = 1; value <= 100; value += 10) {
      await scene.publish(...Array.from({ length: 10 }, (_, index) => String(value + index)));
      await vi.waitFor(() => expect(values).toHaveLength(value + 9), patient);
    }
    await vi.waitFor(() => expect(asked()).toBeGreaterThan(2), patient);
    expect(values).toEqual(Array.from({ length: 100 }, (_, index) => String(index + 1)));
    expect(told).toEqual([]);
  });
});

describe('what Momento no longer holds', () => {
  it('is told once, with its number, and delivery goes on behind it', async () => {
    let nowMs = Date.now();
    await start({ now: () => nowMs, timing: { longestAnswerMs: 400 } });
    const { values, callbacks } = recorder();
    const subscription = await subscribe(callbacks);
    await scene.publish('1', '2');
    await vi.waitFor(() => expect(values).toEqual(['1', '2']), patient);
    scene.momento.faults.hang('topic-subscribe', { times: 1 });
    scene.momento.faults.cut('topic-subscribe');
    await scene.publish('3', '4', '5');
    nowMs += 6_000;
    await scene.publish('6', '7');
    await vi.waitFor(() => expect(values).toEqual(['1', '2', '6', '7']), patient);
    expect(callbacks.onDiscontinuity).toHaveBeenCalledTimes(1);
    const [[discontinuity]] = callbacks.onDiscontinuity.mock.calls as [[Parameters<typeof gapOf>[0]]];
    const gap = gapOf(discontinuity);
    expect(gap).toMatchObject({ from: { number: 2 }, to: { number: 5 }, missed: 3 });
    expect(gap?.from.page).toBeGreaterThan(0);
    expect(subscription.status).toBe('live');
  });

  it('is told also when the topic begins anew', async () => {
    await start();
    const { values, callbacks } = recorder();
    await subscribe(callbacks);
    await scene.publish('1', '2', '3');
    await vi.waitFor(() => expect(values).toEqual(['1', '2', '3']), patient);
    scene.momento.deleteCache('cache');
    scene.momento.createCache('cache');
    await scene.publish('a', 'b');
    await vi.waitFor(() => expect(values).toEqual(['1', '2', '3', 'a', 'b']), patient);
    expect(callbacks.onDiscontinuity).toHaveBeenCalledTimes(1);
  });
});
