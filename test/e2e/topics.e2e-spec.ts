import { MomentoErrorCode, TopicClient, TopicConfigurations, TopicItem } from '@gomomento/sdk';
import type { TestingModule } from '@nestjs/testing';
import { MomentoModule, MomentoTopicError, type TopicMessage, TopicService } from 'nestjs-momento';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useApps } from '../support/apps.js';
import { captureLogs } from '../support/capture-logs.js';
import { useEmbeddedServers } from '../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);
const logs = captureLogs();
const patient = { timeout: 10_000 };

describe.each([
  ['returns errors', false],
  ['throws errors', true],
])('TopicService with a configuration that %s', (_name, throwOnErrors) => {
  let app: TestingModule;
  let topics: TopicService;

  beforeEach(async () => {
    const topicConfiguration = TopicConfigurations.Default.latest()
      .withThrowOnErrors(throwOnErrors)
      .withClientTimeoutMillis(1_000);
    app = await start(MomentoModule.forRoot(options({ topicConfiguration })));
    topics = app.get(TopicService);
    logs.start();
  });

  async function collect<T>(topic: string): Promise<TopicMessage<T>[]> {
    const messages: TopicMessage<T>[] = [];
    await topics.subscribe<T>(topic, (message) => void messages.push(message));
    return messages;
  }

  it('gives every subscriber every message, in order, with its number', async () => {
    const [first, second] = [
      await collect<{ id: number }>('orders'),
      await collect<{ id: number }>('orders'),
    ];
    const startedAt = Date.now();
    for (let id = 1; id <= 20; id += 1) await topics.publish('orders', { id });
    await vi.waitFor(() => expect([first.length, second.length]).toEqual([20, 20]));
    expect(first.map(({ value, sequenceNumber }) => [value.id, sequenceNumber])).toEqual(
      Array.from({ length: 20 }, (_, index) => [index + 1, index + 1]),
    );
    expect(first[0]).toMatchObject({ topic: 'orders', cacheName: 'demo-cache', value: { id: 1 } });
    const { sequencePage } = first[0] ?? {};
    expect(sequencePage).toBeGreaterThan(0);
    expect(first[19]).toMatchObject({ sequencePage, cursor: `${sequencePage}:20` });
    expect(first[0]?.receivedAt.getTime()).toBeGreaterThanOrEqual(startedAt);
  });

  it.each([[''], [0], [null], [{ a: [1] }], ['text']])('carries %o', async (value) => {
    const messages = await collect('any');
    await topics.publish('any', value);
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    expect(messages[0]?.value).toEqual(value);
  });

  it('uses another cache when the call names one', async () => {
    servers.momento.createCache('other');
    const messages: unknown[] = [];
    await topics.subscribe('orders', ({ value, cacheName }) => void messages.push([value, cacheName]), {
      cacheName: 'other',
    });
    await topics.publish('orders', 'not there');
    await topics.publish('orders', 'there', { cacheName: 'other' });
    await vi.waitFor(() => expect(messages).toEqual([['there', 'other']]));
  });

  it('calls no handler after unsubscribe, which may be called again', async () => {
    const messages: unknown[] = [];
    const subscription = await topics.subscribe('orders', ({ value }) => void messages.push(value));
    const witness = await collect('orders');
    await topics.publish('orders', 1);
    await vi.waitFor(() => expect(messages).toEqual([1]));
    await subscription.unsubscribe();
    await subscription.unsubscribe();
    await topics.publish('orders', 2);
    await vi.waitFor(() => expect(witness).toHaveLength(2));
    expect(messages).toEqual([1]);
  });

  it.each<[string, (message: TopicMessage<number>) => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('handler failed');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('handler failed');
      },
    ],
  ])('goes on after a handler that %s, and logs it once in 10 s', async (_case, fail) => {
    const seen: number[] = [];
    await topics.subscribe<number>('orders', (message) => {
      seen.push(message.value);
      return fail(message);
    });
    await topics.publish('orders', 1);
    await topics.publish('orders', 2);
    await vi.waitFor(() => expect(seen).toEqual([1, 2]));
    await new Promise((resolve) => setImmediate(resolve));
    expect(logs.lines).toEqual([
      expect.stringMatching(
        /^error \[TopicService\] The handler of topic 'orders' in cache 'demo-cache' failed on message 1\..*handler failed/s,
      ),
    ]);
  });

  it('drops what is not JSON, logs its number and not its content, and goes on', async () => {
    const messages = await collect('orders');
    await app.get(TopicClient).publish('demo-cache', 'orders', 'sensitive, but not JSON');
    await topics.publish('orders', 1);
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    expect(logs.lines).toEqual([
      expect.stringMatching(
        /^error \[TopicService\] Message \d+:1 of topic 'orders' cannot be read: it is not what the codec writes\. .* It is dropped\.$/,
      ),
    ]);
  });

  it('guards the callbacks of the raw TopicClient as well', async () => {
    const items: unknown[] = [];
    await app.get(TopicClient).subscribe('demo-cache', 'raw', {
      onItem: (item: TopicItem) => {
        items.push(item.value());
        throw new Error('callback failed');
      },
    });
    await app.get(TopicClient).publish('demo-cache', 'raw', 'a');
    await app.get(TopicClient).publish('demo-cache', 'raw', 'b');
    await vi.waitFor(() => expect(items).toEqual(['a', 'b']));
    expect(logs.lines).toEqual([
      expect.stringContaining("onItem of topic 'raw' in cache 'demo-cache' failed."),
    ]);
  });

  it('ends every subscription with the app', async () => {
    const raw = await app.get(TopicClient).subscribe('demo-cache', 'orders', {});
    const messages = await collect('orders');
    expect('isSubscribed' in raw && raw.isSubscribed).toBe(true);
    await app.close();
    expect('isSubscribed' in raw && raw.isSubscribed).toBe(false);

    const other = await start(MomentoModule.forRoot(options({ cacheName: undefined })));
    await other.get(TopicService).publish('orders', 'too late', { cacheName: 'demo-cache' });
    expect(messages).toEqual([]);
  });

  describe('errors', () => {
    it('are MomentoTopicErrors with the code and advice', async () => {
      const missing = {
        constructor: MomentoTopicError,
        code: MomentoErrorCode.CACHE_NOT_FOUND_ERROR,
        advice: expect.stringContaining('createCaches'),
      };
      await expect(topics.publish('orders', 1, { cacheName: 'no-such' })).rejects.toMatchObject(missing);
      await expect(
        topics.subscribe('orders', () => undefined, { cacheName: 'no-such' }),
      ).rejects.toMatchObject(missing);
    });

    it('refuse an empty topic and a value without JSON form before asking Momento', async () => {
      const invalid = { constructor: MomentoTopicError, code: MomentoErrorCode.INVALID_ARGUMENT_ERROR };
      await expect(topics.publish('', 1)).rejects.toMatchObject(invalid);
      await expect(topics.publish('orders', undefined)).rejects.toMatchObject(invalid);
      await expect(topics.subscribe('', () => undefined)).rejects.toMatchObject(invalid);
      expect(
        servers.momento.requestCount('topic-publish') + servers.momento.requestCount('topic-subscribe'),
      ).toBe(0);
    });

    it('tell in the time of a call that a subscription gets no answer', async () => {
      servers.momento.faults.hang('topic-subscribe');
      await expect(topics.subscribe('orders', () => undefined)).rejects.toMatchObject({
        constructor: MomentoTopicError,
        code: MomentoErrorCode.TIMEOUT_ERROR,
      });
    });

    it('of a cache that is gone are said once; the subscription is live again when the cache is', async () => {
      servers.momento.createCache('short-lived');
      const messages: unknown[] = [];
      const handler = ({ value }: TopicMessage<unknown>) => void messages.push(value);
      const subscription = await topics.subscribe('orders', handler, { cacheName: 'short-lived' });
      servers.momento.deleteCache('short-lived');
      await vi.waitFor(
        () => expect(logs.lines).toEqual([expect.stringContaining('NOT_FOUND_ERROR')]),
        patient,
      );
      expect(subscription.status).toBe('reconnecting');
      servers.momento.createCache('short-lived');
      await vi.waitFor(() => expect(subscription.status).toBe('live'), patient);
      await topics.publish('orders', 1, { cacheName: 'short-lived' });
      await vi.waitFor(() => expect(messages).toEqual([1]), patient);
      expect(logs.lines).toHaveLength(1);
    });
  });
});
