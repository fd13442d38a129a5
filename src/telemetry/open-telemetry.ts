import { type Attributes, type MeterProvider, metrics, trace, type TracerProvider } from '@opentelemetry/api';
import { checkOptions, expected, findProblems, hasMethods, type Rule } from '../foundation/options.rules.js';
import type { ConnectionTelemetry, MomentoTelemetry } from '../foundation/telemetry.js';
import { CallTelemetry } from './call-telemetry.js';
import { Figures } from './figures.js';
import { requestQuietly, Scope, type ScopeOptions } from './scope.js';
import { TopicTelemetry } from './topic-telemetry.js';

export interface OpenTelemetryOptions {
  /**
   * Spans of calls, of messages that are sent, and of handlers. The spans that an instrumentation of gRPC makes of the same requests
   * are left out then. @default true
   */
  readonly spans?: boolean | undefined;
  /**
   * Keys in spans, never in metrics: `cache.key`, `cache.hit` and `cache.item_size`, with the `sentry.op` by which Sentry knows a cache.
   * A key may hold what must not leave the process, such as an address. @default false
   */
  readonly cacheKeys?: boolean | undefined;
  /**
   * Sends messages in an envelope with the context of the trace, which handlers go on with. Whoever publishes to or hears the same topics
   * must have it as well: to others the envelope is part of the message. @default false
   */
  readonly topicContext?: boolean | undefined;
  /** Added to everything, such as what tells two apps of a process apart. @default none */
  readonly attributes?: Attributes | undefined;
  /** @default the global one, when the connection is made */
  readonly meterProvider?: MeterProvider | undefined;
  /** @default the global one, when the connection is made */
  readonly tracerProvider?: TracerProvider | undefined;
}

const trueOrFalse = expected('true or false', (value) => typeof value === 'boolean');
const rules: Readonly<Record<keyof OpenTelemetryOptions, Rule>> = {
  spans: trueOrFalse,
  cacheKeys: trueOrFalse,
  topicContext: trueOrFalse,
  attributes: expected('an object of attributes', (value) => typeof value === 'object' && value !== null),
  meterProvider: expected('a MeterProvider', hasMethods('getMeter')),
  tracerProvider: expected('a TracerProvider', hasMethods('getTracer')),
};

/** Of the instrumentation, as backends list it. */
const instrumentation = 'nestjs-momento';

/**
 * Metrics and spans of a connection, by `@opentelemetry/api` alone: what becomes of them is for the app's OpenTelemetry SDK to say, which
 * has to be started before the app.
 *
 * @throws MomentoConfigurationError `invalid-options`
 * @example
 * MomentoModule.forRoot({ cacheName: 'demo-cache', telemetry: openTelemetry() })
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): MomentoTelemetry {
  checkOptions(
    'The options of openTelemetry()',
    findProblems(options, rules),
    'Correct them where openTelemetry is called.',
  );
  const { spans = true, cacheKeys = false, topicContext = false, attributes = {} } = options;
  return {
    begin: (connectionName) => {
      const { meterProvider = metrics.getMeterProvider(), tracerProvider = trace.getTracerProvider() } =
        options;
      return connectionTelemetry({
        connectionName,
        meter: meterProvider.getMeter(instrumentation),
        tracer: spans ? tracerProvider.getTracer(instrumentation) : undefined,
        cacheKeys,
        topicContext,
        attributes,
      });
    },
  };
}

function connectionTelemetry(options: ScopeOptions): ConnectionTelemetry {
  const scope = new Scope(options);
  const calls = new CallTelemetry(scope);
  const topics = new TopicTelemetry(scope);
  const figures = new Figures(scope);
  return {
    call: (call, work) => calls.call(call, work),
    request: options.tracer === undefined ? (work) => work() : requestQuietly,
    publish: (...args) => topics.publish(...args),
    received: (place) => topics.received(place),
    open: topics.open,
    link: (message, origin) => topics.link(message, origin),
    process: (message, work) => topics.process(message, work),
    observe: (sources) => scope.guard(() => figures.observe(sources)),
    close: () => scope.guard(() => figures.close()),
  };
}
