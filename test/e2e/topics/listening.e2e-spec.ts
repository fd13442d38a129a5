import 'reflect-metadata';
import { getEventListeners } from 'node:events';
import { Controller, Headers, type INestApplication, Sse } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  bytesCodec,
  defineTopic,
  MomentoConfigurationError,
  MomentoModule,
  type MomentoModuleOptions,
  MomentoTopicError,
  type StandardSchema,
  type TopicCursor,
  type TopicGap,
  type TopicMessage,
  TopicService,
} from 'nestjs-momento';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

interface Order {
  readonly id: number;
}

/** Reads ids that are numbers; with an `at` later, as a schema that looks something up. */
const orderSchema: StandardSchema<unknown, Order> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const { id, slow } = Object(value) as { readonly id?: unknown; readonly slow?: boolean };
      const result =
        typeof id === 'number' ? { value: { id } } : { issues: [{ message: 'no id', path: ['id'] }] };
      return slow === true ? new Promise((resolve) => setTimeout(() => resolve(result), 30)) : result;
    },
  },
};
const orders = defineTopic('orders', { schema: orderSchema });
const images = defineTopic('images', { codec: bytesCodec, cacheName: 'others' });
const news = defineTopic<string>('news');

const servers = useEmbeddedServers();
const { options, start } = useApps(servers);
const logs = captureLogs();
const patient = { timeout: 10_000, interval: 5 };

async function startTopics(momento: MomentoModuleOptions = {}): Promise<TopicService> {
  const app = await start(MomentoModule.forRoot(options(momento)));
  return app.get(TopicService);
}

const subscriptions = () => servers.momento.stats().subscriptions;

describe('typed topics', () => {
  it('carry what their schema gives back, in order, however long it takes for one', async () => {
    const topics = await startTopics();
    const seen: Order[] = [];
    await topics.subscribe(orders, ({ value }) => void seen.push(value));
    await topics.publishMany('orders', [{ id: 1, slow: true }, { id: 2 }, { id: 3, slow: true }, { id: 4 }]);
    await vi.waitFor(() => expect(seen).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]), patient);
  });

  it('drop what does not fit, and say so without its content', async () => {
    const topics = await startTopics();
    logs.start();
    const seen: Order[] = [];
    await topics.subscribe(orders, ({ value }) => void seen.push(value));
    await topics.publishMany('orders', [{ id: 'secret' }, { id: 2 }]);
    await vi.waitFor(() => expect(seen).toEqual([{ id: 2 }]), patient);
    expect(logs.lines).toEqual([
      expect.stringMatching(
        /^error \[TopicService\] Message \d+:1 of topic 'orders' cannot be read: it does not fit/,
      ),
    ]);
    expect(logs.lines[0]).not.toContain('secret');
  });

  it('refuse to publish what does not fit, or is too long, before anything is sent', async () => {
    const topics = await startTopics({ topics: { maxMessageBytes: 10 } });
    for (const publish of [
      () => topics.publish(orders, { id: 'x' } as never),
      () => topics.publishMany(news, ['short', 'much too long']),
      () => topics.publish(news, undefined as never),
    ])
      await expect(publish()).rejects.toThrow(MomentoTopicError);
    await expect(topics.publish(news, 'much too long')).rejects.toThrow(
      'it has 15 bytes, more than maxMessageBytes, which is 10',
    );
    expect(servers.momento.requestCount('topic-publish')).toBe(0);
  });

  it('carry bytes as they are, in the cache that they name', async () => {
    servers.momento.createCache('others');
    const topics = await startTopics();
    const seen: TopicMessage<Uint8Array>[] = [];
    await topics.subscribe(images, (message) => void seen.push(message));
    for (const bytes of [new Uint8Array([0, 255]), new Uint8Array()]) await topics.publish(images, bytes);
    await vi.waitFor(() => expect(seen).toHaveLength(2), patient);
    expect(seen.map(({ value, cacheName }) => [[...value], cacheName])).toEqual([
      [[0, 255], 'others'],
      [[], 'others'],
    ]);
  });

  it.each([
    [() => defineTopic(''), 'the name: must be a filled string'],
    [() => defineTopic('a', { codec: {} as never }), 'codec: must be a codec'],
    [() => defineTopic('a', { ttl: 1 } as never), 'ttl: is not an option'],
  ])('say what is wrong with their options: %s', (define, message) => {
    expect(define).toThrow(MomentoConfigurationError);
    expect(define).toThrow(message);
  });
});

describe('one subscription for all who listen', () => {
  it('is shared, by definitions and names as well, and by 1,000 observers', async () => {
    const topics = await startTopics();
    const seen: unknown[] = [];
    await topics.subscribe('news', ({ value }) => void seen.push(value));
    await topics.subscribe(news, ({ value }) => void seen.push(value));
    const observed = Array.from({ length: 1_000 }, () =>
      topics.observe(news).subscribe(({ value }) => void seen.push(value)),
    );
    expect(subscriptions()).toBe(1);
    await topics.publish(news, 'a');
    await vi.waitFor(() => expect(seen).toHaveLength(1_002), patient);
    expect(new Set(seen)).toEqual(new Set(['a']));
    for (const one of observed) one.unsubscribe();
    await topics.publish(news, 'b');
    await vi.waitFor(() => expect(seen).toHaveLength(1_004), patient);
    expect(subscriptions()).toBe(1);
  });

  it('is kept for a while after its last listener, who comes back behind where it was', async () => {
    const topics = await startTopics();
    const seen: TopicMessage<unknown>[] = [];
    const first = await topics.subscribe('news', (message) => void seen.push(message));
    await topics.publish('news', 1);
    await vi.waitFor(() => expect(seen).toHaveLength(1), patient);
    await first.unsubscribe();
    await first.ended;
    expect(first.status).toBe('closed');
    await topics.publishMany('news', [2, 3]);
    const again = await topics.subscribe('news', (message) => void seen.push(message), {
      after: seen[0]?.cursor,
    });
    await vi.waitFor(() => expect(seen.map(({ value }) => value)).toEqual([1, 2, 3]), patient);
    expect([again.status, subscriptions()]).toEqual(['live', 1]);
    expect(servers.momento.requestCount('topic-subscribe')).toBe(1);
  });

  it('is tried anew by the next one when the first could not have it', async () => {
    const topics = await startTopics();
    servers.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED', { times: 1 });
    await expect(topics.subscribe('news', () => undefined)).rejects.toThrow(MomentoTopicError);
    const subscription = await topics.subscribe('news', () => undefined);
    expect(subscription.status).toBe('live');
  });
});

describe('after a cursor', () => {
  async function published(topics: TopicService, values: readonly unknown[]): Promise<TopicCursor[]> {
    const cursors: TopicCursor[] = [];
    const counting = await topics.subscribe('counted', ({ cursor }) => void cursors.push(cursor));
    await topics.publishMany('counted', values);
    await vi.waitFor(() => expect(cursors).toHaveLength(values.length), patient);
    await counting.unsubscribe();
    return cursors;
  }

  it('another process goes on behind it', async () => {
    const [, second] = await published(await startTopics(), [1, 2, 3, 4]);
    const seen: unknown[] = [];
    await (await startTopics()).subscribe('counted', ({ value }) => void seen.push(value), { after: second });
    await vi.waitFor(() => expect(seen).toEqual([3, 4]), patient);
  });

  it('who comes later to a topic that is open gets what was before, once, and goes on with the others', async () => {
    const [first] = await published(await startTopics(), [1, 2, 3]);
    const topics = await startTopics();
    const seen: Record<'first' | 'later', unknown[]> = { first: [], later: [] };
    await topics.subscribe('counted', ({ value }) => void seen.first.push(value));
    await topics.subscribe('counted', ({ value }) => void seen.later.push(value), { after: first });
    await vi.waitFor(() => expect(seen.later).toEqual([2, 3]), patient);
    await topics.publishMany('counted', [4, 5]);
    await vi.waitFor(() => expect(seen).toEqual({ first: [4, 5], later: [2, 3, 4, 5] }), patient);
    await vi.waitFor(() => expect(subscriptions()).toBeLessThanOrEqual(2), patient);
  });

  it('what is not there any more is a gap', async () => {
    const topics = await startTopics();
    const gaps: TopicGap[] = [];
    const seen: unknown[] = [];
    await topics.subscribe('news', ({ value }) => void seen.push(value), {
      after: '1:1',
      onGap: (gap) => void gaps.push(gap),
    });
    await topics.publish('news', 1);
    await vi.waitFor(() => expect(seen).toEqual([1]), patient);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toMatchObject({ topic: 'news', from: '1:1' });
  });

  it.each(['', '1', 'a:b', '1:-1', '1:1:1', `${'9'.repeat(20)}:1`])('%j is refused', async (after) => {
    const topics = await startTopics();
    await expect(topics.subscribe('news', () => undefined, { after: after as TopicCursor })).rejects.toThrow(
      'after is not a cursor',
    );
  });
});

describe('a stream', () => {
  it('hands out messages one after the other, until its signal', async () => {
    const topics = await startTopics();
    const ending = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { value } of topics.stream(news, { signal: ending.signal })) {
        seen.push(value);
        if (value === 'c') ending.abort();
      }
    })();
    await vi.waitFor(() => expect(subscriptions()).toBe(1), patient);
    await topics.publishMany(news, ['a', 'b', 'c', 'd']);
    await reading;
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it.each([0, 1.5, Number.NaN, Infinity])('refuses to keep %s', async (bufferSize) => {
    const topics = await startTopics();
    expect(() => topics.stream(news, { bufferSize })).toThrow(MomentoTopicError);
    expect(() => topics.stream(news, { bufferSize })).toThrow('bufferSize');
    expect(subscriptions()).toBe(0);
  });

  it('leaves nothing on its signal when Momento refuses it', async () => {
    const topics = await startTopics();
    servers.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED');
    const { signal } = new AbortController();
    await expect(topics.stream(news, { signal }).next()).rejects.toThrow(MomentoTopicError);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('keeps so many, and says what was dropped', async () => {
    const topics = await startTopics();
    const stream = topics.stream(news, { bufferSize: 2, gaps: true });
    const first = stream.next();
    await vi.waitFor(() => expect(subscriptions()).toBe(1), patient);
    await topics.publishMany(news, ['a', 'b', 'c', 'd', 'e']);
    const all: unknown[] = [];
    await first;
    await vi.waitFor(() => expect(servers.momento.requestCount('topic-publish')).toBe(5), patient);
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (let count = 0; count < 3; count += 1) all.push((await stream.next()).value);
    expect(all).toEqual([
      expect.objectContaining({ kind: 'gap', missed: 2, topic: 'news' }),
      expect.objectContaining({ value: 'd' }),
      expect.objectContaining({ value: 'e' }),
    ]);
    await stream.return?.(undefined);
    expect(await stream.next()).toEqual({ value: undefined, done: true });
  });

  it('ends at once when its reader leaves or its signal aborts, also while it waits for a message', async () => {
    const topics = await startTopics();
    const ending = new AbortController();
    const streams = [topics.stream(news), topics.stream(news, { signal: ending.signal })] as const;
    const waiting = [...streams, ...streams].map((stream) => stream.next());
    await vi.waitFor(() => expect(subscriptions()).toBe(1), patient);
    await streams[0].return?.();
    ending.abort();
    const done = { value: undefined, done: true };
    expect(await Promise.all(waiting)).toEqual([done, done, done, done]);
    expect(await streams[0].next()).toEqual(done);
    expect(await topics.stream(news, { signal: ending.signal }).next()).toEqual(done);
    const readable = Readable.from(topics.stream(news));
    readable.resume();
    const closed = once(readable, 'close');
    readable.destroy();
    await closed;
  });

  it('ends when the app closes, and so do observables', async () => {
    const app = await start(MomentoModule.forRoot(options()));
    const topics = app.get(TopicService);
    const completed = vi.fn<() => void>();
    topics.observe(news).subscribe({ complete: completed });
    const stream = topics.stream(news);
    const next = stream.next();
    await vi.waitFor(() => expect(subscriptions()).toBe(1), patient);
    await app.close();
    expect(await next).toEqual({ value: undefined, done: true });
    expect(completed).toHaveBeenCalledTimes(1);
  });

  it('and an observable fail when Momento refuses them', async () => {
    const topics = await startTopics();
    servers.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED');
    await expect(topics.stream(news).next()).rejects.toThrow(MomentoTopicError);
    const error = await new Promise((resolve) => topics.observe(news).subscribe({ error: resolve }));
    expect(error).toBeInstanceOf(MomentoTopicError);
  });
});

@Controller()
class FeedController {
  constructor(readonly topics: TopicService) {}

  @Sse('feed')
  feed(@Headers('last-event-id') lastEventId?: string) {
    return this.topics.sse(news, { lastEventId });
  }
}
Reflect.defineMetadata('design:paramtypes', [TopicService], FeedController);

describe.each(['express', 'fastify'])('server-sent events on %s', (framework) => {
  async function startFeed(): Promise<{ app: INestApplication; topics: TopicService; url: string }> {
    const compiled = await Test.createTestingModule({
      imports: [MomentoModule.forRoot(options())],
      controllers: [FeedController],
    }).compile();
    const adapter = framework === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
    const app = compiled.createNestApplication(adapter, { logger: false });
    await app.listen(0, '127.0.0.1');
    return { app, topics: app.get(TopicService), url: await app.getUrl() };
  }

  async function open(url: string, headers: Readonly<Record<string, string>> = {}) {
    const leaving = new AbortController();
    const response = await fetch(`${url}/feed`, { headers, signal: leaving.signal });
    const feed = { text: '', leave: () => leaving.abort() };
    const read = async () => {
      for await (const chunk of response.body ?? []) feed.text += Buffer.from(chunk).toString();
    };
    void read().catch(() => undefined);
    return feed;
  }

  it('have the cursor as their id, and a browser that comes back gets what it missed', async () => {
    const { app, topics, url } = await startFeed();
    const feed = await open(url);
    await vi.waitFor(() => expect(feed.text).toContain('retry: 3000'), patient);
    await vi.waitFor(() => expect(subscriptions()).toBe(1), patient);
    await topics.publish(news, 'a\nb');
    await vi.waitFor(() => expect(feed.text).toMatch(/id: \d+:1\ndata: "a\\nb"\n\n/), patient);
    feed.leave();
    await topics.publishMany(news, ['c', 'd']);
    const id = /id: (\d+:1)\n/.exec(feed.text)?.[1] ?? '';
    const again = await open(url, { 'last-event-id': id });
    await vi.waitFor(() => expect(again.text).toMatch(/:2\ndata: "c"\n\nid: \d+:3\ndata: "d"/), patient);
    again.leave();
    await app.close();
  });

  it('say where messages were lost, and take any id that a client makes up', async () => {
    const { app, topics, url } = await startFeed();
    for (const id of ['1:1', 'made up', '7']) {
      const feed = await open(url, { 'last-event-id': id });
      await vi.waitFor(() => expect(feed.text).toContain('retry: 3000'), patient);
      await topics.publish(news, 'a');
      await vi.waitFor(() => expect(feed.text).toContain('data: "a"'), patient);
      expect(feed.text.includes('event: resync')).toBe(id === '1:1');
      feed.leave();
    }
    await app.close();
  });
});
