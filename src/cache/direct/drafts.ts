import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { SchemaMisfit } from '../../foundation/values/standard-schema.js';
import { bytesOf, packValue } from '../entry/pack.js';
import type { CacheArguments } from '../options/cache-arguments.js';
import { invalidArgument } from '../options/cache-call.js';
import type { CacheSetOptions } from '../options/cache.options.js';
import type { StoreItem } from '../remote/cache-store.js';
import { type Marker, markerKeysOf, marksOf } from '../tags/marker.js';

/** What is to be written, but for the markers of its tags. */
export interface Draft {
  readonly key: string;
  readonly markerKeys: readonly string[];
  readonly item: (markers: ReadonlyMap<string, Marker>) => StoreItem;
}

/** Values that a caller wants to be stored: checked, written by the codec, and ready but for the markers of their tags. */
export class Drafts {
  readonly #arguments: CacheArguments;

  constructor(args: CacheArguments) {
    this.#arguments = args;
  }

  /**
   * A promise only with a schema that needs time.
   *
   * @throws MomentoCacheError when the value cannot be stored, or does not fit the schema
   */
  of<T>(
    operation: MomentoOperation,
    key: string,
    value: T,
    options: CacheSetOptions<T> | undefined,
  ): Draft | Promise<Draft> {
    const fullKey = this.#arguments.fullKey(operation, key);
    const policy = this.#arguments.policyOf(operation, options);
    const encoded = this.#arguments.encode(operation, value);
    const draft = (read: unknown): Draft => {
      const ttlSeconds = this.#arguments.ttlSeconds(operation, read, policy);
      const markerKeys = markerKeysOf(this.#arguments.tags(operation, read, policy));
      const item = (markers: ReadonlyMap<string, Marker>) => {
        const tags = marksOf(markerKeys, markers);
        const packed = packValue(encoded, { policy, ttlSeconds, loadMs: 0, tags });
        return { key: fullKey, value: packed.value, ttlSeconds: packed.ttlSeconds };
      };
      return { key: fullKey, markerKeys, item };
    };
    if (this.#arguments.schema === undefined) return draft(value);
    const refuse = (error: unknown): never => {
      if (error instanceof SchemaMisfit)
        throw invalidArgument(operation, `the value cannot be stored: ${error.message}`);
      throw error;
    };
    try {
      const read = this.#arguments.valueIn(operation, bytesOf(encoded));
      return read instanceof Promise ? read.then(draft, refuse) : draft(read);
    } catch (error) {
      return refuse(error);
    }
  }

  /** @throws MomentoCacheError as `of` does */
  ofMany<T>(
    operation: MomentoOperation,
    entries: ReadonlyMap<string, T>,
    options: CacheSetOptions<T> | undefined,
  ): (Draft | Promise<Draft>)[] {
    const made: (Draft | Promise<Draft>)[] = [];
    try {
      for (const [key, value] of entries) made.push(this.of(operation, key, value, options));
    } catch (error) {
      // Nobody waits any more for those that the schema looks at.
      void Promise.allSettled(made.map(async (draft) => draft));
      throw error;
    }
    return made;
  }
}

export function isReady(draft: Draft | Promise<Draft>): draft is Draft {
  return !(draft instanceof Promise);
}
