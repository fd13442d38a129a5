import type { Counter, Histogram, Meter, MetricOptions, Observable } from '@opentelemetry/api';

export interface Metric {
  readonly name: string;
  readonly kind: 'histogram' | 'counter' | 'observed counter' | 'observed gauge';
  /** In UCUM. */
  readonly unit: string;
  readonly description: string;
  /** Bounds of a histogram's buckets, in its unit, as the convention advises. */
  readonly buckets?: number[];
}

/** Of OpenTelemetry's conventions of messaging. */
const messagingBuckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** By the conventions where there are some: OpenTelemetry's of databases are stable, those of messaging in development. */
export const callMetrics = {
  operationDuration: {
    name: 'db.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Duration of calls to Momento’s caches.',
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
  },
  publishDuration: {
    name: 'messaging.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Duration of publishing a message.',
    buckets: messagingBuckets,
  },
  sentMessages: {
    name: 'messaging.client.sent.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Messages that were sent, or could not be.',
  },
  consumedMessages: {
    name: 'messaging.client.consumed.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Messages that arrived, for however many listeners of the process.',
  },
  processDuration: {
    name: 'messaging.process.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Duration of handling a message.',
    buckets: messagingBuckets,
  },
} as const satisfies Readonly<Record<string, Metric>>;

/** What is read each time that metrics are collected, since there is no convention for it. */
export const observedMetrics = {
  lookups: {
    name: 'momento.cache.lookups',
    kind: 'observed counter',
    unit: '{key}',
    description: 'Keys that were asked for, by what came of it.',
  },
  joined: {
    name: 'momento.cache.joined',
    kind: 'observed counter',
    unit: '{key}',
    description: 'Keys that were asked for while another call of the process was after them.',
  },
  loads: {
    name: 'momento.cache.loads',
    kind: 'observed counter',
    unit: '{key}',
    description: 'Keys that a loader ran for.',
  },
  loadFailures: {
    name: 'momento.cache.load_failures',
    kind: 'observed counter',
    unit: '{key}',
    description: 'Keys whose loader failed, or took too long.',
  },
  savedRequests: {
    name: 'momento.cache.saved_requests',
    kind: 'observed counter',
    unit: '{request}',
    description: 'Requests that batching saved.',
  },
  estimatedOperations: {
    name: 'momento.cache.estimated_operations',
    kind: 'observed counter',
    unit: '{operation}',
    description: 'What Momento counts, by its documentation.',
  },
  pendingEvictions: {
    name: 'momento.cache.pending_evictions',
    kind: 'observed gauge',
    unit: '{key}',
    description: 'Keys that are still to be evicted.',
  },
  nearItems: {
    name: 'momento.cache.near.items',
    kind: 'observed gauge',
    unit: '{item}',
    description: 'Items that are kept in the process.',
  },
  nearBytes: {
    name: 'momento.cache.near.size',
    kind: 'observed gauge',
    unit: 'By',
    description: 'How much that is, about.',
  },
  breaker: {
    name: 'momento.breaker.state',
    kind: 'observed gauge',
    unit: '{state}',
    description: '1 for the state that the breaker is in, 0 for the others.',
  },
  handlerDropped: {
    name: 'momento.topic.handler.dropped',
    kind: 'observed counter',
    unit: '{message}',
    description: 'Messages that a handler had no room for.',
  },
  handlerWaiting: {
    name: 'momento.topic.handler.waiting',
    kind: 'observed gauge',
    unit: '{message}',
    description: 'Messages that wait for a handler.',
  },
  keyAge: {
    name: 'momento.key.age',
    kind: 'observed gauge',
    unit: 's',
    description: 'Time since the source confirmed the key in use.',
  },
  keyTimeLeft: {
    name: 'momento.key.time_left',
    kind: 'observed gauge',
    unit: 's',
    description: 'Time until the key in use ends, where it says so.',
  },
  keyGeneration: {
    name: 'momento.key.generation',
    kind: 'observed gauge',
    unit: '{key}',
    description: 'Keys that were in use so far.',
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type ObservedMetric = keyof typeof observedMetrics;

export function histogramOf(meter: Meter, metric: Metric): Histogram {
  const { buckets } = metric;
  return meter.createHistogram(metric.name, {
    ...optionsOf(metric),
    ...(buckets !== undefined && { advice: { explicitBucketBoundaries: buckets } }),
  });
}

export function counterOf(meter: Meter, metric: Metric): Counter {
  return meter.createCounter(metric.name, optionsOf(metric));
}

export function observableOf(meter: Meter, metric: Metric): Observable {
  return metric.kind === 'observed counter'
    ? meter.createObservableCounter(metric.name, optionsOf(metric))
    : meter.createObservableGauge(metric.name, optionsOf(metric));
}

function optionsOf({ unit, description }: Metric): MetricOptions {
  return { unit, description };
}
