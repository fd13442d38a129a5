import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import {
  type GetWebhookSecret,
  ListWebhooks,
  MomentoErrorCode,
  PostUrlWebhookDestination,
  PutWebhook,
  type RotateWebhookSecret,
  type TopicClient,
} from '@gomomento/sdk';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { topicClientFor } from '../local/momento.fixture.js';
import { answerOf, useService } from './conformance.fixture.js';

const service = useService();

let topics: TopicClient;
let cacheCount = 0;

beforeAll(() => {
  topics = topicClientFor(service.momento);
});

function newCacheName(): string {
  const name = `hooked-${(cacheCount += 1)}`;
  service.momento.createCache(name);
  return name;
}

const put = (cacheName: string, name: string, url = 'https://example.com/hook', topicName = 't') =>
  topics.putWebhook(cacheName, name, { topicName, destination: new PostUrlWebhookDestination(url) });

function secretIn(
  response: PutWebhook.Response | GetWebhookSecret.Response | RotateWebhookSecret.Response,
): string {
  if (response instanceof PutWebhook.Success) {
    return response.secretString();
  }
  return 'secret' in response ? response.secret() : response.toString();
}

async function listed(cacheName: string): Promise<string[]> {
  const response = await topics.listWebhooks(cacheName);
  return response instanceof ListWebhooks.Success
    ? response
        .getWebhooks()
        .map(({ id, topicName, destination }) => `${id.webhookName} ${topicName} ${destination.url()}`)
    : [];
}

/** An endpoint that keeps what is posted to it. */
async function startEndpoint() {
  const received: { readonly headers: NodeJS.Dict<string | string[]>; readonly event: unknown }[] = [];
  const server = createServer((request, response) => {
    json(request)
      .then((event) => {
        received.push({ headers: request.headers, event });
        return response.writeHead(204).end();
      })
      .catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return { received, url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hook` };
}

describe('Webhooks', () => {
  it('are put, changed, listed and deleted, each in its cache', async () => {
    const [cacheName, other] = [newCacheName(), newCacheName()];

    expect(secretIn(await put(cacheName, 'one'))).toMatch(/^[\w-]{20,}$/);
    await put(cacheName, 'two');
    await put(cacheName, 'one', 'https://example.com/changed', 'other');
    expect(await listed(cacheName)).toEqual([
      'one other https://example.com/changed',
      'two t https://example.com/hook',
    ]);
    expect(await listed(other)).toEqual([]);
    expect(await answerOf(topics.deleteWebhook(cacheName, 'one'))).toBe('Success');
    expect(await listed(cacheName)).toHaveLength(1);
    expect(await answerOf(topics.deleteWebhook(cacheName, 'one'))).toBe(
      MomentoErrorCode.CACHE_NOT_FOUND_ERROR,
    );
  });

  it('have a secret that stays when they are changed, and goes when it is rotated', async () => {
    const cacheName = newCacheName();
    const secret = secretIn(await put(cacheName, 'hook'));

    expect(secretIn(await put(cacheName, 'hook', 'https://example.com/changed'))).toBe(secret);
    expect(secretIn(await topics.getWebhookSecret(cacheName, 'hook'))).toBe(secret);
    const rotated = secretIn(await topics.rotateWebhookSecret(cacheName, 'hook'));
    expect(rotated).not.toBe(secret);
    expect(secretIn(await topics.getWebhookSecret(cacheName, 'hook'))).toBe(rotated);
  });

  it('on this machine get each message of their topic, signed', async () => {
    const cacheName = newCacheName();
    const endpoint = await startEndpoint();
    const secret = secretIn(await put(cacheName, 'hook', endpoint.url));
    await topics.publish(cacheName, 'other', 'not for it');
    await topics.publish(cacheName, 't', 'text');
    await vi.waitFor(() => expect(endpoint.received).toHaveLength(1));
    await topics.publish(cacheName, 't', new Uint8Array([0, 255]));

    await vi.waitFor(() => expect(endpoint.received).toHaveLength(2));
    const common = {
      cache: cacheName,
      topic: 't',
      event_timestamp: service.clock.now(),
      publish_timestamp: service.clock.now(),
    };
    expect(endpoint.received.map(({ event }) => event)).toEqual([
      { ...common, topic_sequence_number: 1, text: 'text' },
      { ...common, topic_sequence_number: 2, binary: 'AP8=' },
    ]);
    for (const { event, headers } of endpoint.received) {
      const signature = createHmac('SHA3-256', secret).update(JSON.stringify(event)).digest('hex');
      expect(headers).toMatchObject({ 'momento-signature': signature, 'user-agent': 'momento' });
    }
  });

  it('elsewhere, or that do not answer, get nothing and disturb nobody', async () => {
    const cacheName = newCacheName();
    const endpoint = await startEndpoint();
    await put(cacheName, 'elsewhere', endpoint.url.replace('127.0.0.1', '127.0.0.1.example.com'));
    await put(cacheName, 'no url', 'nonsense');
    await put(cacheName, 'nobody listens', 'http://localhost:1/');
    await put(cacheName, 'here', endpoint.url);

    expect(await answerOf(topics.publish(cacheName, 't', 'x'))).toBe('Success');
    await vi.waitFor(() => expect(endpoint.received).toHaveLength(1));
  });

  it.each<[string, (cacheName: string) => Promise<unknown>]>([
    ['putWebhook', (cacheName) => put(cacheName, 'hook')],
    ['deleteWebhook', (cacheName) => topics.deleteWebhook(cacheName, 'hook')],
    ['listWebhooks', (cacheName) => topics.listWebhooks(cacheName)],
    ['getWebhookSecret', (cacheName) => topics.getWebhookSecret(cacheName, 'hook')],
    ['rotateWebhookSecret', (cacheName) => topics.rotateWebhookSecret(cacheName, 'hook')],
  ])('%s without a cache, without a name', async (_call, run) => {
    expect(await answerOf(run('none'))).toBe(MomentoErrorCode.CACHE_NOT_FOUND_ERROR);
    expect(await answerOf(run(''))).toBe(MomentoErrorCode.INVALID_ARGUMENT_ERROR);
  });

  it.each([
    ['no name', '', 'http://localhost', 't'],
    ['no topic', 'hook', 'http://localhost', ''],
    ['no destination', 'hook', '', 't'],
  ])('bad arguments: %s', async (_what, name, url, topicName) => {
    expect(await answerOf(put(newCacheName(), name, url, topicName))).toBe(
      MomentoErrorCode.INVALID_ARGUMENT_ERROR,
    );
  });
});
