import { CacheSortedSetFetchResponse, SortedSetOrder } from '@gomomento/sdk';
import type { HandleContext } from '../handle.js';
import {
  Collection,
  type CollectionCall,
  type CollectionRange,
  type CollectionWriteOptions,
} from './collection.js';

/** `ascending`: the lowest score first. Values of one score are in the order of their bytes, or the reverse. */
export type ScoreOrder = 'ascending' | 'descending';

export interface ScoredValue {
  readonly value: string;
  readonly score: number;
}

export interface ByRankOptions extends CollectionRange {
  /** @default 'ascending' */
  readonly order?: ScoreOrder | undefined;
}

export interface ByScoreOptions {
  /** The lowest score, included. @default no bound */
  readonly min?: number | undefined;
  /** The highest score, included. @default no bound */
  readonly max?: number | undefined;
  /** @default 'ascending' */
  readonly order?: ScoreOrder | undefined;
  /** How many to leave out at the front, 0 or more. @default 0 */
  readonly offset?: number | undefined;
  /** How many at most, 1 or more. @default all */
  readonly count?: number | undefined;
}

/**
 * Different strings, stored as they are, in the order of their scores, under one key and with one TTL. Each method is one
 * request, and rejects with a `MomentoCacheError`.
 */
export class CacheSortedSet {
  readonly #collection: Collection;

  constructor(context: HandleContext, name: string) {
    this.#collection = new Collection(context, 'sortedSet', name);
  }

  /** Adds the value, or gives it another score. */
  async add(value: string, score: number, options: CollectionWriteOptions = {}): Promise<void> {
    const call = this.#collection.call('add');
    call.text('value', value);
    number(call, 'score', score);
    const ttl = call.ttl(options);
    await call.request((client, cacheName, key) =>
      client.sortedSetPutElement(cacheName, key, value, score, { ttl }),
    );
  }

  /** The same for many; the last entry of a value wins. */
  async addMany(
    entries: Iterable<readonly [string, number]>,
    options: CollectionWriteOptions = {},
  ): Promise<void> {
    const call = this.#collection.call('addMany');
    const ttl = call.ttl(options);
    const scores = new Map(
      Array.from(
        entries,
        ([value, score]) => [call.text('value', value), number(call, 'score', score)] as const,
      ),
    );
    if (scores.size === 0) return;
    await call.request((client, cacheName, key) =>
      client.sortedSetPutElements(cacheName, key, scores, { ttl }),
    );
  }

  /** @returns `undefined` when the value is not in it */
  async score(value: string): Promise<number | undefined> {
    const call = this.#collection.call('score');
    call.text('value', value);
    const answer = await call.request((client, cacheName, key) =>
      client.sortedSetGetScore(cacheName, key, value),
    );
    return answer.score();
  }

  /** @returns the value's place in this order, from 0; `undefined` when the value is not in it */
  async rank(value: string, order: ScoreOrder = 'ascending'): Promise<number | undefined> {
    const call = this.#collection.call('rank');
    call.text('value', value);
    const sdkOrder = orderOf(call, order);
    const answer = await call.request((client, cacheName, key) =>
      client.sortedSetGetRank(cacheName, key, value, { order: sdkOrder }),
    );
    return answer.rank();
  }

  /** Those at these places in this order. */
  async byRank(options: ByRankOptions = {}): Promise<ScoredValue[]> {
    const call = this.#collection.call('byRank');
    const order = orderOf(call, options.order);
    const range = call.range(options);
    if (range === undefined) return [];
    const answer = await call.request((client, cacheName, key) =>
      client.sortedSetFetchByRank(cacheName, key, {
        order,
        startRank: range.start,
        ...(range.end !== undefined && { endRank: range.end }),
      }),
    );
    return answer.type === CacheSortedSetFetchResponse.Hit ? answer.valueArrayStringElements() : [];
  }

  /** Those with scores within these bounds. */
  async byScore(options: ByScoreOptions = {}): Promise<ScoredValue[]> {
    const call = this.#collection.call('byScore');
    const { min, max, offset, count } = options;
    const bounds = {
      order: orderOf(call, options.order),
      ...(min !== undefined && { minScore: number(call, 'min', min) }),
      ...(max !== undefined && { maxScore: number(call, 'max', max) }),
      ...(offset !== undefined && { offset: call.wholeNumber('offset', offset, 0) }),
      ...(count !== undefined && { count: call.wholeNumber('count', count, 1) }),
    };
    const answer = await call.request((client, cacheName, key) =>
      client.sortedSetFetchByScore(cacheName, key, bounds),
    );
    return answer.type === CacheSortedSetFetchResponse.Hit ? answer.valueArrayStringElements() : [];
  }

  /**
   * Adds to the score; a missing value has 0.
   *
   * @param amount negative to subtract; not 0
   * @returns the score afterwards
   */
  async increment(value: string, amount = 1, options: CollectionWriteOptions = {}): Promise<number> {
    const call = this.#collection.call('increment');
    call.text('value', value);
    if (number(call, 'amount', amount) === 0)
      throw call.invalid('the amount is 0, which the SDK takes for 1');
    const ttl = call.ttl(options);
    const answer = await call.request((client, cacheName, key) =>
      client.sortedSetIncrementScore(cacheName, key, value, amount, { ttl }),
    );
    return answer.score();
  }

  async remove(values: string | readonly string[]): Promise<void> {
    const call = this.#collection.call('remove');
    const elements = [values].flat().map((value) => call.text('value', value));
    if (elements.length === 0) return;
    await call.request((client, cacheName, key) => client.sortedSetRemoveElements(cacheName, key, elements));
  }

  async size(): Promise<number> {
    const call = this.#collection.call('size');
    const answer = await call.request((client, cacheName, key) => client.sortedSetLength(cacheName, key));
    return answer.length() ?? 0;
  }

  /** Deletes the sorted set. */
  clear(): Promise<void> {
    return this.#collection.clear();
  }
}

function number(call: CollectionCall, what: string, value: number): number {
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  throw call.invalid(`${what} is not a number`);
}

const orders: Readonly<Record<ScoreOrder, SortedSetOrder>> = {
  ascending: SortedSetOrder.Ascending,
  descending: SortedSetOrder.Descending,
};

function orderOf(call: CollectionCall, order: ScoreOrder = 'ascending'): SortedSetOrder {
  if (Object.hasOwn(orders, order)) return orders[order];
  throw call.invalid('the order is neither ascending nor descending');
}
