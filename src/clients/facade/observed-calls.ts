import type { ConnectionTelemetry } from '../../foundation/telemetry.js';
import type { ClientRunner } from './injected-clients.js';

type Method<Args extends readonly unknown[], T> = (...args: Args) => Promise<T>;

/** How the calls of injected clients are told of. */
export interface CallObservers {
  /** @param place what the call's own arguments leave out: the cache, and what in it */
  readonly observed: <Args extends readonly unknown[], T>(
    method: string,
    call: Method<Args, T>,
    place?: readonly unknown[],
  ) => Method<Args, T>;
  /** As `run`, with each request told of. */
  readonly run: ClientRunner['run'];
}

/** Decided once, where the clients are made: what is told to nobody is as it was, and pays nothing. */
export function observeCalls(
  run: ClientRunner['run'],
  telemetry: ConnectionTelemetry | undefined,
): CallObservers {
  if (telemetry === undefined) return { observed: (_method, call) => call, run };
  return {
    observed:
      (method, call, place) =>
      (...args) =>
        telemetry.call({ method, args: place ?? args }, () => call(...args)),
    run: (call, timeoutMs, usesKey) =>
      run((clients) => telemetry.request(() => call(clients)), timeoutMs, usesKey),
  };
}
