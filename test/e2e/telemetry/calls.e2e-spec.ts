import { CacheClient, PreviewLeaderboardClient } from '@gomomento/sdk';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { CacheService, MomentoModule } from 'nestjs-momento';
import { describe, expect, it } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { failureOf } from '../../support/keys.js';
import { Collected, useContexts } from './collected.fixture.js';

const servers = useEmbeddedServers();
const { options, start } = useApps(servers);
useContexts();

const duration = 'db.client.operation.duration';
const cache = { 'db.system.name': 'momento', 'db.namespace': 'demo-cache' };
const common = { ...cache, 'momento.connection': 'default' };

describe('calls to a cache', () => {
  it('are measured, once a request, and have a span without key', async () => {
    const collected = new Collected();
    const app = await start(MomentoModule.forRoot(options({ telemetry: collected.telemetry() })));
    const service = app.get(CacheService);
    await service.set('a key', 'a value');
    expect(await service.get('a key')).toBe('a value');
    await Promise.all([service.get('one'), service.get('two')]);
    await app.get(CacheClient).get('demo-cache', 'a key');

    const points = await collected.points(duration);
    expect(points.map(({ attributes }) => attributes)).toEqual([
      { ...common, 'db.operation.name': 'set' },
      { ...common, 'db.operation.name': 'get' },
      { ...common, 'db.operation.name': 'getBatch' },
    ]);
    expect(await collected.sum(duration, { 'db.operation.name': 'get' })).toBe(2);
    expect(collected.spans.map(({ name, kind }) => [name, kind])).toEqual(
      ['set', 'get', 'getBatch', 'get'].map((name) => [`${name} demo-cache`, SpanKind.CLIENT]),
    );
    expect(collected.named('getBatch demo-cache')[0]?.attributes).toEqual({
      ...common,
      'db.operation.name': 'getBatch',
      'db.operation.batch.size': 2,
    });
    expect(await collected.everything()).not.toContain('a key');
  });

  it('have the unit and the bounds of the convention', async () => {
    const collected = new Collected();
    const app = await start(MomentoModule.forRoot(options({ telemetry: collected.telemetry() })));
    await app.get(CacheService).get('key');
    const metric = (await collected.metrics()).find(({ descriptor }) => descriptor.name === duration);
    expect(metric?.descriptor.unit).toBe('s');
    const [point] = await collected.points(duration);
    expect(point?.value).toMatchObject({
      buckets: { boundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
    });
    // Seconds, not milliseconds.
    expect(point?.value).toHaveProperty(
      'sum',
      expect.toSatisfy((sum: number) => sum > 0 && sum < 5),
    );
  });

  it('belong to what goes on where they are made', async () => {
    const collected = new Collected();
    const app = await start(MomentoModule.forRoot(options({ telemetry: collected.telemetry() })));
    const parent = collected.tracerProvider.getTracer('test').startSpan('request');
    await context.with(trace.setSpan(context.active(), parent), () => app.get(CacheService).get('key'));
    parent.end();
    const [span] = collected.named('get demo-cache');
    expect(span?.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
  });

  it('tell the code of what they failed with, returned or thrown, and no message', async () => {
    const collected = new Collected();
    const app = await start(MomentoModule.forRoot(options({ telemetry: collected.telemetry() })));
    const service = app.get(CacheService);
    await service.set('text', 'no number');
    await failureOf(() => service.increment('text'));
    await failureOf(() => service.cache('no-such-cache').get('key'));
    expect(
      await collected.sum(duration, {
        'db.operation.name': 'increment',
        'error.type': 'FAILED_PRECONDITION_ERROR',
      }),
    ).toBe(1);
    const [span] = collected.named('get no-such-cache');
    expect(span?.attributes['error.type']).toBe('NOT_FOUND_ERROR');
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span?.events).toEqual([]);
    await app.close();
    await failureOf(() => service.get('key'));
    expect(await collected.sum(duration, { 'error.type': 'connection-closed' })).toBe(1);
  });

  it('are one each over the repeat with another key', async () => {
    const collected = new Collected();
    const app = await start(
      MomentoModule.forRoot(options({ refresh: false, telemetry: collected.telemetry() })),
    );
    const service = app.get(CacheService);
    await service.set('key', 'value');
    servers.momento.revokeApiKey(servers.apiKey);
    servers.secrets.putSecret('Momento_Auth_Token', servers.momento.issueApiKey());
    expect(await service.get('key')).toBe('value');
    expect(collected.named('get demo-cache').map(({ status }) => status.code)).toEqual([
      SpanStatusCode.UNSET,
    ]);
    expect(await collected.sum(duration, { 'db.operation.name': 'get' })).toBe(1);
  });

  it('of leaderboards and of the control plane are told as well', async () => {
    const collected = new Collected();
    const app = await start(MomentoModule.forRoot(options({ telemetry: collected.telemetry() })));
    const board = app.get(PreviewLeaderboardClient).leaderboard('demo-cache', 'a board');
    await board.upsert(new Map([[1, 2]]));
    await app.get(CacheClient).listCaches();
    expect(collected.spans.map(({ name }) => name)).toEqual(['leaderboard.upsert demo-cache', 'listCaches']);
    expect(await collected.everything()).not.toContain('a board');
  });

  it('have keys and hits, as Sentry reads them, only when asked', async () => {
    const collected = new Collected();
    const app = await start(
      MomentoModule.forRoot(options({ telemetry: collected.telemetry({ cacheKeys: true }) })),
    );
    const service = app.get(CacheService);
    await service.set('user:7', 'value');
    await service.get('user:7');
    await Promise.all([service.get('user:7'), service.get('user:8')]);
    await service.delete('user:7');
    await service.get('user:7');
    expect(
      collected.spans.map(({ attributes: a }) =>
        ['sentry.op', 'cache.key', 'cache.hit', 'cache.item_size'].map((name) => a[name]),
      ),
    ).toEqual([
      ['cache.put', ['user:7'], undefined, 7],
      ['cache.get', ['user:7'], true, 7],
      ['cache.get', ['user:7', 'user:8'], false, undefined],
      ['cache.remove', ['user:7'], undefined, undefined],
      ['cache.get', ['user:7'], false, undefined],
    ]);
    expect(JSON.stringify(await collected.metrics())).not.toContain('user:');
  });

  it('show no API key, whatever it was put in the place of', async () => {
    const collected = new Collected();
    const app = await start(
      MomentoModule.forRoot(options({ telemetry: collected.telemetry({ cacheKeys: true }) })),
    );
    const service = app.get(CacheService);
    await failureOf(() => service.cache(servers.apiKey).get(servers.apiKey));
    await app.get(CacheClient).get(undefined as unknown as string, servers.apiKey);
    expect(collected.spans.length).toBe(2);
    expect(await collected.everything()).not.toContain(servers.apiKey.slice(0, 40));
  });

  it('of more caches than a hundred share a name in metrics, and have their own in spans', async () => {
    const collected = new Collected();
    const app = await start(MomentoModule.forRoot(options({ telemetry: collected.telemetry() })));
    const client = app.get(CacheClient);
    for (let index = 0; index < 120; index += 1) await client.get(`tenant-${index}`, 'key');
    const points = await collected.points(duration);
    expect(points.length).toBeLessThanOrEqual(101);
    expect(await collected.sum(duration, { 'db.namespace': '_OTHER' })).toBeGreaterThan(15);
    expect(collected.named('get tenant-119')).toHaveLength(1);
  });
});
