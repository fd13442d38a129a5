import { SdkError } from '@gomomento/sdk';
import { jsonCodec, type MomentoCodec } from '../../foundation/momento.codecs.js';
import {
  MomentoCacheError,
  MomentoConfigurationError,
  type MomentoOperation,
} from '../../foundation/momento.errors.js';
import { applySchema, type StandardSchema } from '../../foundation/values/standard-schema.js';
import { describeError } from '../../foundation/text/describe-error.js';
import { invalidArgument, undecodable } from './cache-call.js';
import { type CachePolicy, defaultPolicy, overPolicy, policyProblem } from './cache-policy.js';
import type { CacheBinding, GetOrSetOptions, GuardedBinding, NearCacheOptions } from './cache.options.js';
import { areTags, tagsDescription } from './tags.js';
import { documentedLimitSeconds, isTtl, ttlDescription } from './ttl.js';

/** Checks and prepares what the calls of one cache are given: the SDK checks no types at run time. */
export class CacheArguments {
  readonly codec: MomentoCodec;
  readonly schema: StandardSchema | undefined;
  /** What values are read with, codec and schema: the same object for those that have the same. */
  readonly form: object;
  /** Of the handle, over the connection's. */
  readonly policy: CachePolicy;
  readonly isBatching: boolean;
  /** Undefined: none. */
  readonly nearCache: NearCacheOptions | undefined;
  readonly tagSeconds: number;
  readonly isGuarded: boolean;
  readonly #cacheName: string | undefined;
  readonly #binding: CacheBinding;
  readonly keyPrefix: string;

  /** @param defaults the connection's, for what the binding leaves out */
  constructor(cacheName: string | undefined, binding: GuardedBinding, defaults: CacheBinding = {}) {
    this.#cacheName = cacheName;
    this.#binding = binding;
    this.codec = binding.codec ?? defaults.codec ?? jsonCodec;
    this.schema = binding.schema ?? defaults.schema;
    this.form = this.schema === undefined ? this.codec : formOf(this.codec, this.schema);
    this.policy = overPolicy(binding, overPolicy(defaults, defaultPolicy));
    this.isBatching = binding.batching ?? defaults.batching ?? true;
    this.nearCache = (binding.nearCache ?? defaults.nearCache) || undefined;
    this.tagSeconds = binding.tagSeconds ?? defaults.tagSeconds ?? documentedLimitSeconds;
    this.isGuarded = binding.isGuarded ?? false;
    this.keyPrefix = binding.keyPrefix ?? defaults.keyPrefix ?? '';
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

  /** The same, with another codec and longer keys. */
  bindingWithin(keyPrefix: string, codec: MomentoCodec): CacheBinding {
    return { ...this.#binding, codec, keyPrefix: this.keyPrefix + keyPrefix };
  }

  operation(name: string, target?: string): MomentoOperation {
    const { cacheName } = this;
    return target === undefined ? { name, cacheName } : { name, cacheName, target };
  }

  /** Without the check, `undefined` would come back as an unknown error. */
  fullKey(operation: MomentoOperation, key: string): string {
    if (typeof key !== 'string' || key === '')
      throw invalidArgument(operation, 'the key is not a filled string');
    return this.keyPrefix + key;
  }

  /** What the call goes by. */
  policyOf(operation: MomentoOperation, options: GetOrSetOptions<never> | undefined): CachePolicy {
    if (options === undefined) return this.policy;
    const problem = policyProblem(options);
    if (problem !== undefined) throw invalidArgument(operation, problem);
    return overPolicy(options, this.policy);
  }

  /** How long this value is fresh, in seconds; undefined: the connection's default. */
  ttlSeconds(operation: MomentoOperation, value: unknown, { ttlSeconds }: CachePolicy): number | undefined {
    if (typeof ttlSeconds !== 'function') return ttlSeconds;
    const seconds = (ttlSeconds as (value: unknown) => unknown)(value);
    if (isTtl(seconds)) return Number(seconds);
    throw invalidArgument(operation, `ttlSeconds answered ${String(seconds)}, not ${ttlDescription}`);
  }

  /** Of this value. */
  tags(operation: MomentoOperation, value: unknown, { tags }: CachePolicy): readonly string[] {
    if (typeof tags !== 'function') return namedTags({ tags });
    const answered = (tags as (value: unknown) => unknown)(value);
    if (areTags(answered)) return answered;
    throw invalidArgument(operation, `tags answered something else than ${tagsDescription}`);
  }

  encode(operation: MomentoOperation, value: unknown): string | Uint8Array {
    try {
      return this.codec.encode(value);
    } catch (error) {
      const reason = describeError(error);
      throw invalidArgument(operation, `the value cannot be stored: ${reason}`);
    }
  }

  decode<T>(operation: MomentoOperation, bytes: Uint8Array): T {
    try {
      return this.codec.decode(bytes) as T;
    } catch {
      throw undecodable(operation);
    }
  }

  /**
   * What callers get for the codec's bytes: decoded, and as the schema gives it back. A promise only for a schema that needs time.
   *
   * @throws MomentoCacheError, SchemaMisfit, what the schema throws
   */
  valueIn(operation: MomentoOperation, bytes: Uint8Array): unknown {
    const value = this.decode<unknown>(operation, bytes);
    return this.schema === undefined ? value : applySchema(this.schema, value);
  }
}

/** Holds nothing but which objects belong together, and these no longer than they live. */
const forms = new WeakMap<MomentoCodec, WeakMap<StandardSchema, object>>();

function formOf(codec: MomentoCodec, schema: StandardSchema): object {
  const ofCodec = forms.get(codec) ?? new WeakMap<StandardSchema, object>();
  const form = ofCodec.get(schema) ?? { codec, schema };
  forms.set(codec, ofCodec.set(schema, form));
  return form;
}

const noTags: readonly string[] = Object.freeze([]);

/** The tags that are known before there is a value. */
export function namedTags({ tags }: Pick<CachePolicy, 'tags'>): readonly string[] {
  return typeof tags === 'object' ? tags : noTags;
}

/** What the store rejects with, as the error of the operation. */
export function toCacheError(operation: MomentoOperation, error: unknown): unknown {
  return error instanceof SdkError ? MomentoCacheError.fromSdk(operation, error) : error;
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
