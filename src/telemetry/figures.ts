import type { Attributes, BatchObservableCallback, Meter, Observable } from '@opentelemetry/api';
import type { CacheFigures, TelemetrySources } from '../foundation/telemetry.js';
import { observableOf, observedMetrics, type ObservedMetric } from './metrics.js';
import type { Scope } from './scope.js';

const breakerStates = ['closed', 'half-open', 'open'] as const;
type Tell = (metric: ObservedMetric, value: number, attributes: Attributes) => void;

/** What is asked for its figures whenever metrics are collected. */
export class Figures {
  readonly #scope: Scope;
  readonly #meter: Meter;
  readonly #instruments: Readonly<Record<string, Observable>>;
  readonly #sources: TelemetrySources[] = [];
  #isClosed = false;

  constructor(scope: Scope) {
    const { meter } = scope.options;
    this.#scope = scope;
    this.#meter = meter;
    this.#instruments = Object.fromEntries(
      Object.entries(observedMetrics).map(([name, metric]) => [name, observableOf(meter, metric)]),
    );
  }

  observe(sources: TelemetrySources): void {
    if (this.#isClosed) return;
    this.#sources.push(sources);
    if (this.#sources.length > 1) return;
    this.#meter.addBatchObservableCallback(this.#collect, Object.values(this.#instruments));
  }

  /** The meter, which may outlive a thousand connections, keeps nothing of this one. */
  close(): void {
    this.#isClosed = true;
    this.#sources.length = 0;
    this.#meter.removeBatchObservableCallback(this.#collect, Object.values(this.#instruments));
  }

  /** Names beyond a bound share theirs, and two instances of a handler its own: what has the same attributes is added up. */
  readonly #collect: BatchObservableCallback = (result) => {
    const sums = new Map<
      string,
      { readonly instrument: Observable; attributes: Attributes; value: number }
    >();
    const tell: Tell = (metric, value, own) => {
      const instrument = this.#instruments[metric];
      if (instrument === undefined) return;
      const attributes = { ...this.#scope.attributes, ...own };
      const id = JSON.stringify([metric, attributes]);
      sums.set(id, { instrument, attributes, value: (sums.get(id)?.value ?? 0) + value });
    };
    for (const sources of this.#sources) this.#scope.guard(() => this.#ask(sources, tell));
    for (const { instrument, attributes, value } of sums.values())
      result.observe(instrument, value, attributes);
  };

  #ask({ caches, breaker, handlers, key }: TelemetrySources, tell: Tell): void {
    const { names } = this.#scope;
    for (const figures of caches?.() ?? [])
      tellCache(figures, (metric, value, more) =>
        tell(metric, value, { 'db.namespace': names.bounded(figures.cacheName), ...more }),
      );
    const state = breaker?.();
    for (const one of state === undefined ? [] : breakerStates)
      tell('breaker', one === state ? 1 : 0, { state: one });
    for (const { handler, topic, cacheName, dropped, waiting } of handlers?.() ?? []) {
      const attributes = {
        'momento.handler': names.bounded(handler),
        'messaging.destination.name': names.bounded(topic),
        'momento.cache.name': names.bounded(cacheName),
      };
      tell('handlerDropped', dropped, attributes);
      tell('handlerWaiting', waiting, attributes);
    }
    const { generation, ageSeconds, expiresAt } = key?.() ?? {};
    if (generation !== undefined) tell('keyGeneration', generation, {});
    if (ageSeconds !== undefined) tell('keyAge', ageSeconds, {});
    if (expiresAt !== undefined) tell('keyTimeLeft', (expiresAt.getTime() - Date.now()) / 1000, {});
  }
}

/** Each key that was asked for is one of these, or has joined another call. */
function tellCache(figures: CacheFigures, tell: Tell): void {
  tell('lookups', figures.nearHits, { status: 'hit', source: 'near' });
  tell('lookups', figures.hits, { status: 'hit', source: 'momento' });
  tell('lookups', figures.stale, { status: 'stale' });
  tell('lookups', figures.misses, { status: 'miss' });
  for (const name of counted) tell(name, figures[name], {});
}

const counted = [
  'joined',
  'loads',
  'loadFailures',
  'savedRequests',
  'estimatedOperations',
  'pendingEvictions',
  'nearItems',
  'nearBytes',
] as const satisfies readonly (keyof CacheFigures & ObservedMetric)[];
