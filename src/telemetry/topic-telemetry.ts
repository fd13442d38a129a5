import {
  type Attributes,
  type Context,
  context,
  type Counter,
  type Histogram,
  propagation,
  SpanKind,
  type SpanOptions,
} from '@opentelemetry/api';
import type {
  ArrivedMessage,
  ConnectionTelemetry,
  OpenedMessage,
  TopicPlace,
} from '../foundation/telemetry.js';
import { errorTypeOf, thrownTypeOf } from './attributes.js';
import { disclose, enclose } from './envelope.js';
import { callMetrics, counterOf, histogramOf } from './metrics.js';
import { nowhere, type Scope } from './scope.js';

type Sent = string | Uint8Array;

/** Messages, as OpenTelemetry's conventions of messaging have them. */
export class TopicTelemetry implements Omit<ConnectionTelemetry, 'call' | 'request' | 'observe' | 'close'> {
  readonly open: ((sent: Sent) => OpenedMessage) | undefined;
  readonly #scope: Scope;
  readonly #publishDurations: Histogram;
  readonly #processDurations: Histogram;
  readonly #sent: Counter;
  readonly #consumed: Counter;
  /** By message. */
  readonly #origins = new WeakMap<object, Context>();

  constructor(scope: Scope) {
    const { meter, topicContext } = scope.options;
    this.#scope = scope;
    this.#publishDurations = histogramOf(meter, callMetrics.publishDuration);
    this.#processDurations = histogramOf(meter, callMetrics.processDuration);
    this.#sent = counterOf(meter, callMetrics.sentMessages);
    this.#consumed = counterOf(meter, callMetrics.consumedMessages);
    this.open = topicContext ? (sent) => this.#open(sent) : undefined;
  }

  async publish<T>(
    place: TopicPlace,
    message: Sent,
    maxBytes: number,
    send: (message: Sent) => Promise<T>,
  ): Promise<T> {
    const startedAtMs = performance.now();
    const begun = this.#scope.begin(() => this.#spanOf('publish', place, SpanKind.PRODUCER));
    const inContext = begun?.context ?? context.active();
    const sent = this.#scope.options.topicContext ? this.#enclose(message, inContext, maxBytes) : message;
    let errorType: string | undefined;
    try {
      return await context.with(inContext, () => send(sent));
    } catch (thrown) {
      errorType = errorTypeOf({ thrown });
      throw thrown;
    } finally {
      const seconds = (performance.now() - startedAtMs) / 1000;
      this.#scope.guard(() => {
        const attributes = this.#attributesOf('publish', place, errorType);
        this.#sent.add(1, attributes);
        this.#publishDurations.record(seconds, attributes);
      });
      this.#scope.end(begun?.span, errorType);
    }
  }

  received(place: TopicPlace): void {
    this.#scope.guard(() => this.#consumed.add(1, this.#attributesOf('process', place, undefined)));
  }

  link(message: object, origin: object): void {
    this.#origins.set(message, origin as Context);
  }

  /** Belongs to the trace that the message comes from, and to none that went on where its subscription was made. */
  async process<T>(message: ArrivedMessage, work: () => T | Promise<T>): Promise<T> {
    const startedAtMs = performance.now();
    const origin = this.#origins.get(message);
    const begun = this.#scope.begin(() => this.#processSpanOf(message), origin ?? nowhere);
    let errorType: string | undefined;
    try {
      return await context.with(begun?.handlerContext ?? origin ?? context.active(), work);
    } catch (thrown) {
      errorType = thrownTypeOf(thrown);
      throw thrown;
    } finally {
      const seconds = (performance.now() - startedAtMs) / 1000;
      this.#scope.guard(() =>
        this.#processDurations.record(seconds, this.#attributesOf('process', message, errorType)),
      );
      this.#scope.end(begun?.span, errorType);
    }
  }

  #open(sent: Sent): OpenedMessage {
    const disclosed = disclose(sent);
    if (disclosed === undefined) return { value: sent, origin: undefined };
    const origin = this.#scope.guard(() => propagation.extract(nowhere, disclosed.carrier));
    return { value: disclosed.message, origin };
  }

  #enclose(message: Sent, from: Context, maxBytes: number): Sent {
    const carrier: Record<string, string> = {};
    this.#scope.guard(() => propagation.inject(from, carrier));
    return enclose(message, carrier, maxBytes);
  }

  #processSpanOf(message: ArrivedMessage): SpanOptions & { readonly name: string } {
    const span = this.#spanOf('process', message, SpanKind.CONSUMER);
    return { ...span, attributes: { ...span.attributes, 'messaging.message.id': message.cursor } };
  }

  #spanOf(operation: 'publish' | 'process', { topic, cacheName }: TopicPlace, kind: SpanKind) {
    const { names, attributes } = this.#scope;
    const [name, cache] = [names.full(topic), names.full(cacheName)];
    return {
      name: `${operation} ${name}`,
      kind,
      attributes: { ...attributes, ...basics(operation, name, cache) },
    };
  }

  #attributesOf(
    operation: 'publish' | 'process',
    { topic, cacheName }: TopicPlace,
    errorType: string | undefined,
  ): Attributes {
    const { names, attributes } = this.#scope;
    return {
      ...attributes,
      ...basics(operation, names.bounded(topic), names.bounded(cacheName)),
      ...(errorType !== undefined && { 'error.type': errorType }),
    };
  }
}

const typeOf = { publish: 'send', process: 'process' } as const;

function basics(operation: keyof typeof typeOf, topic: string, cacheName: string): Attributes {
  return {
    'messaging.system': 'momento',
    'messaging.operation.name': operation,
    'messaging.operation.type': typeOf[operation],
    'messaging.destination.name': topic,
    'momento.cache.name': cacheName,
  };
}
