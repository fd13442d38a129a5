import { MomentoErrorCode, type TopicDiscontinuity, type TopicItem } from '@gomomento/sdk';
import { pubsub } from '@gomomento/generated-types';
import { credentials } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MomentoLocal } from '../../src/local/momento/momento-local.js';
import {
  CACHE,
  cacheClientFor,
  credentialsFor,
  errorCodeOf,
  nameOf,
  startMomento,
  stoppedClock,
  subscribe,
  topicClientFor,
} from '../local/momento.fixture.js';

type SubscriptionItem = pubsub.cache_client.pubsub._SubscriptionItem;

const { PubsubClient, _SubscriptionRequest: SubscriptionRequest } = pubsub.cache_client.pubsub;

/** What a subscription receives, written short. */
function describeItem(item: SubscriptionItem): string {
  if (item.has_item) {
    return `item ${item.item.topic_sequence_number} ${item.item.value.text}`;
  }
  const { last_topic_sequence: last, new_topic_sequence: next } = item.discontinuity ?? {};
  return item.has_discontinuity ? `discontinuity ${last}→${next}` : 'heartbeat';
}

/** Subscribes as the SDK does when it resumes: it has no public way to choose a position. */
function resume(momento: MomentoLocal, sequenceNumber: number, sequencePage = 0) {
  const client = new PubsubClient(momento.endpoints.cacheEndpoint, credentials.createInsecure());
  const stream = client.Subscribe(
    new SubscriptionRequest({
      cache_name: CACHE,
      topic: 't',
      resume_at_topic_sequence_number: sequenceNumber,
      sequence_page: sequencePage,
    }),
  );
  const received: SubscriptionItem[] = [];
  stream.on('data', (item: SubscriptionItem) => received.push(item));
  stream.on('error', () => undefined);
  onTestFinished(() => {
    stream.cancel();
    client.close();
  });
  return {
    received,
    pages: () => received.filter((item) => item.has_item).map((item) => item.item.sequence_page),
  };
}

function expectReceived(
  { received }: { received: SubscriptionItem[] },
  expected: readonly string[],
): Promise<void> {
  return vi.waitFor(() => expect(received.map(describeItem)).toEqual(expected));
}

describe('Topics', () => {
  it('delivers text, bytes and nothing to every subscriber, in order, numbered from 1', async () => {
    const momento = await startMomento();
    const client = topicClientFor(momento);
    const received: TopicItem[][] = [[], []];
    for (const items of received) {
      await subscribe(client, 't', { onItem: (item) => items.push(item) });
    }

    for (const value of ['one', new Uint8Array([0, 255]), '']) {
      expect(nameOf(await client.publish(CACHE, 't', value))).toBe('Success');
    }

    for (const items of received) {
      await vi.waitFor(() => expect(items).toHaveLength(3));
      expect(items.map((item) => item.sequenceNumber())).toEqual([1, 2, 3]);
      expect(items.map((item) => item.value())).toEqual(['one', new Uint8Array([0, 255]), new Uint8Array()]);
    }
  });

  it('keeps topics and caches apart', async () => {
    const momento = await startMomento({ caches: [CACHE, 'other'] });
    const client = topicClientFor(momento);
    const received: string[] = [];
    await subscribe(client, 't', { onItem: (item) => received.push(item.valueString()) });

    await client.publish(CACHE, 'u', 'another topic');
    await client.publish('other', 't', 'another cache');
    await client.publish(CACHE, 't', 'this');

    await vi.waitFor(() => expect(received).toEqual(['this']));
  });

  it('delivers nothing after unsubscribe', async () => {
    const momento = await startMomento();
    const client = topicClientFor(momento);
    const received: string[] = [];
    const first = await subscribe(client, 't', {
      onItem: (item) => received.push(`first ${item.valueString()}`),
    });
    await subscribe(client, 't', { onItem: (item) => received.push(`second ${item.valueString()}`) });

    first.unsubscribe();
    await client.publish(CACHE, 't', 'x');

    await vi.waitFor(() => expect(received).toEqual(['second x']));
  });

  it('sends a heartbeat at once and then regularly', async () => {
    const momento = await startMomento({ heartbeatIntervalMs: 10 });
    const onHeartbeat = vi.fn<() => void>();
    await subscribe(topicClientFor(momento), 't', { onHeartbeat });

    await vi.waitFor(() => expect(onHeartbeat.mock.calls.length).toBeGreaterThanOrEqual(3));
  });

  it('resumes from a number, from the oldest held, and from the latest', async () => {
    const momento = await startMomento();
    const client = topicClientFor(momento);
    await client.publish(CACHE, 't', 'a');
    await client.publish(CACHE, 't', 'b');

    const fromFirst = resume(momento, 1);
    const fromSecond = resume(momento, 2);
    const fromNext = resume(momento, 3);
    const fromLatest = resume(momento, 0);
    await expectReceived(fromLatest, ['heartbeat']);
    await expectReceived(fromNext, ['heartbeat']);
    await client.publish(CACHE, 't', 'c');

    await expectReceived(fromFirst, ['heartbeat', 'item 1 a', 'item 2 b', 'item 3 c']);
    await expectReceived(fromSecond, ['heartbeat', 'item 2 b', 'item 3 c']);
    await expectReceived(fromNext, ['heartbeat', 'item 3 c']);
    await expectReceived(fromLatest, ['heartbeat', 'item 3 c']);
  });

  it('holds messages for 5 s and reports what is lost as a discontinuity', async () => {
    const clock = stoppedClock();
    const momento = await startMomento({ now: clock.now });
    const client = topicClientFor(momento);
    await client.publish(CACHE, 't', 'a');
    clock.advance(3_000);
    await client.publish(CACHE, 't', 'b');
    clock.advance(2_001);

    await expectReceived(resume(momento, 1), ['heartbeat', 'discontinuity 1→1', 'item 2 b']);
    await expectReceived(resume(momento, 2), ['heartbeat', 'item 2 b']);
    clock.advance(5_000);
    await expectReceived(resume(momento, 1), ['heartbeat', 'discontinuity 2→2']);
  });

  it('hands over a history that is longer than what fits at once', async () => {
    const momento = await startMomento();
    const client = topicClientFor(momento);
    const texts = Array.from({ length: 100 }, (_, index) => `message ${index}`);
    for (const text of texts) {
      await client.publish(CACHE, 't', text);
    }

    await expectReceived(resume(momento, 1), [
      'heartbeat',
      ...texts.map((text, index) => `item ${index + 1} ${text}`),
    ]);
  });

  it('numbers a topic of a new life from 1 on a larger page, and tells those who come from the old one', async () => {
    const momento = await startMomento({ now: stoppedClock().now });
    const client = topicClientFor(momento);
    await client.publish(CACHE, 't', 'old');
    const before = resume(momento, 1);
    await expectReceived(before, ['heartbeat', 'item 1 old']);
    const [oldPage = 0] = before.pages();

    momento.deleteCache(CACHE);
    momento.createCache(CACHE);
    await client.publish(CACHE, 't', 'new');
    const after = resume(momento, 2, oldPage);

    await expectReceived(after, ['heartbeat', 'discontinuity 0→0', 'item 1 new']);
    expect(after.pages()[0]).toBeGreaterThan(oldPage);
    await expectReceived(resume(momento, 1, after.pages()[0]), ['heartbeat', 'item 1 new']);
  });

  it('lets the SDK resume without a gap after a cut', async () => {
    const momento = await startMomento();
    const client = topicClientFor(momento);
    const received: number[] = [];
    const discontinuities: TopicDiscontinuity[] = [];
    const onConnectionLost = vi.fn<() => void>();
    await subscribe(client, 't', {
      onItem: (item) => received.push(item.sequenceNumber()),
      onDiscontinuity: (discontinuity) => discontinuities.push(discontinuity),
      onConnectionLost,
    });
    await client.publish(CACHE, 't', 'before');
    await vi.waitFor(() => expect(received).toEqual([1]));

    momento.faults.cut('topic-subscribe');
    await vi.waitFor(() => expect(onConnectionLost).toHaveBeenCalledOnce());
    await client.publish(CACHE, 't', 'meanwhile');

    await vi.waitFor(() => expect(received).toEqual([1, 2]), { timeout: 3000 });
    expect(discontinuities).toEqual([]);
  });

  it('ends the subscriptions of a cache that is deleted, and of no other', async () => {
    const momento = await startMomento({ caches: [CACHE, 'other'] });
    const client = topicClientFor(momento);
    const onError = vi.fn<(error: { errorCode(): string }) => void>();
    await subscribe(client, 't', { onError });
    const received: string[] = [];
    await subscribe(client, 't', { onItem: (item) => received.push(item.valueString()) }, 'other');
    const subscribed = momento.requestCount('topic-subscribe');

    await cacheClientFor(momento).deleteCache(CACHE);

    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce());
    expect(onError.mock.calls[0]?.[0].errorCode()).toBe(MomentoErrorCode.CACHE_NOT_FOUND_ERROR);
    await client.publish('other', 't', 'x');
    await vi.waitFor(() => expect(received).toEqual(['x']));
    expect(momento.requestCount('topic-subscribe')).toBe(subscribed);
  });

  it('refuses a missing cache, a topic without a name and a message that is too large', async () => {
    const momento = await startMomento();
    // The large message takes its time on a busy machine.
    const client = topicClientFor(momento, credentialsFor(momento), 10_000);
    const [noCache, invalid] = [
      MomentoErrorCode.CACHE_NOT_FOUND_ERROR,
      MomentoErrorCode.INVALID_ARGUMENT_ERROR,
    ];

    expect(await errorCodeOf(client.publish('nope', 't', 'x'))).toBe(noCache);
    expect(await errorCodeOf(client.subscribe('nope', 't', {}))).toBe(noCache);
    expect(await errorCodeOf(client.publish(CACHE, ' ', 'x'))).toBe(invalid);
    expect(await errorCodeOf(client.subscribe(CACHE, '', {}))).toBe(invalid);
    expect(await errorCodeOf(client.publish(CACHE, 't', new Uint8Array(5 * 1024 * 1024)))).toBe(
      MomentoErrorCode.LIMIT_EXCEEDED_ERROR,
    );
  });
});
