import assert from 'node:assert/strict';
import { Controller, Get, Injectable } from '@nestjs/common';
import type { MeterProvider, Span, TracerProvider } from '@opentelemetry/api';
import { CacheService, OnTopic, TopicService } from 'nestjs-momento';
import { openTelemetry } from 'nestjs-momento/telemetry';
import { type Checks, until, withApp } from '../running-app.js';

@Controller()
class UsersController {
  constructor(private readonly cache: CacheService) {}

  @Get('user')
  user(): Promise<string> {
    return this.cache.getOrSet('user:7', () => 'Ada');
  }
}

@Injectable()
class News {
  readonly heard: unknown[] = [];

  @OnTopic('news')
  hear(value: unknown): void {
    this.heard.push(value);
  }
}

/** As much of an OpenTelemetry SDK as the library asks of one: it needs the API alone. */
function recorder() {
  const spans: string[] = [];
  const recorded: string[] = [];
  const observed: string[] = [];
  const callbacks = new Set<(result: object) => void>();
  const span: Span = {
    setAttribute: () => span,
    setAttributes: () => span,
    setStatus: () => span,
    spanContext: () => ({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }),
    end: () => undefined,
  } as unknown as Span;
  const instrument = (name: string) => ({
    name,
    record: () => void recorded.push(name),
    add: () => void recorded.push(name),
  });
  const meter = {
    createHistogram: instrument,
    createCounter: instrument,
    createObservableCounter: instrument,
    createObservableGauge: instrument,
    addBatchObservableCallback: (callback: (result: object) => void) => void callbacks.add(callback),
    removeBatchObservableCallback: (callback: (result: object) => void) => void callbacks.delete(callback),
  };
  const tracer = {
    startSpan: (name: string) => {
      spans.push(name);
      return span;
    },
  };
  const collect = () => {
    for (const callback of callbacks)
      callback({ observe: ({ name }: { name: string }) => observed.push(name) });
  };
  return {
    spans,
    recorded,
    observed,
    callbacks,
    collect,
    telemetry: openTelemetry({
      meterProvider: { getMeter: () => meter } as unknown as MeterProvider,
      tracerProvider: { getTracer: () => tracer } as unknown as TracerProvider,
      topicContext: true,
    }),
  };
}

export const telemetryChecks: Checks = {
  'calls, messages and figures are told to OpenTelemetry, until the app closes': async (framework) => {
    const told = recorder();
    const parts = {
      momento: { telemetry: told.telemetry },
      controllers: [UsersController],
      providers: [News],
    };
    await withApp(framework, parts, async ({ app, ask, logged, close }) => {
      assert.equal((await ask('/user')).text, 'Ada');
      await app.get(TopicService).publish('news', { id: 7 });
      const news = app.get(News);
      await until('the message is heard', () => Promise.resolve(news.heard.length === 1));
      assert.deepEqual(news.heard, [{ id: 7 }]);
      for (const name of ['get demo-cache', 'set demo-cache', 'publish news', 'process news'])
        assert.ok(told.spans.includes(name), `${name} is not among ${told.spans.join(', ')}`);
      assert.ok(told.recorded.includes('db.client.operation.duration'));
      assert.ok(told.recorded.includes('messaging.client.sent.messages'));
      told.collect();
      assert.ok(told.observed.includes('momento.cache.lookups'));
      assert.ok(told.observed.includes('momento.key.age'));
      await close();
      assert.equal(told.callbacks.size, 0);
      assert.deepEqual(logged, []);
    });
  },
};
