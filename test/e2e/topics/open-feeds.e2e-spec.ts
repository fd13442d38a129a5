import 'reflect-metadata';
import { CredentialProvider } from '@gomomento/sdk';
import { Controller, Get, Headers, type INestApplication, Res, Sse } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  defineTopic,
  MomentoModule,
  type MomentoModuleOptions,
  type TopicCursor,
  TopicService,
} from 'nestjs-momento';
import { MomentoLocal } from 'nestjs-momento/local';
import type { ServerResponse } from 'node:http';
import { map } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const news = defineTopic<string>('news');
const servers = useEmbeddedServers();
const { options } = useApps(servers);
const logs = captureLogs();
const patient = { timeout: 10_000, interval: 5 };
const longestCloseMs = 1_000;
const subscriptions = () => servers.momento.stats().subscriptions;

/** The three ways in which messages reach a browser. */
const ways = ['sse', 'observe', 'stream'] as const;

@Controller()
class FeedController {
  constructor(readonly topics: TopicService) {}

  @Sse('sse')
  sse(@Headers('last-event-id') lastEventId?: string) {
    return this.topics.sse(news, { lastEventId });
  }

  @Sse('observe')
  observe(@Headers('last-event-id') after?: TopicCursor) {
    return this.topics.observe(news, { after }).pipe(map(({ value }) => ({ data: value })));
  }

  @Get('stream')
  async stream(
    @Res() reply: ServerResponse & { raw?: ServerResponse },
    @Headers('last-event-id') after?: TopicCursor,
  ) {
    const response = reply.raw ?? reply;
    response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders();
    try {
      for await (const { value } of this.topics.stream(news, { after })) response.write(`data: ${value}\n`);
      response.end('that was all');
    } catch (error) {
      response.end(`failed: ${String(error)}`);
    }
  }
}
Reflect.defineMetadata('design:paramtypes', [TopicService], FeedController);

interface Feed {
  readonly text: string;
  /** What went wrong with the connection; undefined: it ended as it should. */
  readonly ended: Promise<unknown>;
}

/** A browser's part: it keeps the connection for further requests. */
async function open(url: string, lastEventId?: string): Promise<Feed> {
  const response = await fetch(url, {
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  });
  const feed = { text: '' };
  const read = async () => {
    for await (const chunk of response.body ?? []) feed.text += Buffer.from(chunk).toString();
  };
  const ended = read().then(
    () => undefined,
    (error: unknown) => error,
  );
  return Object.assign(feed, { ended });
}

describe.each(['express', 'fastify'])('feeds that are open when the app closes, on %s', (framework) => {
  async function start(momento: MomentoModuleOptions = {}) {
    const compiled = await Test.createTestingModule({
      imports: [MomentoModule.forRoot(options({ refresh: false, ...momento }))],
      controllers: [FeedController],
    }).compile();
    const adapter = framework === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
    const app: INestApplication = compiled.createNestApplication(adapter, { logger: logs.logger });
    await app.listen(0, '127.0.0.1');
    logs.start();
    return { app, topics: app.get(TopicService), url: await app.getUrl() };
  }

  const openAll = (url: string, lastEventId?: string) =>
    Promise.all([...ways, ...ways, ...ways].map((way) => open(`${url}/${way}`, lastEventId)));

  /** Closes the app, and expects that nothing held it and all feeds have come to their end. */
  async function expectToClose(app: INestApplication, feeds: readonly Feed[]): Promise<void> {
    const beganMs = performance.now();
    await app.close();
    expect(performance.now() - beganMs).toBeLessThan(longestCloseMs);
    expect(await Promise.all(feeds.map(({ ended }) => ended))).toEqual(feeds.map(() => undefined));
    expect(feeds.map(({ text }) => text).join('')).not.toContain('failed');
    expect(logs.lines.filter((line) => line.startsWith('error'))).toEqual([]);
    await vi.waitFor(() => expect(subscriptions()).toBe(0), patient);
  }

  it('come to their end, with all that was sent', async () => {
    const { app, topics, url } = await start();
    const feeds = await openAll(url);
    await vi.waitFor(() => expect(subscriptions()).toBe(1), patient);
    await topics.publish(news, 'first');
    await vi.waitFor(() => {
      for (const { text } of feeds) expect(text).toContain('first');
    }, patient);
    await expectToClose(app, feeds);
    expect(feeds.filter(({ text }) => text.endsWith('that was all'))).toHaveLength(3);
  });

  it('also those that have heard nothing yet', async () => {
    const { app, url } = await start();
    const feeds = await openAll(url);
    await expectToClose(app, feeds);
  });

  it('also those that came back behind a message, and wait for the next one', async () => {
    const { app, url } = await start();
    const cursors: TopicCursor[] = [];
    const publisher = await start();
    await publisher.topics.subscribe(news, ({ cursor }) => void cursors.push(cursor));
    await publisher.topics.publishMany(news, ['one', 'two']);
    await vi.waitFor(() => expect(cursors).toHaveLength(2), patient);
    // It is open already, and has not heard what they come back behind.
    const earlier = await openAll(url);
    await vi.waitFor(() => expect(subscriptions()).toBe(2), patient);
    const back = await openAll(url, cursors[0]);
    await vi.waitFor(() => {
      for (const { text } of back) expect(text).toContain('two');
    }, patient);
    const behindAll = await openAll(url, cursors[1]);
    await publisher.app.close();
    await expectToClose(app, [...earlier, ...back, ...behindAll]);
  });

  it.each([
    ['is asked for', () => servers.momento.faults.delay('topic-subscribe', 300)],
    ['is not answered', () => servers.momento.faults.hang('topic-subscribe')],
  ])('also while their subscription %s', async (_how, prepare) => {
    const { app, url } = await start();
    prepare();
    const feeds = await openAll(url);
    await vi.waitFor(
      () => expect(servers.momento.requestCount('topic-subscribe')).toBeGreaterThan(0),
      patient,
    );
    await expectToClose(app, feeds);
  });

  it('also while Momento is away that was there', async () => {
    const { app, topics, url } = await start();
    const feeds = await openAll(url);
    await vi.waitFor(() => expect(subscriptions()).toBe(1), patient);
    await topics.publish(news, 'first');
    await vi.waitFor(() => {
      for (const { text } of feeds) expect(text).toContain('first');
    }, patient);
    servers.momento.faults.fail('topic-subscribe', 'UNAVAILABLE');
    servers.momento.faults.cut('topic-subscribe');
    await vi.waitFor(
      () => expect(servers.momento.requestCount('topic-subscribe')).toBeGreaterThan(1),
      patient,
    );
    await expectToClose(app, feeds);
  });

  async function startBesideMomento() {
    const momento = await MomentoLocal.start({ caches: ['demo-cache'] });
    const { hostname, port } = momento;
    const credentials = CredentialProvider.forMomentoLocal({ hostname, port });
    return { momento, ...(await start({ credentials, endpoint: undefined })) };
  }

  it('also when Momento has stopped, for those that are open and for those to come', async () => {
    const { momento, app, topics, url } = await startBesideMomento();
    const before = await openAll(url);
    await vi.waitFor(() => expect(momento.stats().subscriptions).toBe(1), patient);
    await topics.publish(news, 'first');
    await vi.waitFor(() => {
      for (const { text } of before) expect(text).toContain('first');
    }, patient);
    await momento.stop();
    const during = await openAll(url);
    await expectToClose(app, [...before, ...during]);
  });

  it('also when it had said nothing before it stopped: those to come are refused, since they would miss what is sent until it is back', async () => {
    const { momento, app, url } = await startBesideMomento();
    const before = await openAll(url);
    await vi.waitFor(() => expect(momento.stats().subscriptions).toBe(1), patient);
    await momento.stop();
    const during = await open(`${url}/stream`);
    expect(await during.ended).toBeUndefined();
    expect(during.text).toMatch(/^failed: MomentoTopicError: .*SERVER_UNAVAILABLE/);
    await expectToClose(app, before);
  });

  it('and sse ends when Momento refuses it, which is logged once: the browser keeps the id with which it comes back', async () => {
    const { app, url } = await start();
    servers.momento.faults.fail('topic-subscribe', 'UNAVAILABLE');
    const feeds = await Promise.all(['1:7', 'made up', undefined].map((id) => open(`${url}/sse`, id)));
    await Promise.all(feeds.map(({ ended }) => ended));
    for (const { text } of feeds) expect(text).toMatch(/^\n?(id: \S+\n)?retry: 3000\n\n$/);
    expect(feeds[0]?.text).toContain('id: 1:7');
    expect(logs.lines).toEqual([
      expect.stringMatching(/^warn \[TopicService\] A feed of topic 'news' .* UNAVAILABLE.* comes back/),
    ]);
    await expectToClose(app, feeds);
  });

  it('and those that are opened while it closes end at once', async () => {
    const { app, topics } = await start();
    const closing = app.close();
    const seen: unknown[] = [];
    const completed = new Promise<void>((complete) =>
      topics.observe(news).subscribe({ next: (event) => seen.push(event), complete }),
    );
    const read = async () => {
      for await (const event of topics.stream(news)) seen.push(event);
    };
    await Promise.all([completed, read()]);
    await closing;
    expect(seen).toEqual([]);
  });
});
