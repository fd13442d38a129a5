import { Controller, Injectable } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { MomentoClosedError, TopicService } from 'nestjs-momento';
import { MomentoClientProxy, MomentoRequestError, MomentoServer } from 'nestjs-momento/microservices';
import { firstValueFrom, interval, lastValueFrom, NEVER, Observable, of, take, toArray } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../support/capture-logs.js';
import { patient, useMicroservices } from './microservices.fixture.js';

const { startService, startAlone, startClient, compile, keep, servers } = useMicroservices();
const logs = captureLogs();
const subscriptions = () => servers.momento.stats().subscriptions;
const failureOf = (request: Observable<unknown>): Promise<unknown> =>
  lastValueFrom(request.pipe(toArray())).then(
    (values) => values,
    (error: unknown) => error,
  );

@Injectable()
class Gate {
  readonly waiting: (() => void)[] = [];
  wait = () => new Promise<void>((resolve) => this.waiting.push(resolve));
  open = () => this.waiting.splice(0).forEach((resolve) => resolve());
}

@Controller()
class Work {
  readonly heard: unknown[] = [];
  open = 0;

  constructor(readonly gate: Gate) {}

  @MessagePattern('echo')
  echo(value: unknown): unknown {
    this.heard.push(value);
    return value;
  }

  @MessagePattern('slow')
  async slow(value: unknown): Promise<unknown> {
    await this.gate.wait();
    return value;
  }

  @MessagePattern('never')
  never(): Observable<unknown> {
    return NEVER;
  }

  @MessagePattern('ticks')
  ticks(): Observable<number> {
    return new Observable<number>((subscriber) => {
      this.open += 1;
      subscriber.add(interval(5).subscribe(subscriber));
      return () => (this.open -= 1);
    });
  }

  @MessagePattern('one, then none')
  one(): Observable<number> {
    return new Observable((subscriber) => subscriber.next(1));
  }

  @EventPattern('happened')
  happened(value: unknown): void {
    this.heard.push(value);
  }

  @EventPattern('happened')
  alsoHappened(value: unknown): void {
    this.heard.push({ also: value });
  }

  @EventPattern('fails')
  fails(_data: unknown): void {
    throw new Error('of an event');
  }
}
const parts = { controllers: [Work], providers: [Gate] };

describe('events', () => {
  it('reach every handler of every instance', async () => {
    const one = await startService(parts);
    const other = await startService(parts);
    await lastValueFrom(one.client.emit('happened', 1), { defaultValue: undefined });
    for (const { app } of [one, other])
      await vi.waitFor(() => expect(app.get(Work).heard).toEqual([1, { also: 1 }]), patient);
    // Nobody listens for answers.
    expect(subscriptions()).toBe(2 * 7);
  });

  it('that fail in a handler disturb nothing', async () => {
    const { app, client } = await startService(parts);
    client.emit('fails', {});
    client.emit('happened', 1);
    await vi.waitFor(() => expect(app.get(Work).heard).toHaveLength(2), patient);
  });

  it('come from others as well, when the topics are called as the patterns are', async () => {
    const { app, topics } = await startService({ ...parts, server: { topicPrefix: '' } });
    await topics.publish('happened', { plain: true });
    await vi.waitFor(() => expect(app.get(Work).heard).toHaveLength(2), patient);
    expect(app.get(Work).heard).toEqual([{ plain: true }, { also: { plain: true } }]);
  });

  it('that cannot be sent fail, and say why', async () => {
    const { client } = await startService(parts);
    const failure = await failureOf(client.emit('happened', 'x'.repeat(5_000)));
    expect(failure).toMatchObject({ name: 'MomentoTopicError', message: expect.stringContaining('bytes') });
    const ring: unknown[] = [];
    ring.push(ring);
    expect(await failureOf(client.send('echo', ring))).toMatchObject({
      name: 'MomentoTopicError',
      message: expect.stringContaining('circular'),
    });
    expect(client.stats().pending).toBe(0);
  });
});

describe('in a fleet', () => {
  it('a request is answered by the first, and the answers of the others are none of its own', async () => {
    const { client, app } = await startService(parts);
    const other = await startService(parts);
    const answers = await lastValueFrom(client.send('ticks', {}).pipe(take(20), toArray()));
    expect(answers).toEqual(Array.from({ length: 20 }, (_, index) => index));
    // Both were told that nobody listens any more.
    for (const service of [app, other.app])
      await vi.waitFor(() => expect(service.get(Work).open).toBe(0), patient);
    expect(await failureOf(client.send('echo', 1))).toEqual([1]);
    await vi.waitFor(() => expect(other.app.get(Work).heard).toEqual([1]), patient);
  });

  it('services of other prefixes hear nothing of each other', async () => {
    const { client } = await startService({
      ...parts,
      server: { topicPrefix: 'a.' },
      client: { topicPrefix: 'b.', timeoutMs: 50 },
    });
    expect(await failureOf(client.send('echo', 1))).toMatchObject({ code: 'no-answer' });
  });
});

describe('a request', () => {
  it('that nobody hears ends by its time limit, and says what to look at', async () => {
    const { client } = await startClient({ timeoutMs: 50 });
    const failure = await failureOf(client.send({ cmd: `no\nbody ${servers.apiKey}` }, {}));
    expect(failure).toBeInstanceOf(MomentoRequestError);
    expect(failure).toMatchObject({
      code: 'no-answer',
      message: expect.stringMatching(/^No answer to '\{"cmd":"no.*' came within 50 ms\. .*same topicPrefix/),
    });
    expect(String(failure)).not.toContain(servers.apiKey);
    expect(String(failure)).not.toContain('\n');
    expect(client.stats()).toEqual({ pending: 0, unmatched: 0, malformed: 0 });
  });

  it('that has no further answer ends so as well, and its handler is told', async () => {
    const { client, server } = await startService({ ...parts, client: { timeoutMs: 200 } });
    expect(await failureOf(client.send('one, then none', {}))).toMatchObject({
      code: 'no-answer',
      message: expect.stringMatching(/^No (further )?answer to 'one, then none' came within 200 ms/),
    });
    await vi.waitFor(() => expect(server.stats().running).toBe(0), patient);
  });

  it('leaves nothing open, 300 times: answered, enough of it, left', async () => {
    const { client, server } = await startService(parts);
    const hundred = Array.from({ length: 100 }, (_, index) => index);
    const left = hundred.map(() => client.send('never', {}).subscribe({ error: () => undefined }));
    await vi.waitFor(() => expect(server.stats().running).toBe(100), patient);
    const requests = hundred.flatMap((index) => [
      failureOf(client.send('echo', index)),
      failureOf(client.send('one, then none', {}).pipe(take(1))),
    ]);
    expect(await Promise.all(requests)).toEqual(hundred.flatMap((index) => [[index], [1]]));
    for (const one of left) one.unsubscribe();
    expect(client.stats().pending).toBe(0);
    await vi.waitFor(() => expect(server.stats().running).toBe(0), patient);
  }, 40_000);

  it('that is left before it is sent is not sent', async () => {
    const { client, app } = await startService(parts);
    client.send('echo', 1).subscribe().unsubscribe();
    expect(await failureOf(client.send('echo', 2))).toEqual([2]);
    expect(app.get(Work).heard).toEqual([2]);
  });

  it('fails when its topic of answers is refused, and the next one tries again', async () => {
    const { client } = await startService(parts);
    servers.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED', { times: 1 });
    expect(await failureOf(client.send('echo', 1))).toMatchObject({
      name: 'MomentoTopicError',
      message: expect.stringContaining('give it the role'),
    });
    expect(await failureOf(client.send('echo', 2))).toEqual([2]);
  });

  it.each(['topic-publish', 'topic-subscribe'] as const)('fails when %s has no answer', async (rpc) => {
    const { client } = await startClient({ timeoutMs: 100 });
    servers.momento.faults.delay(rpc, 500);
    expect(await failureOf(client.send('echo', 1))).toMatchObject({ code: 'no-answer' });
    expect(client.stats().pending).toBe(0);
  });
});

describe('strangers', () => {
  it('on the topics of a service are dropped, counted and logged once, and the next request is answered', async () => {
    const { client, server, topics } = await startService(parts);
    logs.start();
    const ids = [
      7,
      null,
      {},
      '',
      '../../other',
      'a/1',
      `${'a'.repeat(22)}/1/${'b'.repeat(22)}`,
      `${'a'.repeat(22)}/-1`,
    ];
    for (const id of ids) await topics.publish('rpc/echo', { pattern: 'echo', data: 1, id });
    await vi.waitFor(() => expect(server.stats().malformed).toBe(ids.length), patient);
    expect(await failureOf(client.send('echo', 2))).toEqual([2]);
    expect(logs.lines).toEqual([
      "warn [MomentoServer] A packet of 'echo' was dropped: it has an id that no client of this library gives.",
    ]);
  });

  it('on the topic of answers are dropped, counted and logged once', async () => {
    const { client, topics } = await startService(parts);
    const subscribe = vi.spyOn(topics, 'subscribe');
    expect(await failureOf(client.send('echo', 1))).toEqual([1]);
    logs.start();
    const [topic = ''] = subscribe.mock.calls[0] ?? [];
    const answersTopic = typeof topic === 'string' ? topic : topic.name;
    const own = answersTopic.slice('rpc/answers/'.length);
    const strange = [null, 1, [], {}, { id: 1 }, { id: own }, 'text', { response: 1, isDisposed: true }];
    for (const value of strange) await topics.publish(answersTopic, value);
    await topics.publish(answersTopic, { id: `${own}/99/${own}`, response: 1 });
    await vi.waitFor(() => expect(client.stats().malformed).toBe(strange.length), patient);
    await vi.waitFor(() => expect(client.stats().unmatched).toBe(1), patient);
    expect(await failureOf(client.send('echo', 2))).toEqual([2]);
    expect(logs.lines).toEqual([
      'warn [MomentoClientProxy] A message on the topic of answers was dropped: it is no answer.',
    ]);
  });

  it('whose message is no JSON are events, as with other transports', async () => {
    const { app, topics } = await startService(parts);
    for (const value of ['{', null, [1]]) await topics.publish('rpc/happened', value);
    await vi.waitFor(() => expect(app.get(Work).heard).toHaveLength(6), patient);
  });

  it('are patterns of any kind, each with its own topic', async () => {
    @Controller()
    class Odd {
      @MessagePattern([
        '',
        'answers/x',
        '#1',
        '\u0000',
        '\uD800',
        'x'.repeat(2_000),
        '💥',
        '../a',
        { a: { b: [1] } },
      ])
      hear(): string {
        return 'heard';
      }
    }
    const { client } = await startService({ controllers: [Odd] });
    for (const pattern of [
      '',
      'answers/x',
      '#1',
      '\u0000',
      '\uD800',
      'x'.repeat(2_000),
      '💥',
      '../a',
      { a: { b: [1] } },
    ])
      expect(await failureOf(client.send(pattern, {}))).toEqual(['heard']);
    const deep: Record<string, unknown> = {};
    deep['deep'] = deep;
    expect(await failureOf(client.send(deep, {}))).toMatchObject({ name: 'MomentoTopicError' });
  });

  it('among serializers and deserializers that fail reach the caller, or are dropped', async () => {
    const fail = () => {
      throw new Error('not mine');
    };
    const { client, server, topics } = await startService({
      ...parts,
      server: { deserializer: { deserialize: fail } },
      client: { serializer: { serialize: fail } },
    });
    expect(await failureOf(client.send('echo', 1))).toMatchObject({ message: 'not mine' });
    expect(await failureOf(client.emit('happened', 1))).toMatchObject({ message: 'not mine' });
    await topics.publish('rpc/echo', 1);
    await vi.waitFor(() => expect(server.stats().malformed).toBe(1), patient);
  });
});

describe('what is away for a moment', () => {
  it('is connected again, says so, and requests go on', async () => {
    const { client, server } = await startService(parts);
    const told: string[] = [];
    for (const status of ['connected', 'reconnecting', 'disconnected'] as const) {
      server.on(status, () => told.push(`server ${status}`));
      client.on(status, () => told.push(`client ${status}`));
    }
    const statuses: string[] = [];
    server.status.subscribe((status) => statuses.push(status));
    expect(await failureOf(client.send('echo', 1))).toEqual([1]);
    servers.momento.faults.cut('topic-subscribe');
    await vi.waitFor(() => expect(statuses).toEqual(['connected', 'reconnecting', 'connected']), patient);
    await vi.waitFor(() => expect(told.filter((one) => one === 'client connected')).toHaveLength(2), patient);
    expect(await failureOf(client.send('echo', 2))).toEqual([2]);
    await client.close();
    await server.close();
    expect(statuses.at(-1)).toBe('disconnected');
    expect(told.slice(-2)).toEqual(['client disconnected', 'server disconnected']);
    expect(client.unwrap()).toBeInstanceOf(TopicService);
    expect(server.unwrap()).toBeInstanceOf(TopicService);
  });
});

describe('closing', () => {
  it('a client ends its requests with an error, unsubscribes, and may be used again', async () => {
    const { client, app } = await startService(parts);
    const pending = failureOf(client.send('slow', 1));
    await vi.waitFor(() => expect(app.get(Gate).waiting).toHaveLength(1), patient);
    await client.close();
    expect(await pending).toMatchObject({ name: 'MomentoRequestError', code: 'client-closed' });
    expect(client.stats().pending).toBe(0);
    expect(await failureOf(client.send('echo', 2))).toEqual([2]);
    app.get(Gate).open();
  });

  it('a client while it subscribes ends that as well', async () => {
    const { client } = await startClient();
    servers.momento.faults.delay('topic-subscribe', 1_000);
    const pending = failureOf(client.send('echo', 1));
    await vi.waitFor(() => expect(servers.momento.requestCount('topic-subscribe')).toBe(1), patient);
    await client.close();
    expect(await pending).toMatchObject({ code: 'client-closed' });
    expect(servers.momento.requestCount('topic-publish')).toBe(0);
  });

  it('an app lets its handlers end, and what they ask of others is still answered; later requests are not heard', async () => {
    @Controller()
    class Asking {
      readonly outcomes: unknown[] = [];
      constructor(
        readonly topics: TopicService,
        readonly gate: Gate,
      ) {}

      @MessagePattern('ask')
      async ask(): Promise<unknown> {
        await this.gate.wait();
        const client = new MomentoClientProxy({ topics: this.topics });
        return firstValueFrom(client.send('echo', 'meanwhile'));
      }
    }
    await startService(parts);
    const { client } = await startClient();
    const { app } = await startService({ controllers: [Asking], providers: [Gate] });
    const answer = failureOf(client.send('ask', {}));
    await vi.waitFor(() => expect(app.get(Gate).waiting).toHaveLength(1), patient);
    const closing = app.close();
    const late = failureOf(client.send('ask', {}));
    app.get(Gate).open();
    expect(await answer).toEqual(['meanwhile']);
    await closing;
    expect(app.get(Gate).waiting).toEqual([]);
    await client.close();
    expect(await late).toMatchObject({ code: 'client-closed' });
  });

  it('an app waits no longer than its limit for answers without end, which end with it', async () => {
    const { client } = await startClient();
    const app = await startAlone({ ...parts, momento: { shutdownTimeoutSeconds: 0.2 } });
    const heard = vi.fn<(value: unknown) => void>();
    client.send('ticks', {}).subscribe({ next: heard, error: () => undefined });
    await vi.waitFor(() => expect(heard).toHaveBeenCalled(), patient);
    const work = app.get(Work);
    await app.close();
    await vi.waitFor(() => expect(work.open).toBe(0), patient);
    await vi.waitFor(() => expect(subscriptions()).toBe(1), patient);
    await client.close();
  });

  it('a server while it subscribes leaves nothing behind', async () => {
    const module = keep(await compile(parts));
    const server = new MomentoServer({ topics: module.get(TopicService) });
    for (const pattern of ['a', 'b', 'c']) server.addHandler(pattern, async () => of(1));
    servers.momento.faults.delay('topic-subscribe', 50);
    const listening = new Promise((resolve) => void server.listen(resolve));
    await server.close();
    expect(await listening).toBeUndefined();
    await module.close();
    await vi.waitFor(() => expect(subscriptions()).toBe(0), patient);
  });

  it('a server that cannot subscribe says why, and leaves nothing behind; listening again succeeds', async () => {
    const module = keep(await compile(parts));
    const server = new MomentoServer({ topics: module.get(TopicService) });
    for (const pattern of ['a', 'b', 'c']) server.addHandler(pattern, async () => of(1));
    expect(() => server.unwrap()).toThrow('does not listen yet');
    servers.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED', { times: 1 });
    const failure = await new Promise((resolve) => void server.listen(resolve));
    expect(failure).toMatchObject({ name: 'MomentoTopicError', message: expect.stringContaining('role') });
    expect(await new Promise((resolve) => void server.listen(resolve))).toBeUndefined();
    const client = new MomentoClientProxy({ topics: module.get(TopicService) });
    expect(await failureOf(client.send('a', {}))).toEqual([1]);
    await module.close();
    await vi.waitFor(() => expect(subscriptions()).toBe(0), patient);
    expect(await failureOf(client.send('a', {}))).toBeInstanceOf(MomentoClosedError);
  });

  it('an app ends what its client waits for, though nobody closes it', async () => {
    const { client, app } = await startService(parts);
    const pending = failureOf(client.send('never', {}));
    await vi.waitFor(() => expect(client.stats().pending).toBe(1), patient);
    await app.close();
    expect(await pending).toMatchObject({ code: 'client-closed' });
  });
});
