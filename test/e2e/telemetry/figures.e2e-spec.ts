import { Injectable } from '@nestjs/common';
import { type Meter, type MeterProvider, metrics as globalMetrics } from '@opentelemetry/api';
import {
  CacheService,
  MomentoConfigurationError,
  MomentoModule,
  OnTopic,
  TopicService,
} from 'nestjs-momento';
import { openTelemetry } from 'nestjs-momento/telemetry';
import { describe, expect, it, vi } from 'vitest';
import { callMetrics, observedMetrics } from '../../../src/telemetry/metrics.js';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { failureOf } from '../../support/keys.js';
import { Collected, useContexts } from './collected.fixture.js';

const servers = useEmbeddedServers();
const { options, start, startWith } = useApps(servers);
const logs = captureLogs();
useContexts();

const lookups = 'momento.cache.lookups';

@Injectable()
class News {
  @OnTopic('news')
  hear(): void {
    heard.count += 1;
  }
}
const heard = { count: 0 };

describe('figures', () => {
  it('are those of stats(), of the key and of the breaker, for each cache', async () => {
    const collected = new Collected();
    const app = await start(
      MomentoModule.forRoot(
        options({ telemetry: collected.telemetry(), cache: { nearCache: { maxItems: 10 } } }),
      ),
    );
    const cache = app.get(CacheService);
    await cache.getOrSet('key', () => 'value');
    await cache.getOrSet('key', () => 'value');
    await Promise.all([cache.get('one'), cache.get('two')]);
    await failureOf(() => cache.getOrSet('bad', () => Promise.reject(new Error('no'))));
    const stats = cache.stats();
    expect(await collected.sum(lookups, { status: 'hit', source: 'near' })).toBe(stats.nearHits);
    expect(await collected.sum(lookups, { status: 'hit' })).toBe(stats.nearHits + stats.hits);
    expect(await collected.sum(lookups, { status: 'miss', 'db.namespace': 'demo-cache' })).toBe(4);
    expect(stats.nearHits).toBe(1);
    const others = {
      'momento.cache.joined': stats.joined,
      'momento.cache.loads': 2,
      'momento.cache.load_failures': 1,
      'momento.cache.saved_requests': stats.savedRequests,
      'momento.cache.estimated_operations': stats.estimatedOperations,
      'momento.cache.pending_evictions': 0,
      'momento.cache.near.items': 1,
      'momento.cache.near.size': stats.nearBytes,
      'momento.key.generation': 1,
    };
    for (const [name, value] of Object.entries(others))
      expect([name, await collected.sum(name)]).toEqual([name, value]);
    expect(stats.savedRequests).toBeGreaterThan(0);
    const states = await collected.points('momento.breaker.state');
    expect(Object.fromEntries(states.map(({ attributes, value }) => [attributes['state'], value]))).toEqual({
      closed: 1,
      'half-open': 0,
      open: 0,
    });
    const [age] = await collected.points('momento.key.age');
    expect(age?.value).toBeLessThan(60);
  });

  it('are all that the table of metrics names, with their units', async () => {
    heard.count = 0;
    const collected = new Collected();
    // A key that says when it ends.
    const apiKey = servers.momento.issueApiKey({ expiresAt: new Date(Date.now() + 3_600_000) });
    servers.secrets.putSecret('Momento_Auth_Token', apiKey);
    const app = await startWith({
      imports: [MomentoModule.forRoot(options({ telemetry: collected.telemetry() }))],
      providers: [News],
    });
    await app.get(CacheService).get('key');
    await app.get(TopicService).publish('news', 1);
    await vi.waitFor(async () => expect(await collected.sum('messaging.process.duration')).toBe(1));
    const all = await collected.metrics();
    const table = [...Object.values(callMetrics), ...Object.values(observedMetrics)];
    const told = new Map(all.map(({ descriptor }) => [descriptor.name, descriptor.unit]));
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(table.map(({ name, unit }) => [name, unit])));
    expect(all.filter(({ dataPoints }) => dataPoints.length === 0)).toEqual([]);
  });

  it('of two connections are told apart', async () => {
    const collected = new Collected();
    const telemetry = collected.telemetry();
    const app = await start(
      MomentoModule.forRoot(options({ telemetry })),
      MomentoModule.forRoot({ name: 'second', ...options({ telemetry }) }),
    );
    await app.get(CacheService).get('key');
    expect(await collected.sum('momento.key.generation', { 'momento.connection': 'second' })).toBe(1);
    expect(await collected.sum('momento.key.generation')).toBe(2);
    expect(await collected.sum(lookups, { 'momento.connection': 'default' })).toBe(1);
  });

  it('of two apps of a process are each its own: with a provider or attributes of its own', async () => {
    const [one, other] = [new Collected(), new Collected()];
    const first = await start(MomentoModule.forRoot(options({ telemetry: one.telemetry() })));
    await start(MomentoModule.forRoot(options({ telemetry: other.telemetry({ attributes: { app: 'b' } }) })));
    await start(MomentoModule.forRoot(options({ telemetry: one.telemetry({ attributes: { app: 'c' } }) })));
    await first.get(CacheService).get('key');
    expect(await one.sum(lookups)).toBe(1);
    expect(await other.sum(lookups)).toBe(0);
    expect(other.spans).toEqual([]);
    expect(await one.sum('momento.key.generation')).toBe(2);
    expect(await one.sum('momento.key.generation', { app: 'c' })).toBe(1);
    expect(await other.sum('momento.key.generation', { app: 'b' })).toBe(1);
  });

  it('of an app that has closed are asked for no more, a failed boot included', async () => {
    const callbacks = new Set<unknown>();
    const instruments = { observe: () => undefined, add: () => undefined, record: () => undefined };
    const meter = {
      createHistogram: () => instruments,
      createCounter: () => instruments,
      createObservableCounter: () => instruments,
      createObservableGauge: () => instruments,
      addBatchObservableCallback: (callback: unknown) => callbacks.add(callback),
      removeBatchObservableCallback: (callback: unknown) => callbacks.delete(callback),
    };
    const meterProvider: MeterProvider = { getMeter: () => meter as unknown as Meter };
    const telemetry = openTelemetry({ meterProvider });
    const one = await start(MomentoModule.forRoot(options({ telemetry })));
    expect(callbacks.size).toBe(1);
    for (let round = 0; round < 3; round += 1)
      await (await start(MomentoModule.forRoot(options({ telemetry })))).close();
    expect(callbacks.size).toBe(1);
    await failureOf(() => start(MomentoModule.forRoot(options({ telemetry, cacheName: 'no-such-cache' }))));
    expect(callbacks.size).toBe(1);
    await one.close();
    expect(callbacks.size).toBe(0);
  });

  it('of 300 connections that were closed leave nothing in a meter', async () => {
    const collected = new Collected();
    const telemetry = collected.telemetry();
    const asked = vi.fn<() => { generation: number }>(() => ({ generation: 1 }));
    for (let round = 0; round < 300; round += 1) {
      const connection = telemetry.begin('default');
      connection.observe({ key: asked });
      connection.close();
      connection.observe({ key: asked });
    }
    await collected.metrics();
    expect(asked).not.toHaveBeenCalled();
    telemetry.begin('default').observe({ key: asked });
    const names = (await collected.metrics()).map(({ descriptor }) => descriptor.name);
    expect(names).toEqual([...new Set(names)]);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('of more caches than a hundred are added up', async () => {
    const collected = new Collected();
    const none = { nearHits: 0, hits: 0, stale: 0, joined: 0, loads: 0, loadFailures: 0, savedRequests: 0 };
    const near = { estimatedOperations: 0, nearItems: 0, nearBytes: 0, pendingEvictions: 0 };
    const caches = Array.from({ length: 150 }, (_, index) => ({
      cacheName: `tenant-${index}`,
      misses: 1,
      ...none,
      ...near,
    }));
    collected
      .telemetry()
      .begin('default')
      .observe({ caches: () => caches });
    expect(await collected.sum(lookups, { status: 'miss' })).toBe(150);
    expect(await collected.sum(lookups, { 'db.namespace': '_OTHER' })).toBeGreaterThan(45);
  });

  it('go to the global provider, asked when the app boots', async () => {
    const telemetry = openTelemetry();
    const collected = new Collected();
    globalMetrics.setGlobalMeterProvider(collected.meterProvider);
    try {
      const app = await start(MomentoModule.forRoot(options({ telemetry })));
      await app.get(CacheService).get('key');
      expect(await collected.sum(lookups)).toBe(1);
    } finally {
      globalMetrics.disable();
    }
  });
});

describe('an SDK of OpenTelemetry that throws', () => {
  it('fails no call, no message and no shutdown, and is said once', async () => {
    heard.count = 0;
    const fail = (): never => {
      throw new Error('out of order');
    };
    const instruments = { add: fail, record: fail };
    const meter = {
      createHistogram: () => instruments,
      createCounter: () => instruments,
      createObservableCounter: () => instruments,
      createObservableGauge: () => instruments,
      addBatchObservableCallback: () => undefined,
      removeBatchObservableCallback: fail,
    };
    const telemetry = openTelemetry({
      meterProvider: { getMeter: () => meter as unknown as Meter },
      tracerProvider: { getTracer: () => ({ startSpan: fail, startActiveSpan: fail }) },
      topicContext: true,
    });
    const app = await startWith({
      imports: [MomentoModule.forRoot(options({ telemetry }))],
      providers: [News],
    });
    logs.start();
    const cache = app.get(CacheService);
    await cache.set('key', 'value');
    expect(await cache.get('key')).toBe('value');
    await app.get(TopicService).publish('news', 1);
    await vi.waitFor(() => expect(heard.count).toBe(1));
    await app.close();
    expect(logs.lines).toEqual(['warn [MomentoTelemetry] OpenTelemetry failed: out of order']);
  });
});

describe('the options', () => {
  it.each<[unknown, string]>([
    [{ spans: 'yes' }, 'spans: must be true or false, not a string'],
    [{ meterProvider: {} }, 'meterProvider: must be a MeterProvider'],
    [{ keys: true }, 'keys: is not an option'],
  ])('%j are refused with advice', async (given, problem) => {
    const failure = await failureOf(() => openTelemetry(given as object));
    expect(failure).toBeInstanceOf(MomentoConfigurationError);
    expect(failure).toMatchObject({
      code: 'invalid-options',
      message: expect.stringContaining(problem) as string,
      advice: 'Correct them where openTelemetry is called.',
    });
  });

  it('of the module take what openTelemetry() gives', async () => {
    const failure = await failureOf(() => start(MomentoModule.forRoot(options({ telemetry: {} as never }))));
    expect(failure).toMatchObject({
      message: expect.stringContaining('telemetry: must be what openTelemetry() gives') as string,
    });
  });
});
