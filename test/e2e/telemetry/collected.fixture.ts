import { context, propagation } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  type DataPoint,
  type ExponentialHistogram,
  type Histogram,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { openTelemetry, type OpenTelemetryOptions } from 'nestjs-momento/telemetry';
import { afterAll, beforeAll } from 'vitest';

type Value = number | Histogram | ExponentialHistogram;

/** What is read when somebody asks. */
class AskedReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** An SDK of OpenTelemetry of its own, and what an app told it. */
export class Collected {
  readonly #reader = new AskedReader();
  readonly #exporter = new InMemorySpanExporter();
  readonly meterProvider = new MeterProvider({ readers: [this.#reader] });
  readonly tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(this.#exporter)],
  });

  telemetry(options: OpenTelemetryOptions = {}) {
    return openTelemetry({
      meterProvider: this.meterProvider,
      tracerProvider: this.tracerProvider,
      ...options,
    });
  }

  get spans(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  named(name: string): ReadableSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  async metrics() {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw new AggregateError(errors);
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  }

  async points(name: string): Promise<readonly DataPoint<Value>[]> {
    const metric = (await this.metrics()).find(({ descriptor }) => descriptor.name === name);
    return metric?.dataPoints ?? [];
  }

  /** The sum of those that have these attributes; of a histogram, how many there were. */
  async sum(name: string, attributes: Readonly<Record<string, unknown>> = {}): Promise<number> {
    const points = (await this.points(name)).filter((point) =>
      Object.entries(attributes).every(([key, value]) => point.attributes[key] === value),
    );
    return points.reduce((sum, { value }) => sum + (typeof value === 'number' ? value : value.count), 0);
  }

  everything = async () => JSON.stringify([await this.metrics(), this.spans.map(shown)]);
}

function shown({ name, attributes, events, status }: ReadableSpan) {
  return { name, attributes, events, status };
}

/** As an app's OpenTelemetry SDK sets it up; for the tests of a file. */
export function useContexts(): void {
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  });
  afterAll(() => {
    context.disable();
    propagation.disable();
  });
}
