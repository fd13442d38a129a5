import { ClientsModule } from '@nestjs/microservices';
import { TopicService } from 'nestjs-momento';
import { MOMENTO_TRANSPORT, MomentoClientProxy } from 'nestjs-momento/microservices';
import { lastValueFrom, tap, toArray } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { patient, useMicroservices } from './microservices.fixture.js';
import { ask, failureOf, Sums } from './sums.fixture.js';

const { servers, startAlone, startClient, startService } = useMicroservices();

describe('requests', () => {
  it('are answered: sums, now, later and as an observable', async () => {
    const { client } = await startService({ controllers: [Sums] });
    for (const cmd of ['sum', 'asyncSum', 'streamSum'])
      expect(await ask(client, { cmd }, [1, 2, 3, 4, 5])).toEqual([15]);
    expect(client.stats()).toEqual({ pending: 0, unmatched: 0, malformed: 0 });
  });

  it('have all the answers of an observable, in order, also of a promised one; or none', async () => {
    const { client } = await startService({ controllers: [Sums] });
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    expect(await ask(client, 'streaming', numbers)).toEqual(numbers);
    expect(await ask(client, 'later streaming', numbers)).toEqual(numbers);
    expect(await ask(client, 'nothing')).toEqual([]);
    const requests = servers.momento.requestCount('topic-publish');
    expect(await ask(client, 'echo', 1)).toEqual([1]);
    // The answer and its end are one message.
    expect(servers.momento.requestCount('topic-publish') - requests).toBe(2);
  });

  it('give back whatever JSON can say', async () => {
    const { client } = await startClient();
    await startService({ controllers: [Sums] });
    for (const value of [0, false, '', 'text', [], { a: { b: [null] } }, 'é\u2028"\\'])
      expect(await ask(client, 'echo', value)).toEqual([value]);
  });

  it('are many at once, each with its own answer', async () => {
    const { client } = await startService({ controllers: [Sums] });
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((number) => ask(client, 'echo', number)));
    expect(answers).toEqual(numbers.map((number) => [number]));
    expect(servers.momento.requestCount('topic-subscribe')).toBe(14 + 1);
  });

  it('give plain objects for instances of classes, as the other transports do', async () => {
    const { client } = await startService({ controllers: [Sums] });
    expect(await ask(client, 'dto')).toEqual([{ id: 7, at: '1970-01-01T00:00:00.000Z' }]);
  });

  it('fail with the payload of an RpcException, and tell nothing of another error', async () => {
    const { client } = await startService({ controllers: [Sums] });
    expect(await failureOf(client, 'exception', { code: 42, why: 'full' })).toEqual({
      code: 42,
      why: 'full',
    });
    expect(await failureOf(client, 'exception', 'plain')).toEqual({ status: 'error', message: 'plain' });
    expect(await failureOf(client, 'failure')).toEqual({ status: 'error', message: 'Internal server error' });
  });

  it('fail in the middle of an observable, behind what came before', async () => {
    const { client } = await startService({ controllers: [Sums] });
    const heard: unknown[] = [];
    const failure: unknown = await lastValueFrom(
      client.send('half', {}).pipe(tap((value) => heard.push(value))),
    ).catch((error: unknown) => error);
    expect([heard, failure]).toEqual([[1, 2], { code: 7 }]);
  });

  it('that are too long fail with their size; so do answers, which the caller is told', async () => {
    const { client, server } = await startService({ controllers: [Sums] });
    expect(await failureOf(client, 'echo', 'x'.repeat(5_000))).toMatchObject({
      name: 'MomentoTopicError',
      code: 'INVALID_ARGUMENT_ERROR',
      message: expect.stringMatching(/it has 5\d\d\d bytes, more than maxMessageBytes, which is 4096/),
    });
    expect(await failureOf(client, 'too long')).toEqual({
      status: 'error',
      message: expect.stringMatching(/The answer could not be sent: .*it has 5\d\d\d bytes/),
    });
    await vi.waitFor(() => expect(server.stats().running).toBe(0), patient);
    expect(client.stats().pending).toBe(0);
  });

  it('of a pattern with only an event handler are told that there is none', async () => {
    const { client, app } = await startService({ controllers: [Sums] });
    expect(await failureOf(client, 'happened')).toBe(
      'There is no matching message handler defined in the remote service.',
    );
    expect(app.get(Sums).heard).toEqual([]);
  });

  it('are not heard by handlers of another transport', async () => {
    const { client } = await startClient({ timeoutMs: 50 });
    await startService({ controllers: [Sums] });
    expect(await failureOf(client, 'other transport')).toMatchObject({ code: 'no-answer' });
  });

  it('tell their handler where they stand', async () => {
    const { client } = await startService({ controllers: [Sums] });
    client.setOnDispatchHook((packet) => (packet.metadata = { trace: '7' }));
    expect(await ask(client, 'context')).toEqual([
      ['rpc/context', 'context', { trace: '7' }, 'demo-cache', true],
    ]);
  });

  it('run in the hooks that Nest has for tracing, once each', async () => {
    const { client, server } = await startService({ controllers: [Sums] });
    const told: unknown[] = [];
    server.setOnProcessingStartHook((transportId, _context, done) => {
      told.push(transportId);
      void done();
    });
    server.setOnProcessingEndHook(() => told.push('end'));
    for (const pattern of ['streaming', 'exception', 'happened'])
      await client[pattern === 'happened' ? 'emit' : 'send'](pattern, [1, 2])
        .pipe(toArray())
        .forEach(() => undefined)
        .catch(() => undefined);
    await vi.waitFor(() => expect(told).toHaveLength(6), patient);
    expect(told).toEqual([MOMENTO_TRANSPORT, 'end', MOMENTO_TRANSPORT, 'end', MOMENTO_TRANSPORT, 'end']);
  });

  it.each([
    ['a factory', true],
    ['hand', false],
  ])(
    'reach a microservice alone, with a strategy by %s, from a client by ClientsModule',
    async (_how, isByFactory) => {
      await startAlone({ controllers: [Sums], isByFactory });
      const clients = ClientsModule.registerAsync([
        {
          name: 'SUMS',
          inject: [TopicService],
          useFactory: (topics: TopicService) => ({
            customClass: MomentoClientProxy,
            options: { topics, timeoutMs: 5_000 },
          }),
        },
      ]);
      const { app } = await startService({ imports: [clients] });
      const client = app.get<MomentoClientProxy>('SUMS');
      expect(client).toBeInstanceOf(MomentoClientProxy);
      expect(await ask(client, { cmd: 'sum' }, [1, 2])).toEqual([3]);
      const pending = failureOf(client, 'nobody');
      await vi.waitFor(() => expect(client.stats().pending).toBe(1), patient);
      await app.close();
      expect(await pending).toMatchObject({ name: 'MomentoRequestError', code: 'client-closed' });
    },
  );
});
