import { TopicClient } from '@gomomento/sdk';
import { Injectable } from '@nestjs/common';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { bytesCodec, defineTopic, MomentoModule, OnTopic, stringCodec, TopicService } from 'nestjs-momento';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { failureOf } from '../../support/keys.js';
import { Collected, useContexts } from './collected.fixture.js';

const servers = useEmbeddedServers();
const { options, start, startWith } = useApps(servers);
const logs = captureLogs();
useContexts();

const patient = { timeout: 10_000, interval: 5 };
const place = {
  'momento.connection': 'default',
  'messaging.system': 'momento',
  'messaging.destination.name': 'news',
  'momento.cache.name': 'demo-cache',
};
const published = { ...place, 'messaging.operation.name': 'publish', 'messaging.operation.type': 'send' };
const processed = { ...place, 'messaging.operation.name': 'process', 'messaging.operation.type': 'process' };

const heard: { value: unknown; traceId: string | undefined }[] = [];
function hear(value: unknown): void {
  heard.push({ value, traceId: trace.getSpanContext(context.active())?.traceId });
  if (value === 'bad') throw new RangeError('a secret message');
}

@Injectable()
class News {
  @OnTopic('news')
  hear(value: unknown): void {
    hear(value);
  }
}

const text = defineTopic('text', { codec: stringCodec });
const bytes = defineTopic('bytes', { codec: bytesCodec });

describe('messages', () => {
  it('that are sent and handled are measured, and have a span each', async () => {
    heard.length = 0;
    const collected = new Collected();
    const telemetry = collected.telemetry();
    const app = await startWith({
      imports: [MomentoModule.forRoot(options({ telemetry }))],
      providers: [News],
    });
    const topics = app.get(TopicService);
    await topics.subscribe('news', () => undefined);
    await topics.publishMany('news', ['good', 'bad']);
    await vi.waitFor(() => expect(collected.named('process news')).toHaveLength(4), patient);

    expect(await collected.sum('messaging.client.sent.messages', published)).toBe(2);
    expect(await collected.sum('messaging.client.operation.duration', published)).toBe(2);
    expect(await collected.sum('messaging.client.consumed.messages', processed)).toBe(2);
    expect(await collected.sum('messaging.process.duration', processed)).toBe(4);
    expect(await collected.sum('messaging.process.duration', { 'error.type': 'RangeError' })).toBe(1);
    const [sent] = collected.named('publish news');
    expect([sent?.kind, sent?.attributes]).toEqual([SpanKind.PRODUCER, published]);
    const failed = collected
      .named('process news')
      .filter(({ status }) => status.code !== SpanStatusCode.UNSET);
    expect(failed).toHaveLength(1);
    expect(failed[0]?.kind).toBe(SpanKind.CONSUMER);
    expect(failed[0]?.attributes).toEqual({
      ...processed,
      'messaging.message.id': expect.stringMatching(/^\d+:2$/) as string,
      'error.type': 'RangeError',
    });
    expect(await collected.everything()).not.toContain('secret');
    // Without the option nothing goes with a message, and what is handled belongs to no trace but its own.
    expect(failed[0]?.parentSpanContext).toBeUndefined();
    expect(app.get(TopicService).stats().handlers[0]).toMatchObject({ handled: 1, failed: 1 });
  });

  it('belong to no trace that went on where somebody subscribed', async () => {
    const collected = new Collected();
    const app = await start(MomentoModule.forRoot(options({ telemetry: collected.telemetry() })));
    const topics = app.get(TopicService);
    const request = collected.tracerProvider.getTracer('test').startSpan('request');
    await context.with(trace.setSpan(context.active(), request), () =>
      topics.subscribe('news', ({ value }) => hear(value)),
    );
    heard.length = 0;
    await topics.publish('news', 'good');
    await vi.waitFor(() => expect(collected.named('process news')).toHaveLength(1), patient);
    const [handled] = collected.named('process news');
    expect(handled?.parentSpanContext).toBeUndefined();
    expect(heard).toEqual([{ value: 'good', traceId: handled?.spanContext().traceId }]);
    expect(heard[0]?.traceId).not.toBe(request.spanContext().traceId);
  });

  it('that cannot be sent tell the code', async () => {
    const collected = new Collected();
    const app = await start(MomentoModule.forRoot(options({ telemetry: collected.telemetry() })));
    await failureOf(() => app.get(TopicService).publish('news', 1, { cacheName: 'no-such-cache' }));
    const error = { 'error.type': 'NOT_FOUND_ERROR' };
    expect(await collected.sum('messaging.client.sent.messages', error)).toBe(1);
    expect(collected.spans[0]?.status).toEqual({ code: SpanStatusCode.ERROR });
  });

  it('go on with the trace of their publisher, in another process, where both ask for it', async () => {
    heard.length = 0;
    const [here, there] = [new Collected(), new Collected()];
    const publisher = await start(
      MomentoModule.forRoot(options({ telemetry: here.telemetry({ topicContext: true }) })),
    );
    const telemetry = there.telemetry({ topicContext: true });
    await startWith({ imports: [MomentoModule.forRoot(options({ telemetry }))], providers: [News] });
    await publisher.get(TopicService).publish('news', { id: 7 });
    await vi.waitFor(() => expect(there.named('process news')).toHaveLength(1), patient);
    const [sent] = here.named('publish news');
    const [handled] = there.named('process news');
    expect(handled?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId);
    expect(heard).toEqual([{ value: { id: 7 }, traceId: sent?.spanContext().traceId }]);
  });

  it('arrive as they were sent, whatever their codec and their length', async () => {
    const collected = new Collected();
    const telemetry = collected.telemetry({ topicContext: true });
    const app = await start(MomentoModule.forRoot(options({ telemetry })));
    const topics = app.get(TopicService);
    const arrived: unknown[] = [];
    await topics.subscribe(text, ({ value }) => void arrived.push(value));
    await topics.subscribe(bytes, ({ value }) => void arrived.push(value));
    const envelope = '{"nestjs-momento/context":1}\ninner';
    const long = 'x'.repeat(4_096);
    for (const value of ['', 'one', envelope, long]) await topics.publish(text, value);
    await topics.publish(bytes, Buffer.from([0, 255, 10]));
    await vi.waitFor(() => expect(arrived).toHaveLength(5), patient);
    expect(arrived).toEqual(expect.arrayContaining(['', 'one', envelope, long]));
    expect(arrived.filter((value) => value instanceof Uint8Array).map((value) => [...value])).toEqual([
      [0, 255, 10],
    ]);
  });

  it('of somebody who asks for no envelope are heard with it; in one they are unreadable without', async () => {
    const [withIt, without] = [new Collected(), new Collected()];
    const asking = await start(
      MomentoModule.forRoot(options({ telemetry: withIt.telemetry({ topicContext: true }) })),
    );
    const other = await start(MomentoModule.forRoot(options({ telemetry: without.telemetry() })));
    logs.start();
    const arrived: Record<string, unknown[]> = { asking: [], other: [] };
    await asking.get(TopicService).subscribe('news', ({ value }) => void arrived['asking']?.push(value));
    await other.get(TopicService).subscribe('news', ({ value }) => void arrived['other']?.push(value));
    await other.get(TopicService).publish('news', 'plain');
    await asking.get(TopicService).publish('news', 'enclosed');
    await other.get(TopicService).publish('news', 'last');
    await vi.waitFor(
      () => expect(arrived).toEqual({ asking: ['plain', 'enclosed', 'last'], other: ['plain', 'last'] }),
      patient,
    );
    expect(logs.lines.filter((line) => line.includes('cannot be read'))).toHaveLength(1);
  });

  it('in an envelope that somebody made up are heard, or are unreadable: nothing else fails', async () => {
    const collected = new Collected();
    const telemetry = collected.telemetry({ topicContext: true });
    const app = await start(MomentoModule.forRoot(options({ telemetry })));
    logs.start();
    const arrived: unknown[] = [];
    await app.get(TopicService).subscribe('news', ({ value }) => void arrived.push(value));
    const raw = app.get(TopicClient);
    const begin = '{"nestjs-momento/context":1';
    for (const hostile of [
      begin,
      `${begin}}`,
      `${begin},"traceparent":"00-zz-zz-01"}\n1`,
      `${begin},"traceparent":7,"__proto__":{"x":1}}\n2`,
      `${begin},"baggage":"a=b","traceparent":"00-${'1'.repeat(32)}-${'2'.repeat(16)}-01"}\n3`,
      `${begin},"x":"${'y'.repeat(3_000)}"}\n4`,
      `${begin}, nonsense\n5`,
    ])
      await raw.publish('demo-cache', 'news', hostile);
    await app.get(TopicService).publish('news', 'last');
    await vi.waitFor(() => expect(arrived.at(-1)).toBe('last'), patient);
    // The second is JSON, and no envelope: it is a line alone.
    expect(arrived).toEqual([{ 'nestjs-momento/context': 1 }, 1, 2, 3, 'last']);
    expect(collected.named('process news')[3]?.spanContext().traceId).toBe('1'.repeat(32));
  });
});
