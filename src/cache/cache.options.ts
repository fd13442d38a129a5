import type { MomentoCodec } from '../foundation/momento.codecs.js';
import { DegradationLog } from './degradation-log.js';
import { InFlight } from '../foundation/time/in-flight.js';
import { SingleFlight } from './single-flight.js';

/** What a cache is bound to. */
export interface CacheBinding {
  /** Put before every key, so that several uses share a cache. @default '' */
  readonly keyPrefix?: string | undefined;
  /** How long items live, in seconds, more than 0; fractions are rounded up. @default the connection's `defaultTtlSeconds` */
  readonly ttlSeconds?: number | undefined;
  /** How values are stored. @default jsonCodec */
  readonly codec?: MomentoCodec | undefined;
}

export interface CacheSetOptions {
  /** How long the item lives, in seconds, more than 0; fractions are rounded up. @default the cache's TTL */
  readonly ttlSeconds?: number | undefined;
}

export interface GetOrSetOptions extends CacheSetOptions {}

/** Loads a value that is not cached. Stored unless it is `undefined`; `null` is a value. */
export type CacheLoader<T> = (context: CacheLoaderContext) => T | Promise<T>;

export interface CacheLoaderContext {
  readonly key: string;
  /** Aborted when the app has shut down without this load having ended in time. */
  readonly signal: AbortSignal;
}

/** What all caches of a connection share. */
export interface CacheContext {
  /** Aborted when the connection closes. */
  readonly signal: AbortSignal;
  /** Counts the loads under way, which the connection is not closed under. */
  readonly inFlight: InFlight;
  readonly flights: SingleFlight;
  readonly degradations: DegradationLog;
}

export interface CacheContextOptions {
  readonly signal?: AbortSignal;
  readonly inFlight?: InFlight;
  readonly connectionName?: string;
}

export function createCacheContext({
  signal = new AbortController().signal,
  inFlight = new InFlight(),
  connectionName,
}: CacheContextOptions = {}): CacheContext {
  return {
    signal,
    inFlight,
    flights: new SingleFlight(),
    degradations: new DegradationLog(connectionName),
  };
}
