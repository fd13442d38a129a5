import type { MomentoCodec } from '../foundation/momento.codecs.js';
import { DegradationLog } from './degradation-log.js';
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
  /** Aborted when the app shuts down. */
  readonly signal: AbortSignal;
}

/** What all caches of a connection share. */
export interface CacheContext {
  /** Aborted when the connection closes. */
  readonly signal: AbortSignal;
  readonly flights: SingleFlight;
  readonly degradations: DegradationLog;
}

export interface CacheContextOptions {
  readonly signal?: AbortSignal;
  readonly connectionName?: string;
}

export function createCacheContext({
  signal = new AbortController().signal,
  connectionName,
}: CacheContextOptions = {}): CacheContext {
  return {
    signal,
    flights: new SingleFlight(),
    degradations: new DegradationLog(connectionName),
  };
}
