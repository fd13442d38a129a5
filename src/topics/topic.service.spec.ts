import { TopicClient, TopicItem } from '@gomomento/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../test/support/capture-logs.js';
import { providerOf, startStreams, type StreamScene } from '../clients/streams/streams.fixture.js';
import { quoteName } from '../foundation/text/redaction.js';
import type { TopicGap, TopicMessage } from './definitions/topic.options.js';
import { createTopicContext } from './topic-context.js';
import { TopicParts } from './topic-parts.js';
import { TopicService } from './topic.service.js';

const logs = captureLogs();
const patient = { timeout: 10_000, interval: 5 };
let scene: StreamScene;

beforeEach(async () => {
  scene = await startStreams();
  logs.start();
});
afterEach(() => scene.stop());

/** As the module injects it, over the subscriptions of one connection. */
function injectedClient(): TopicClient {
  const client = scene.publisherOf();
  vi.spyOn(client, 'subscribe').mockImplementation((...args) =>
    scene.subscriptions.subscribe(scene.keys.current, ...args),
  );
  return client;
}

function serviceOf(client: TopicClient, context = createTopicContext()): TopicService {
  return new TopicService(client, new TopicParts(client, 'cache', context));
}

const publishRaw = (...values: string[]) => scene.publish(...values);

describe('the handlers of the topic service', () => {
  it('count as work in flight while they run', async () => {
    const context = createTopicContext();
    const topics = serviceOf(injectedClient(), context);
    let finish: () => void = () => undefined;
    await topics.subscribe('topic', () => new Promise<void>((resolve) => (finish = resolve)));
    await topics.publish('topic', 1);
    await vi.waitFor(() => expect(context.inFlight.count).toBe(1), patient);
    finish();
    expect(await context.inFlight.drain(1_000)).toBe(true);
  });

  it('get no more messages when the app begins to shut down, but for those that hear until the end', async () => {
    const closing = new AbortController();
    const topics = serviceOf(injectedClient(), createTopicContext({ closing: closing.signal }));
    const seen: Record<'usual' | 'untilClosed', unknown[]> = { usual: [], untilClosed: [] };
    await topics.subscribe('topic', ({ value }) => void seen.usual.push(value));
    const last = await topics.subscribe('topic', ({ value }) => void seen.untilClosed.push(value), {
      untilClosed: true,
    });
    await topics.publish('topic', 1);
    await vi.waitFor(() => expect(seen).toEqual({ usual: [1], untilClosed: [1] }), patient);
    closing.abort();
    const late = await topics.subscribe('other', () => undefined, { untilClosed: true });
    await topics.publish('topic', 2);
    await vi.waitFor(() => expect(seen).toEqual({ usual: [1], untilClosed: [1, 2] }), patient);
    expect([last.status, late.status]).toEqual(['live', 'live']);
  });

  it('get no more messages once unsubscribed, and the others go on', async () => {
    const topics = serviceOf(injectedClient());
    const seen: Record<'first' | 'second', unknown[]> = { first: [], second: [] };
    const first = await topics.subscribe('topic', ({ value }) => void seen.first.push(value));
    await topics.subscribe('topic', ({ value }) => void seen.second.push(value));
    await topics.publish('topic', 1);
    await vi.waitFor(() => expect(seen).toEqual({ first: [1], second: [1] }), patient);
    await first.unsubscribe();
    await topics.publish('topic', 2);
    await vi.waitFor(() => expect(seen).toEqual({ first: [1], second: [1, 2] }), patient);
  });

  it.each<[string, () => unknown]>([
    ['rejects with nothing', () => Promise.reject()],
    ['throws what cannot be printed', () => raise(Object.create(null))],
  ])('that %s is logged, at most every 10 s a topic, and the next message comes', async (_case, fail) => {
    const topics = serviceOf(injectedClient());
    const seen: unknown[] = [];
    await topics.subscribe('topic', ({ value }) => {
      seen.push(value);
      return fail() as Promise<void>;
    });
    await topics.publish('topic', 1);
    await topics.publish('topic', 2);
    await vi.waitFor(() => expect(seen).toEqual([1, 2]), patient);
    await new Promise((resolve) => setImmediate(resolve));
    expect(logs.lines).toEqual([
      expect.stringContaining("The handler of topic 'topic' in cache 'cache' failed on message 1."),
    ]);
  });
});

describe('messages that are not JSON', () => {
  it('are dropped and said once a topic, without their content, with the names quoted', async () => {
    const topics = serviceOf(injectedClient());
    const seen: unknown[] = [];
    const forged = 'news\n[Nest] forged';
    await topics.subscribe('topic', ({ value }) => void seen.push(value));
    await topics.subscribe(forged, ({ value }) => void seen.push(value));
    await publishRaw(...Array.from({ length: 50 }, () => 'sensitive, not JSON'), '"the end"');
    await scene.publisherOf().publish('cache', forged, 'sensitive, not JSON');
    await vi.waitFor(() => expect(logs.lines).toHaveLength(2), patient);
    await vi.waitFor(() => expect(seen).toEqual(['the end']), patient);
    expect(logs.lines).toEqual([
      expect.stringMatching(
        /^error \[TopicService\] Message \d+:1 of topic 'topic' cannot be read: it is not /,
      ),
      expect.stringContaining(`of topic ${quoteName(forged)} cannot be read`),
    ]);
  });
});

describe('gaps of the topic service', () => {
  async function lose(topics: TopicService, options = {}): Promise<TopicMessage<unknown>[]> {
    const messages: TopicMessage<unknown>[] = [];
    await topics.subscribe('topic', (message) => void messages.push(message), options);
    await publishRaw('1');
    await vi.waitFor(() => expect(messages).toHaveLength(1), patient);
    scene.momento.deleteCache('cache');
    scene.momento.createCache('cache');
    await publishRaw('2', '3');
    await vi.waitFor(() => expect(messages).toHaveLength(3), patient);
    return messages;
  }

  it('are told before the messages behind them; their number is not known when the topic began anew', async () => {
    const gaps: TopicGap[] = [];
    const topics = serviceOf(injectedClient());
    const [before, after] = await lose(topics, { onGap: (gap: TopicGap) => gaps.push(gap) });
    expect(gaps).toEqual([
      { topic: 'topic', cacheName: 'cache', from: before?.cursor, to: `${after?.sequencePage}:0` },
    ]);
    expect(after?.sequencePage).toBeGreaterThan(before?.sequencePage ?? Infinity);
    expect(logs.lines.filter((line) => line.includes('lost'))).toEqual([]);
  });

  it('are logged when nobody listens, and an onGap that fails as well', async () => {
    const topics = serviceOf(injectedClient());
    await lose(topics);
    expect(logs.lines).toContainEqual(
      expect.stringMatching(
        /^warn \[TopicService\] An unknown number of messages of topic 'topic' .* were lost/,
      ),
    );
    await lose(topics, { onGap: () => raise(new Error('onGap failed')) });
    await vi.waitFor(
      () =>
        expect(logs.lines).toContainEqual(
          expect.stringMatching(/The onGap of topic 'topic' in cache 'cache' failed\.\nError: onGap failed/),
        ),
      patient,
    );
  });
});

describe('over a client that is not the module’s', () => {
  it('messages have their number, and no page; status and ended say what can be known', async () => {
    const client = new TopicClient({
      credentialProvider: providerOf(scene.momento),
      configuration: scene.keys.configurations.topics,
    });
    const topics = serviceOf(client);
    const messages: TopicMessage<unknown>[] = [];
    const subscription = await topics.subscribe('topic', (message) => void messages.push(message));
    expect(subscription.status).toBe('live');
    await publishRaw('1');
    await vi.waitFor(() => expect(messages).toHaveLength(1), patient);
    expect(messages[0]).toMatchObject({ sequenceNumber: 1, sequencePage: 0, cursor: '0:1' });
    await subscription.unsubscribe();
    await subscription.ended;
    expect(subscription.status).toBe('closed');
  });

  it('nothing is handled after unsubscribe, whatever its stream still brings', async () => {
    const client = scene.publisherOf();
    const subscribed = vi.spyOn(client, 'subscribe');
    const handler = vi.fn<() => void>();
    const subscription = await serviceOf(client).subscribe('topic', handler);
    await subscription.unsubscribe();
    const callbacks = subscribed.mock.calls[0]?.[2];
    callbacks?.onItem?.(new TopicItem('1', 1));
    await new Promise((resolve) => setImmediate(resolve));
    expect(callbacks?.onItem).toBeDefined();
    expect(handler).not.toHaveBeenCalled();
  });

  it('errors of its streams are logged and end it; the next listener has another one', async () => {
    const client = scene.publisherOf();
    const topics = serviceOf(client);
    const subscription = await topics.subscribe('topic', () => undefined);
    scene.momento.deleteCache('cache');
    await vi.waitFor(() => expect(logs.lines).toEqual([expect.stringContaining('NOT_FOUND_ERROR')]), patient);
    await subscription.ended;
    expect(subscription.status).toBe('closed');
    scene.momento.createCache('cache');
    const seen: unknown[] = [];
    const next = await topics.subscribe('topic', ({ value }) => void seen.push(value));
    await publishRaw('1');
    await vi.waitFor(() => expect(seen).toEqual([1]), patient);
    await next.unsubscribe();
  });
});

function raise(thrown: unknown): never {
  throw thrown;
}
