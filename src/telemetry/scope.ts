import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  type Meter,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { connectionLogger } from '../foundation/connection-logger.js';
import { LogThrottle } from '../foundation/log-throttle.js';
import { describeError } from '../foundation/text/describe-error.js';
import { BoundedNames } from './attributes.js';

/**
 * By which `@opentelemetry/core` knows that nothing is to be traced: `suppressTracing` of its src/trace/suppress-tracing.ts, which the API
 * alone does not have. The key is the same in each copy, since `createContextKey` is `Symbol.for`.
 */
const suppressed = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
/** In the context of work that has a span of ours. */
const ours = createContextKey('nestjs-momento: has a span of its own');

/** Makes a request of the SDK; not seen by an instrumentation of gRPC where it has a span of ours. */
export function requestQuietly<T>(work: () => Promise<T>): Promise<T> {
  const active = context.active();
  return active.getValue(ours) === undefined ? work() : context.with(active.setValue(suppressed, true), work);
}

export interface ScopeOptions {
  readonly connectionName: string;
  readonly meter: Meter;
  /** Undefined: there are no spans. */
  readonly tracer: Tracer | undefined;
  /** Keys in spans. */
  readonly cacheKeys: boolean;
  /** Messages in envelopes. */
  readonly topicContext: boolean;
  /** Of everything. */
  readonly attributes: Attributes;
}

interface Begun {
  readonly span: Span;
  /** For work of the library's own. */
  readonly context: Context;
  /** For what an app does: its requests are its own. */
  readonly handlerContext: Context;
}

/** What is told of a connection is told here. */
export class Scope {
  readonly names = new BoundedNames();
  /** Of everything that is told. */
  readonly attributes: Attributes;
  readonly options: ScopeOptions;
  readonly #throttle = new LogThrottle();

  constructor(options: ScopeOptions) {
    this.options = options;
    this.attributes = {
      ...options.attributes,
      'momento.connection': this.names.bounded(options.connectionName),
    };
  }

  /** Does what is of telemetry alone: an SDK of OpenTelemetry, or a part of it, that throws must not fail the app's own work. */
  guard<T>(tell: () => T): T | undefined {
    try {
      return tell();
    } catch (error) {
      this.#throttle.say('telemetry', `OpenTelemetry failed: ${describeError(error)}`, (line) =>
        connectionLogger('MomentoTelemetry', this.options.connectionName).warn(line),
      );
      return undefined;
    }
  }

  /** @param parent what it belongs to @default what goes on here */
  begin(
    describe: () => SpanOptions & { readonly name: string },
    parent: Context = context.active(),
  ): Begun | undefined {
    const { tracer } = this.options;
    if (tracer === undefined) return undefined;
    return this.guard(() => {
      const { name, ...options } = describe();
      const span = tracer.startSpan(name, options, parent);
      const handlerContext = trace.setSpan(parent, span);
      return { span, handlerContext, context: handlerContext.setValue(ours, true) };
    });
  }

  /**
   * @param errorType undefined: it went well. There is no message beside it, which might hold anything.
   * @param more what is known by now
   */
  end(span: Span | undefined, errorType: string | undefined, more: () => Attributes = () => ({})): void {
    if (span === undefined) return;
    this.guard(() => {
      span.setAttributes(more());
      if (errorType !== undefined)
        span.setAttribute('error.type', errorType).setStatus({ code: SpanStatusCode.ERROR });
    });
    this.guard(() => span.end());
  }
}

/** Where nothing goes on. */
export const nowhere = ROOT_CONTEXT;
