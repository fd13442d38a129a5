import { CacheListFetchResponse, CacheListPopBackResponse, CacheListPopFrontResponse } from '@gomomento/sdk';
import type { HandleContext } from '../handle.js';
import { Collection, type CollectionCall, type CollectionWriteOptions } from './collection.js';

export interface ListWriteOptions extends CollectionWriteOptions {
  /**
   * How many values the list has afterwards at most, 1 or more: those at the other end go first. @default as many as there are
   */
  readonly maxLength?: number | undefined;
}

/**
 * Values in order, under one key and with one TTL, stored by the cache's codec; named as the methods of an array. Each method
 * is one request, and rejects with a `MomentoCacheError`.
 */
export class CacheList<T> {
  readonly #collection: Collection;

  constructor(context: HandleContext, name: string) {
    this.#collection = new Collection(context, 'list', name);
  }

  /** Adds at the end. @returns the length afterwards */
  async push(value: T, options: ListWriteOptions = {}): Promise<number> {
    const call = this.#collection.call('push');
    const encoded = call.encode(value);
    const maxLength = checkedLength(call, options);
    const ttl = call.ttl(options);
    const answer = await call.request((client, cacheName, key) =>
      client.listPushBack(cacheName, key, encoded, {
        ttl,
        ...(maxLength !== undefined && { truncateFrontToSize: maxLength }),
      }),
    );
    return answer.listLength();
  }

  /** Adds at the front. @returns the length afterwards */
  async unshift(value: T, options: ListWriteOptions = {}): Promise<number> {
    const call = this.#collection.call('unshift');
    const encoded = call.encode(value);
    const maxLength = checkedLength(call, options);
    const ttl = call.ttl(options);
    const answer = await call.request((client, cacheName, key) =>
      client.listPushFront(cacheName, key, encoded, {
        ttl,
        ...(maxLength !== undefined && { truncateBackToSize: maxLength }),
      }),
    );
    return answer.listLength();
  }

  /** Takes the last value out. @returns it; `undefined` when the list is empty */
  async pop(): Promise<T | undefined> {
    const call = this.#collection.call('pop');
    const answer = await call.request((client, cacheName, key) => client.listPopBack(cacheName, key));
    return answer.type === CacheListPopBackResponse.Hit
      ? call.decode<T>(answer.valueUint8Array())
      : undefined;
  }

  /** Takes the first value out. @returns it; `undefined` when the list is empty */
  async shift(): Promise<T | undefined> {
    const call = this.#collection.call('shift');
    const answer = await call.request((client, cacheName, key) => client.listPopFront(cacheName, key));
    return answer.type === CacheListPopFrontResponse.Hit
      ? call.decode<T>(answer.valueUint8Array())
      : undefined;
  }

  /**
   * The values from `start` up to, and without, `end`, as `Array.prototype.slice` takes them: negative numbers count from the
   * end.
   */
  async range(start = 0, end?: number): Promise<T[]> {
    const call = this.#collection.call('range');
    const range = call.range({ start, end });
    if (range === undefined) return [];
    const answer = await call.request((client, cacheName, key) =>
      client.listFetch(cacheName, key, {
        startIndex: range.start,
        ...(range.end !== undefined && { endIndex: range.end }),
      }),
    );
    return answer.type === CacheListFetchResponse.Hit
      ? answer.valueListUint8Array().map((bytes) => call.decode<T>(bytes))
      : [];
  }

  async length(): Promise<number> {
    const call = this.#collection.call('length');
    const answer = await call.request((client, cacheName, key) => client.listLength(cacheName, key));
    return answer.value() ?? 0;
  }

  /** Removes every value whose stored bytes are the same; for JSON that is the same order of fields as well. */
  async removeValue(value: T): Promise<void> {
    const call = this.#collection.call('removeValue');
    const encoded = call.encode(value);
    await call.request((client, cacheName, key) => client.listRemoveValue(cacheName, key, encoded));
  }

  /** Deletes the list. */
  clear(): Promise<void> {
    return this.#collection.clear();
  }
}

function checkedLength(call: CollectionCall, { maxLength }: ListWriteOptions): number | undefined {
  return maxLength === undefined ? undefined : call.wholeNumber('maxLength', maxLength, 1);
}
