import 'reflect-metadata';
import { firstValueFrom, lastValueFrom, Subject, tap, toArray } from 'rxjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../test/support/capture-logs.js';
import type { TopicDefinition } from '../topics/definitions/topic-definition.js';
import type { TopicGap, TopicMessage, TopicSubscribeOptions } from '../topics/definitions/topic.options.js';
import type { TopicService } from '../topics/topic.service.js';
import { MomentoClientProxy } from './momento-client.proxy.js';
import { MomentoServer } from './momento.server.js';
import { answerIdOf, newName, requestIdOf } from './packets.js';

const logs = captureLogs();

/** A topic service whose messages, gaps and answers are those of the test. */
class ScriptedTopics {
  readonly published: { readonly topic: string; readonly packet: Record<string, unknown> }[] = [];
  onPublish: (packet: Record<string, unknown>) => Promise<void> | void = () => undefined;
  #hear: (message: TopicMessage<unknown>) => unknown = () => undefined;
  #onGap: TopicSubscribeOptions['onGap'];

  readonly service = {
    publish: async ({ name }: TopicDefinition<unknown>, packet: Record<string, unknown>) => {
      this.published.push({ topic: name, packet });
      await this.onPublish(packet);
    },
    subscribe: async (
      _topic: unknown,
      hear: (message: TopicMessage<unknown>) => unknown,
      { onGap }: TopicSubscribeOptions,
    ) => {
      this.#hear = hear;
      this.#onGap = onGap;
      return {
        states: new Subject(),
        ended: new Promise(() => undefined),
        unsubscribe: async () => undefined,
      };
    },
  } as unknown as TopicService;

  hear(value: unknown): unknown {
    return this.#hear({ value, topic: 'topic', cacheName: 'cache' } as TopicMessage<unknown>);
  }

  lose(missed?: number): void {
    const gap = { topic: 'topic', cacheName: 'cache', from: '1:1', to: '1:9', ...(missed && { missed }) };
    void this.#onGap?.(gap as TopicGap);
  }

  /** The id of the last request, when it was sent. */
  async sent(count = 1): Promise<string> {
    await vi.waitUntil(() => this.published.length === count);
    return String(this.published.at(-1)?.packet['id']);
  }
}

describe('a client', () => {
  let topics: ScriptedTopics;
  beforeEach(() => {
    topics = new ScriptedTopics();
    logs.start();
  });
  const [first, second] = [newName(), newName()];
  const clientWith = (options = {}) => new MomentoClientProxy({ topics: topics.service, ...options });

  it('takes the answers of the instance that answered first, and no others', async () => {
    const client = clientWith();
    const answers = lastValueFrom(client.send('ask', {}).pipe(toArray()));
    const id = await topics.sent();
    for (const [server, response] of [
      [first, 1],
      [second, 'other'],
      [first, 2],
    ] as const)
      topics.hear({ id: answerIdOf(id, server), response });
    topics.hear({ id: answerIdOf(id, second), err: 'other', isDisposed: true });
    topics.hear({ id: answerIdOf(id, first), isDisposed: true });
    expect(await answers).toEqual([1, 2]);
    topics.hear({ id: answerIdOf(id, second), isDisposed: true });
    await vi.waitFor(() => expect(client.stats()).toEqual({ pending: 0, unmatched: 1, malformed: 0 }));
    expect(topics.published).toHaveLength(1);
  });

  it('keeps the order of answers, whatever time each takes to be read', async () => {
    const deserialize = async (value: { readonly response?: number; readonly id: string }) => {
      await new Promise((resolve) => setTimeout(resolve, 5 - (value.response ?? 5)));
      return value;
    };
    const client = clientWith({ deserializer: { deserialize } });
    const answers = lastValueFrom(client.send('ask', {}).pipe(toArray()));
    const id = answerIdOf(await topics.sent(), first);
    for (const response of [1, 2, 3, 4]) topics.hear({ id, response });
    topics.hear({ id, isDisposed: true });
    expect(await answers).toEqual([1, 2, 3, 4]);
  });

  it('ends a request that has had answers when some are lost, and lets one wait that has had none', async () => {
    const client = clientWith();
    const gaps: unknown[] = [];
    client.on('gap', (gap) => gaps.push(gap));
    const heard: unknown[] = [];
    const begun = lastValueFrom(client.send('begun', {}).pipe(tap((value) => heard.push(value)))).catch(
      (error: unknown) => error,
    );
    const begunId = await topics.sent();
    const waiting = firstValueFrom(client.send('waiting', {}));
    const waitingId = await topics.sent(2);
    topics.hear({ id: answerIdOf(begunId, first), response: 1 });
    await vi.waitFor(() => expect(heard).toEqual([1]));
    topics.lose(3);
    topics.lose();
    expect(await begun).toMatchObject({
      name: 'MomentoRequestError',
      code: 'answers-lost',
      message: expect.stringMatching(/^Answers to 'begun' were lost on the way\. .* ask again/),
    });
    topics.hear({ id: answerIdOf(waitingId, second), response: 2, isDisposed: true });
    expect(await waiting).toBe(2);
    expect(gaps).toHaveLength(2);
    expect(logs.lines).toEqual([expect.stringContaining('3 answers were lost')]);
  });

  it('says that it waits no more, behind its request, and only where somebody may be at work', async () => {
    let release: () => void = () => undefined;
    topics.onPublish = () => new Promise((resolve) => (release = resolve));
    const client = clientWith();
    const subscription = client.send('ask', {}).subscribe();
    const id = await topics.sent();
    subscription.unsubscribe();
    await Promise.resolve();
    expect(topics.published).toHaveLength(1);
    release();
    await topics.sent(2);
    expect(topics.published[1]).toEqual({
      topic: 'rpc/ask',
      packet: { pattern: 'ask', data: undefined, id, isDisposed: true },
    });
  });

  it.each([[{ err: 'failed' }], [{ err: '', status: 'error' }], [{ status: 'error' }]])(
    'fails by an answer %o',
    async (packet) => {
      const failure = firstValueFrom(clientWith().send('ask', {})).catch((error: unknown) => ({ error }));
      topics.hear({ ...packet, id: answerIdOf(await topics.sent(), first) });
      expect(await failure).toHaveProperty('error');
    },
  );
});

describe('a server', () => {
  it('answers a request that comes twice once, while it is running', async () => {
    const topics = new ScriptedTopics();
    logs.start();
    const server = new MomentoServer({ topics: topics.service });
    const results = new Subject<number>();
    server.addHandler('ask', async () => results);
    await server.listen(() => undefined);
    const id = requestIdOf(newName(), 1);
    const handled = topics.hear({ pattern: 'ask', data: 1, id });
    await topics.hear({ pattern: 'ask', data: 1, id });
    await vi.waitFor(() => expect(results.observed).toBe(true));
    expect(server.stats()).toEqual({ running: 1, malformed: 1 });
    results.next(1);
    results.complete();
    await handled;
    expect(topics.published.map(({ packet }) => packet)).toEqual([
      { id: expect.stringMatching(`^${id}/`), response: 1, isDisposed: true },
    ]);
    expect(logs.lines).toEqual([expect.stringContaining('its id is that of a request that is running')]);
  });

  it('tells of packets that were lost', async () => {
    const topics = new ScriptedTopics();
    logs.start();
    const server = new MomentoServer({ topics: topics.service });
    const gaps: unknown[] = [];
    server.on('gap', (gap) => gaps.push(gap));
    server.addHandler('ask', async () => 1);
    await server.listen(() => undefined);
    for (const missed of [4, undefined]) topics.lose(missed);
    expect(gaps).toHaveLength(2);
    expect(logs.lines).toEqual([
      expect.stringMatching(/^warn \[MomentoServer\] 4 packets of 'ask' were lost/),
    ]);
  });

  it('ends without answers where its hooks fail or the handler is no promise', async () => {
    const topics = new ScriptedTopics();
    const server = new MomentoServer({ topics: topics.service });
    server.addHandler('ask', (() => 'at once') as never);
    await server.listen(() => undefined);
    await topics.hear({ pattern: 'ask', data: 1, id: requestIdOf(newName(), 1) });
    expect(topics.published[0]?.packet).toMatchObject({ response: 'at once', isDisposed: true });
    server.setOnProcessingStartHook(() => {
      throw new Error('of a hook');
    });
    await topics.hear({ pattern: 'ask', data: 1, id: requestIdOf(newName(), 2) });
    expect(topics.published[1]?.packet).toMatchObject({ status: 'error', isDisposed: true });
    expect(server.stats().running).toBe(0);
  });

  it('works where Nest has no hooks yet', async () => {
    const topics = new ScriptedTopics();
    const server = new MomentoServer({ topics: topics.service });
    Reflect.deleteProperty(server, 'onProcessingStartHook');
    server.addHandler('ask', async () => 1);
    await server.listen(() => undefined);
    await topics.hear({ pattern: 'ask', data: 1, id: requestIdOf(newName(), 1) });
    expect(topics.published[0]?.packet).toMatchObject({ response: 1 });
  });
});
