import { type Attributes, context, type Histogram, SpanKind, type SpanOptions } from '@opentelemetry/api';
import type { CallOutcome } from '../clients/sdk/sdk-answer.js';
import type { SdkCall } from '../foundation/telemetry.js';
import { errorTypeOf } from './attributes.js';
import { callMetrics, histogramOf } from './metrics.js';
import type { Scope } from './scope.js';
import { sentryAnswer, sentryCall } from './sentry.js';

/** Calls to caches, as OpenTelemetry's conventions of databases have them. */
export class CallTelemetry {
  readonly #scope: Scope;
  readonly #durations: Histogram;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#durations = histogramOf(scope.options.meter, callMetrics.operationDuration);
  }

  /** The call itself is returned, so that its outcome is its own, and costs its caller no promise. */
  call<T>(call: SdkCall, work: () => Promise<T>): Promise<T> {
    const scope = this.#scope;
    const startedAtMs = performance.now();
    const begun = scope.begin(() => this.#spanOf(call));
    const running = begun === undefined ? work() : context.with(begun.context, work);
    const end = (outcome: CallOutcome<T>) => {
      const seconds = (performance.now() - startedAtMs) / 1000;
      const errorType = scope.guard(() => errorTypeOf(outcome));
      scope.guard(() => this.#durations.record(seconds, this.#attributesOf(call, errorType)));
      scope.end(begun?.span, errorType, () =>
        scope.options.cacheKeys && 'value' in outcome ? sentryAnswer(call, outcome.value) : {},
      );
    };
    void running.then(
      (value) => end({ value }),
      (thrown: unknown) => end({ thrown }),
    );
    return running;
  }

  #spanOf(call: SdkCall): SpanOptions & { readonly name: string } {
    const { names, attributes, options } = this.#scope;
    const { method, args } = call;
    const [place, items] = args;
    const cacheName = typeof place === 'string' ? names.full(place) : undefined;
    return {
      name: cacheName === undefined ? method : `${method} ${cacheName}`,
      kind: SpanKind.CLIENT,
      attributes: {
        ...attributes,
        ...basics(method),
        ...(cacheName !== undefined && { 'db.namespace': cacheName }),
        // By the convention, a batch of one is none.
        ...(Array.isArray(items) && items.length > 1 && { 'db.operation.batch.size': items.length }),
        ...(options.cacheKeys && sentryCall(call)),
      },
    };
  }

  #attributesOf({ method, args: [place] }: SdkCall, errorType: string | undefined): Attributes {
    const { names, attributes } = this.#scope;
    return {
      ...attributes,
      ...basics(method),
      ...(typeof place === 'string' && { 'db.namespace': names.bounded(place) }),
      ...(errorType !== undefined && { 'error.type': errorType }),
    };
  }
}

function basics(method: string): Attributes {
  return { 'db.system.name': 'momento', 'db.operation.name': method };
}
