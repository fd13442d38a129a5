import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../support/capture-logs.js';
import { patient, useMicroservices } from './microservices.fixture.js';
import { failureOf, parts, Work } from './work.fixture.js';

const { startService } = useMicroservices();
const logs = captureLogs();

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
