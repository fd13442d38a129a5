import {
  CacheClient,
  Configurations,
  type Middleware,
  TopicClient,
  TopicConfigurations,
} from '@gomomento/sdk';
import { context } from '@opentelemetry/api';
import { isTracingSuppressed, suppressTracing } from '@opentelemetry/core';
import { CacheService, MomentoModule, TopicService } from 'nestjs-momento';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { Collected, useContexts } from './collected.fixture.js';

const servers = useEmbeddedServers();
const { options, start } = useApps(servers);
useContexts();

/** As an instrumentation of gRPC: a span for each request, where an interceptor of gRPC stands. */
function instrumented(collected: Collected) {
  const suppressed: boolean[] = [];
  const middleware: Middleware = {
    onNewRequest: () => {
      suppressed.push(isTracingSuppressed(context.active()));
      collected.tracerProvider.getTracer('grpc').startSpan('grpc').end();
      return {
        onRequestMetadata: async (metadata) => metadata,
        onRequestBody: async (request) => request,
        onResponseMetadata: async (metadata) => metadata,
        onResponseBody: async (response) => response,
        onResponseStatus: async (status) => status,
      };
    },
  };
  return {
    suppressed,
    configurations: {
      configuration: Configurations.Laptop.latest().withMiddlewares([middleware]),
      topicConfiguration: TopicConfigurations.Default.latest().withMiddlewares([middleware]),
    },
  };
}

describe('an instrumentation of gRPC', () => {
  it('makes no span of a request that has one of ours, and one of any other', async () => {
    const collected = new Collected();
    const { suppressed, configurations } = instrumented(collected);
    const app = await start(
      MomentoModule.forRoot(options({ ...configurations, telemetry: collected.telemetry() })),
    );
    const cache = app.get(CacheService);
    const ofBoot = suppressed.length;
    await cache.set('key', 'value');
    await cache.get('key');
    // No middleware sees a batch.
    const getBatch = Reflect.get(CacheClient.prototype, 'getBatch');
    const spy = vi.spyOn(CacheClient.prototype, 'getBatch').mockImplementation(function (
      this: CacheClient,
      ...args
    ) {
      suppressed.push(isTracingSuppressed(context.active()));
      return Reflect.apply(getBatch, this, args);
    });
    await Promise.all([cache.get('one'), cache.get('two')]).finally(() => spy.mockRestore());
    await app.get(TopicService).publish('news', 'value');
    expect(collected.spans.slice(ofBoot).map(({ name }) => name)).toEqual([
      'set demo-cache',
      'get demo-cache',
      'getBatch demo-cache',
      'publish news',
    ]);
    expect(suppressed.slice(ofBoot)).toEqual([true, true, true, true]);
    await app.get(TopicClient).publish('demo-cache', 'news', 'raw');
    expect(suppressed.at(-1)).toBe(false);
    expect(collected.spans.at(-1)?.name).toBe('grpc');
  });

  it('makes its own where ours are not wanted', async () => {
    const collected = new Collected();
    const { suppressed, configurations } = instrumented(collected);
    const telemetry = collected.telemetry({ spans: false });
    const app = await start(MomentoModule.forRoot(options({ ...configurations, telemetry })));
    await app.get(CacheService).get('key');
    await app.get(TopicService).publish('news', 'value');
    expect(new Set(collected.spans.map(({ name }) => name))).toEqual(new Set(['grpc']));
    expect(suppressed).not.toContain(true);
    expect(await collected.sum('db.client.operation.duration')).toBe(1);
    expect(await collected.sum('messaging.client.sent.messages')).toBe(1);
  });

  it('sees what an app does once a call has ended, in a loader and in a handler', async () => {
    const collected = new Collected();
    const app = await start(MomentoModule.forRoot(options({ telemetry: collected.telemetry() })));
    const seen: Record<string, boolean> = {};
    const note = (where: string) => {
      seen[where] = isTracingSuppressed(context.active());
    };
    const cache = app.get(CacheService);
    cache.on('miss', () => note('listener'));
    await cache.getOrSet('key', () => {
      note('loader');
      return 'value';
    });
    note('after');
    await app.get(TopicService).subscribe('news', () => note('handler'));
    app
      .get(TopicService)
      .observe('news')
      .subscribe(() => note('observer'));
    await app.get(TopicService).publish('news', 'value');
    await vi.waitFor(() =>
      expect(seen).toEqual({ listener: false, loader: false, after: false, handler: false, observer: false }),
    );
  });

  it('and a trace that is not to be seen stays unseen', async () => {
    const collected = new Collected();
    const app = await start(MomentoModule.forRoot(options({ telemetry: collected.telemetry() })));
    await context.with(suppressTracing(context.active()), () =>
      app.get(CacheClient).get('demo-cache', 'key'),
    );
    expect(collected.spans).toEqual([]);
    expect(await collected.sum('db.client.operation.duration')).toBe(1);
  });
});
