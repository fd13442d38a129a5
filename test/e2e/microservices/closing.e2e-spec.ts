import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { MomentoClosedError, TopicService } from 'nestjs-momento';
import { MomentoClientProxy, MomentoServer } from 'nestjs-momento/microservices';
import { firstValueFrom, of } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { patient, useMicroservices } from './microservices.fixture.js';
import { failureOf, Gate, parts, Work } from './work.fixture.js';

const { compile, keep, servers, startAlone, startClient, startService } = useMicroservices();
const subscriptions = () => servers.momento.stats().subscriptions;

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
