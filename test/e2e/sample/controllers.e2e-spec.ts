import {
  CredentialProvider,
  NoopMomentoLoggerFactory,
  TopicClient,
  TopicConfigurations,
  TopicSubscribe,
} from '@gomomento/sdk';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MomentoCredentials, TopicService } from 'nestjs-momento';
import { Observable } from 'rxjs';
import request from 'supertest';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AppModule } from '../../../sample/app.module.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useSample } from './sample.fixture.js';

const sample = useSample();
const logs = captureLogs();
let app: INestApplication;
let http: ReturnType<typeof request>;

beforeEach(async () => {
  app = await sample.start(Test.createTestingModule({ imports: [AppModule] }));
  http = request(app.getHttpServer());
});

/** Opens a stream of events; what has arrived so far is in `text`. */
async function open(topic: string, headers: Readonly<Record<string, string>> = {}) {
  const connection = new AbortController();
  const response = await fetch(`${await app.getUrl()}/events/${topic}`, {
    headers,
    signal: connection.signal,
  });
  const stream = { type: response.headers.get('content-type'), text: '', close: () => connection.abort() };
  const read = async () => {
    for await (const chunk of response.body ?? []) stream.text += Buffer.from(chunk).toString();
  };
  const ended = read().catch(() => undefined);
  return Object.assign(stream, { ended });
}

describe('/items', () => {
  it('PUT invalidates what is cached', async () => {
    await http.get('/items/1').expect('x-cache', 'MISS');
    await http.put('/items/1').send({ name: 'Lamp' }).expect(200, { id: '1', name: 'Lamp' });
    await http.get('/items/1').expect('x-cache', 'MISS').expect({ id: '1', name: 'Lamp' });
    await http.get('/items/1').expect('x-cache', 'HIT').expect({ id: '1', name: 'Lamp' });
  });

  it('PUT refuses a body without a name', async () => {
    const { body } = await http.put('/items/1').send({}).expect(400);
    expect(body).toMatchObject({ message: 'name must be a text' });
  });

  it('GET answers, from the loader, while the cache is away', async () => {
    await sample.momento.faults.down();
    await http.get('/items/1').expect(200, { id: '1', name: 'Item 1' }).expect('x-cache', 'MISS');
    expect(sample.momento.requestCount('set')).toBe(0);
  });
});

describe('/raw', () => {
  it('PUT writes what GET reads', async () => {
    const { body } = await http.get('/raw/code').expect(404);
    expect(body).toMatchObject({ message: "Nothing is cached as 'code'." });
    await http.put('/raw/code').send({ value: '12345' }).expect(200, { stored: 'code' });
    await http.get('/raw/code').expect(200, { value: '12345' });
  });

  it('PUT cannot change what /items answers', async () => {
    const forged = JSON.stringify({ id: '1', name: 'forged' });
    for (const key of ['item:1', 'raw:item:1', '../item:1'])
      await http
        .put(`/raw/${encodeURIComponent(key)}`)
        .send({ value: forged })
        .expect(200);
    await http.get('/items/1').expect(200, { id: '1', name: 'Item 1' }).expect('x-cache', 'MISS');
    await http.put('/raw/item:1').send({ value: forged }).expect(200);
    await http.get('/items/1').expect(200, { id: '1', name: 'Item 1' }).expect('x-cache', 'HIT');
  });

  it('PUT refuses a body without a value', async () => {
    await http.put('/raw/code').send({ values: '12345' }).expect(400);
    expect(sample.momento.requestCount('set')).toBe(0);
  });

  it.each(['get', 'set'] as const)('passes on why %s failed', async (rpc) => {
    sample.momento.faults.fail(rpc, 'PERMISSION_DENIED', { message: 'not with this key' });
    const call = rpc === 'get' ? http.get('/raw/code') : http.put('/raw/code').send({ value: '12345' });
    const { body } = await call.expect(502);
    expect(body).toMatchObject({ message: expect.stringContaining('not with this key') });
  });
});

describe('/events', () => {
  it('GET streams what POST publishes', async () => {
    const stream = await open('news');
    expect(stream.type).toBe('text/event-stream');
    await expect.poll(() => sample.momento.requestCount('topic-subscribe')).toBeGreaterThan(0);

    await http.post('/events/news').send({ text: 'hello' }).expect(202);
    await http.post('/events/other').send({ text: 'not here' }).expect(202);
    await http.post('/events/news').send({ text: 'again' }).expect(202);

    const events = /^id: \d+:1\ndata: {"text":"hello"}\n\nid: \d+:2\ndata: {"text":"again"}\n\n$/m;
    await expect.poll(() => stream.text).toMatch(events);
    expect(stream.text).not.toContain('not here');
    stream.close();
  });

  it('GET gives a client that comes back what it missed', async () => {
    const stream = await open('news');
    await expect.poll(() => sample.momento.stats().subscriptions).toBe(1);
    await http.post('/events/news').send({ text: 'seen' }).expect(202);
    await expect.poll(() => stream.text).toContain('seen');
    const [, id = ''] = /id: (\d+:1)\n/.exec(stream.text) ?? [];
    stream.close();
    await http.post('/events/news').send({ text: 'missed' }).expect(202);
    const again = await open('news', { 'last-event-id': id });
    await expect.poll(() => again.text).toContain('missed');
    expect(again.text).not.toContain('seen');
    again.close();
  });

  it('lets go of the topic when the client goes', async () => {
    let listeners = 0;
    vi.spyOn(app.get(TopicService), 'observe').mockReturnValue(
      new Observable(() => {
        listeners += 1;
        return () => (listeners -= 1);
      }),
    );
    const stream = await open('news');
    await expect.poll(() => listeners).toBe(1);
    stream.close();
    await expect.poll(() => listeners).toBe(0);
  });

  it('ends when it cannot subscribe, so that the client comes back', async () => {
    sample.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED');
    logs.start();
    const stream = await open('news');
    await stream.ended;
    expect(logs.lines).toEqual([expect.stringMatching(/A feed of topic 'news' .* PERMISSION_DENIED/)]);
  });
});

describe('/events/page', () => {
  it('GET answers a page that takes nothing from elsewhere, and what it needs', async () => {
    const { text, headers } = await http.get('/events/page').expect('content-type', /^text\/html/);
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(text).not.toMatch(/https?:|\son\w+=|<script>|style=/);
    for (const [file, type] of [
      ['page.js', /^text\/javascript/],
      ['page.css', /^text\/css/],
    ] as const) {
      expect(text).toContain(`"page/${file}"`);
      await http.get(`/events/page/${file}`).expect(200).expect('content-type', type);
    }
  });

  it('has a script that writes no HTML', async () => {
    const { text } = await http.get('/events/page/page.js');
    expect(text).toContain('textContent');
    expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
  });
});

describe('/events/:topic/token', () => {
  const code = 'code of this test';
  const ask = (authorization?: string) => {
    const asked = http.post('/events/news/token');
    return authorization === undefined ? asked : asked.set('authorization', authorization);
  };

  it('POST answers a token for the topic to who has the code, which nobody keeps', async () => {
    vi.stubEnv('SAMPLE_ACCESS_CODE', code);
    const { body } = await ask(`Bearer ${code}`).expect(201).expect('cache-control', 'no-store');
    expect(body).toEqual({
      token: expect.any(String),
      endpoint: sample.momento.endpoints.cacheEndpoint,
      expiresAt: expect.any(String),
    });
    const { token }: { token: string } = body;
    const client = new TopicClient({
      configuration: TopicConfigurations.Default.latest(new NoopMomentoLoggerFactory()),
      credentialProvider: CredentialProvider.fromString({
        authToken: token,
        endpointOverrides: sample.momento.endpoints,
      }),
    });
    expect(String(await client.publish('demo-cache', 'news', 'x'))).toContain('PERMISSION_DENIED');
    const subscription = await client.subscribe('demo-cache', 'news', {});
    expect(subscription).toBeInstanceOf(TopicSubscribe.Subscription);
    if (subscription instanceof TopicSubscribe.Subscription) subscription.unsubscribe();
    expect(String(await client.subscribe('demo-cache', 'other', {}))).toContain('PERMISSION_DENIED');
  });

  it.each([
    ['without it', code, undefined],
    ['with another', code, 'Bearer another'],
    ['with the beginning of it', code, `Bearer ${code.slice(0, -1)}`],
    ['in another way', code, `Basic ${code}`],
    ['with the empty one, where none is set', '', 'Bearer '],
    ['with any, where none is set', undefined, 'Bearer undefined'],
  ])('POST refuses who comes %s', async (_how, set, authorization) => {
    vi.stubEnv('SAMPLE_ACCESS_CODE', set);
    const { text } = await ask(authorization).expect(401);
    expect(text).not.toContain(code);
    expect(sample.momento.requestCount('generate-disposable-token')).toBe(0);
  });
});

describe('/health', () => {
  it('answers 200 with how old the key is, and neither with the key nor with where it comes from', async () => {
    const { body } = await http.get('/health').expect(200);
    expect(body).toEqual({ status: 'ok', key: { generation: 1, ageSeconds: expect.any(Number) } });
  });

  it('answers 503 while the cache is away, and 200 when it is back', async () => {
    sample.secrets.putSecret('Momento_Auth_Token', 'changeme');
    await app
      .get(MomentoCredentials)
      .refreshNow()
      .catch(() => undefined);
    expect(app.get(MomentoCredentials).status().lastError).toBeDefined();
    await sample.momento.faults.down();
    logs.start();
    const { body } = await http.get('/health').expect(503);
    expect(body).toEqual({ status: 'error', key: { generation: 1, ageSeconds: expect.any(Number) } });
    expect(logs.lines).toContainEqual(
      expect.stringContaining("warn [Health] has 'health' in cache 'demo-cache' failed"),
    );
    await sample.momento.faults.up();
    await expect.poll(async () => (await http.get('/health')).status, { timeout: 5_000 }).toBe(200);
  });
});
