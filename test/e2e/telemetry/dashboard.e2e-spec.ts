import { Injectable } from '@nestjs/common';
import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { CacheService, MomentoModule, OnTopic, TopicService } from 'nestjs-momento';
import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { callMetrics, observedMetrics } from '../../../src/telemetry/metrics.js';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { failureOf } from '../../support/keys.js';
import { Collected, useContexts } from './collected.fixture.js';

const servers = useEmbeddedServers();
const { options, startWith } = useApps(servers);
useContexts();

const docs = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

interface Dashboard {
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly query: unknown }[] };
}

@Injectable()
class News {
  @OnTopic('news')
  hear(value: unknown): void {
    if (value === 'bad') throw new TypeError('bad');
  }
}

/** An app in which each metric, and each of its attributes, is there. */
async function everything(): Promise<readonly MetricData[]> {
  const apiKey = servers.momento.issueApiKey({ expiresAt: new Date(Date.now() + 3_600_000) });
  servers.secrets.putSecret('Momento_Auth_Token', apiKey);
  const collected = new Collected();
  const app = await startWith({
    imports: [MomentoModule.forRoot(options({ telemetry: collected.telemetry() }))],
    providers: [News],
  });
  const topics = app.get(TopicService);
  await app.get(CacheService).get('key');
  await failureOf(() => app.get(CacheService).cache('no-such-cache').get('key'));
  await topics.publish('news', 'bad');
  await vi.waitFor(async () => expect(await collected.sum('messaging.process.duration')).toBe(1));
  return collected.metrics();
}

/** As OpenTelemetry's exporters of Prometheus write it. */
const inPrometheus = (name: string) => name.replaceAll(/[^a-zA-Z0-9]/g, '_');
const units: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes' };

function seriesOf(metric: MetricData): [string, Set<string>][] {
  const { descriptor } = metric;
  const name = inPrometheus(descriptor.name) + (units[descriptor.unit] ?? '');
  const labels = metric.dataPoints.flatMap(({ attributes }) => Object.keys(attributes).map(inPrometheus));
  if (metric.dataPointType === DataPointType.HISTOGRAM)
    return ['_bucket', '_sum', '_count'].map((end) => [
      name + end,
      new Set([...labels, ...(end === '_bucket' ? ['le'] : [])]),
    ]);
  const isCounter = metric.dataPointType === DataPointType.SUM && metric.isMonotonic;
  return [[isCounter ? `${name}_total` : name, new Set(labels)]];
}

/** The series that a query reads, with the labels it names of each. */
function readBy(expr: string): [string, string[]][] {
  const grouped = Array.from(expr.matchAll(/\bby \(([^)]*)\)/g), ([, list = '']) =>
    list.split(/,\s*/),
  ).flat();
  const selectors = expr
    .replaceAll(/\bby \([^)]*\)/g, '')
    .matchAll(/\b([a-z]+(?:_[a-z]+)+)\b(?:\{([^}]*)\})?/g);
  return Array.from(selectors, ([, name = '', filter = '']): [string, string[]] => [
    name,
    [...grouped, ...Array.from(filter.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g), ([, label = '']) => label)],
  ]).filter(([name]) => name !== 'histogram_quantile' && name !== 'label_values');
}

describe('docs/grafana-dashboard.json', () => {
  const dashboard = JSON.parse(docs('grafana-dashboard.json')) as Dashboard;
  const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

  it('reads series that there are, by labels that they have, and shows each metric', async () => {
    const metrics = await everything();
    const series = new Map(metrics.flatMap(seriesOf));
    expect(queries.length).toBeGreaterThan(20);
    const reads = queries.flatMap(readBy);
    expect(reads.map(([name]) => name).filter((name) => !series.has(name))).toEqual([]);
    const strange = reads.map(([name, labels]) => [
      name,
      labels.filter((one) => !series.get(name)?.has(one)),
    ]);
    expect(strange.filter(([, labels]) => labels?.length !== 0)).toEqual([]);

    const read = new Set(reads.map(([name]) => name));
    const unseen = metrics.filter((metric) => !seriesOf(metric).some(([name]) => read.has(name)));
    expect(unseen.map(({ descriptor }) => descriptor.name)).toEqual([]);
    for (const [, name = '', label = ''] of JSON.stringify(dashboard.templating).matchAll(
      /label_values\((\w+), (\w+)\)/g,
    ))
      expect(series.get(name)?.has(label)).toBe(true);
  });
});

describe('docs/telemetry.md', () => {
  it('has a row for each metric, with its unit', () => {
    const rows = Array.from(
      docs('telemetry.md').matchAll(/^\| `([a-z_.]+)`\s+\|[^|]*\| ([^|]*?)\s+\|/gm),
      ([, name, unit]) => [name, unit],
    );
    const table = [...Object.values(callMetrics), ...Object.values(observedMetrics)];
    expect(rows).toEqual(table.map(({ name, unit }) => [name, `\`${unit}\``]));
  });
});
