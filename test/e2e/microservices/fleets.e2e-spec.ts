import { TopicService } from 'nestjs-momento';
import { lastValueFrom, take, toArray } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { patient, useMicroservices } from './microservices.fixture.js';
import { failureOf, parts, Work } from './work.fixture.js';

const { servers, startService } = useMicroservices();
const subscriptions = () => servers.momento.stats().subscriptions;

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
