import { CacheSetFetchResponse } from '@gomomento/sdk';
import type { HandleContext } from '../handle.js';
import { Collection, type CollectionCall, type CollectionWriteOptions } from './collection.js';

/**
 * Different strings, stored as they are, under one key and with one TTL. Each method is one request, and rejects with a
 * `MomentoCacheError`.
 */
export class CacheSet<T extends string = string> {
  readonly #collection: Collection;

  constructor(context: HandleContext, name: string) {
    this.#collection = new Collection(context, 'set', name);
  }

  async add(values: T | readonly T[], options: CollectionWriteOptions = {}): Promise<void> {
    const call = this.#collection.call('add');
    const elements = textsOf(call, values);
    const ttl = call.ttl(options);
    if (elements.length === 0) return;
    await call.request((client, cacheName, key) => client.setAddElements(cacheName, key, elements, { ttl }));
  }

  async has(value: T): Promise<boolean> {
    const call = this.#collection.call('has');
    call.text('value', value);
    const answer = await call.request((client, cacheName, key) =>
      client.setContainsElement(cacheName, key, value),
    );
    return answer.containsElement() ?? false;
  }

  async remove(values: T | readonly T[]): Promise<void> {
    const call = this.#collection.call('remove');
    const elements = textsOf(call, values);
    if (elements.length === 0) return;
    await call.request((client, cacheName, key) => client.setRemoveElements(cacheName, key, elements));
  }

  /** @returns all values, in no particular order */
  async values(): Promise<Set<T>> {
    const call = this.#collection.call('values');
    const answer = await call.request((client, cacheName, key) => client.setFetch(cacheName, key));
    return answer.type === CacheSetFetchResponse.Hit ? (answer.valueSetString() as Set<T>) : new Set();
  }

  async size(): Promise<number> {
    const call = this.#collection.call('size');
    const answer = await call.request((client, cacheName, key) => client.setLength(cacheName, key));
    return answer.length() ?? 0;
  }

  /** Deletes the set. */
  clear(): Promise<void> {
    return this.#collection.clear();
  }
}

function textsOf(call: CollectionCall, values: string | readonly string[]): string[] {
  return [values].flat().map((value) => call.text('value', value));
}
