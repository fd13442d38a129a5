import type { CacheGet } from '@gomomento/sdk';
import { describeError } from '../foundation/text/describe-error.js';
import { jsonCodec, type MomentoCodec } from '../foundation/momento.codecs.js';
import { MomentoConfigurationError, type MomentoOperation } from '../foundation/momento.errors.js';
import type { CacheBinding, CacheSetOptions } from './cache.options.js';
import { invalidArgument, undecodable } from './cache-call.js';
import { isTtl, ttlDescription, wholeSeconds } from './ttl.js';

/** Checks and prepares what the calls of one cache are given: the SDK checks no types at run time. */
export class CacheArguments {
  readonly codec: MomentoCodec;
  readonly #cacheName: string | undefined;
  readonly #keyPrefix: string;
  readonly #ttlSeconds: number | undefined;

  constructor(cacheName: string | undefined, { codec, keyPrefix, ttlSeconds }: CacheBinding) {
    this.#cacheName = cacheName;
    this.codec = codec ?? jsonCodec;
    this.#keyPrefix = keyPrefix ?? '';
    this.#ttlSeconds = ttlSeconds;
  }

  /** @throws MomentoConfigurationError `cache-name-missing` when the connection was set up without one */
  get cacheName(): string {
    if (this.#cacheName !== undefined) return this.#cacheName;
    throw new MomentoConfigurationError(
      'cache-name-missing',
      'CacheService does not know which cache to use.',
      "Set the option cacheName of MomentoModule, or name one with cacheService.cache('…').",
    );
  }

  operation(name: string, target?: string): MomentoOperation {
    const { cacheName } = this;
    return target === undefined ? { name, cacheName } : { name, cacheName, target };
  }

  /** Without the check, `undefined` would come back as an unknown error. */
  fullKey(operation: MomentoOperation, key: string): string {
    if (typeof key !== 'string' || key === '')
      throw invalidArgument(operation, 'the key is not a filled string');
    return this.#keyPrefix + key;
  }

  /** The SDK takes a TTL of 0 for none, and would send the default. */
  ttl(operation: MomentoOperation, options: CacheSetOptions): { ttl?: number } {
    const ttlSeconds = options.ttlSeconds ?? this.#ttlSeconds;
    if (ttlSeconds === undefined) return {};
    if (!isTtl(ttlSeconds))
      throw invalidArgument(operation, `ttlSeconds is ${ttlSeconds}, not ${ttlDescription}`);
    return { ttl: wholeSeconds(ttlSeconds) };
  }

  encode(operation: MomentoOperation, value: unknown): string | Uint8Array {
    try {
      return this.codec.encode(value);
    } catch (error) {
      const reason = describeError(error);
      throw invalidArgument(operation, `the value cannot be stored: ${reason}`);
    }
  }

  decode<T>(operation: MomentoOperation, hit: CacheGet.Hit): T {
    try {
      return this.codec.decode(hit.valueUint8Array()) as T;
    } catch {
      throw undecodable(operation);
    }
  }
}

/** @throws MomentoConfigurationError `cache-name-missing` */
export function checkCacheName(cacheName: string): void {
  if (typeof cacheName === 'string' && cacheName.trim() !== '') return;
  throw new MomentoConfigurationError(
    'cache-name-missing',
    'cacheService.cache() was called without the name of a cache.',
    'Give it a filled string; where it comes from a configuration, check that it is set.',
  );
}
