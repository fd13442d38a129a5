import {
  CacheDictionaryFetchResponse,
  CacheDictionaryGetFieldResponse,
  CacheDictionaryGetFieldsResponse,
} from '@gomomento/sdk';
import type { HandleContext } from '../handle.js';
import { Collection, type CollectionWriteOptions } from './collection.js';

/**
 * Values by field, under one key and with one TTL. Fields are filled strings; values are stored by the cache's codec. Each
 * method is one request, and rejects with a `MomentoCacheError`.
 */
export class CacheDictionary<T> {
  readonly #collection: Collection;

  constructor(context: HandleContext, name: string) {
    this.#collection = new Collection(context, 'dictionary', name);
  }

  /** @returns the value; `undefined` when there is none */
  async get(field: string): Promise<T | undefined> {
    const call = this.#collection.call('get');
    call.filled('field', field);
    const answer = await call.request((client, cacheName, key) =>
      client.dictionaryGetField(cacheName, key, field),
    );
    return answer.type === CacheDictionaryGetFieldResponse.Hit
      ? call.decode<T>(answer.valueUint8Array())
      : undefined;
  }

  /** @returns the fields that are there, in the order in which they were asked for */
  async getMany(fields: readonly string[]): Promise<Map<string, T>> {
    const call = this.#collection.call('getMany');
    const asked = fields.map((field) => call.filled('field', field));
    if (asked.length === 0) return new Map();
    const answer = await call.request((client, cacheName, key) =>
      client.dictionaryGetFields(cacheName, key, asked),
    );
    return answer.type === CacheDictionaryGetFieldsResponse.Hit
      ? decoded(answer.valueMapStringUint8Array(), (bytes) => call.decode<T>(bytes))
      : new Map();
  }

  /** @returns all fields, in no particular order */
  async getAll(): Promise<Map<string, T>> {
    const call = this.#collection.call('getAll');
    const answer = await call.request((client, cacheName, key) => client.dictionaryFetch(cacheName, key));
    return answer.type === CacheDictionaryFetchResponse.Hit
      ? decoded(answer.valueMapStringUint8Array(), (bytes) => call.decode<T>(bytes))
      : new Map();
  }

  async set(field: string, value: T, options: CollectionWriteOptions = {}): Promise<void> {
    const call = this.#collection.call('set');
    call.filled('field', field);
    const encoded = call.encode(value);
    const ttl = call.ttl(options);
    await call.request((client, cacheName, key) =>
      client.dictionarySetField(cacheName, key, field, encoded, { ttl }),
    );
  }

  /** Sets all fields or none; the last entry of a field wins. */
  async setMany(
    entries: Iterable<readonly [string, T]>,
    options: CollectionWriteOptions = {},
  ): Promise<void> {
    const call = this.#collection.call('setMany');
    const ttl = call.ttl(options);
    const encoded = new Map(
      Array.from(entries, ([field, value]) => [call.filled('field', field), call.encode(value)] as const),
    );
    if (encoded.size === 0) return;
    await call.request((client, cacheName, key) =>
      client.dictionarySetFields(cacheName, key, encoded, { ttl }),
    );
  }

  async delete(fields: string | readonly string[]): Promise<void> {
    const call = this.#collection.call('delete');
    const named = [fields].flat().map((field) => call.filled('field', field));
    if (named.length === 0) return;
    await call.request((client, cacheName, key) => client.dictionaryRemoveFields(cacheName, key, named));
  }

  /**
   * Adds to a whole number; a missing field counts as 0.
   *
   * @param amount a whole number, negative to subtract
   * @returns the number afterwards
   * @throws MomentoCacheError `FAILED_PRECONDITION_ERROR` when what is stored is no whole number
   */
  async increment(field: string, amount = 1, options: CollectionWriteOptions = {}): Promise<number> {
    const call = this.#collection.call('increment');
    call.filled('field', field);
    call.wholeNumber('amount', amount);
    const ttl = call.ttl(options);
    const answer = await call.request((client, cacheName, key) =>
      client.dictionaryIncrement(cacheName, key, field, amount, { ttl }),
    );
    return answer.value();
  }

  async size(): Promise<number> {
    const call = this.#collection.call('size');
    const answer = await call.request((client, cacheName, key) => client.dictionaryLength(cacheName, key));
    return answer.value() ?? 0;
  }

  /** Deletes the dictionary. */
  clear(): Promise<void> {
    return this.#collection.clear();
  }
}

function decoded<T>(
  stored: ReadonlyMap<string, Uint8Array>,
  decode: (bytes: Uint8Array) => T,
): Map<string, T> {
  return new Map(Array.from(stored, ([field, bytes]) => [field, decode(bytes)]));
}
