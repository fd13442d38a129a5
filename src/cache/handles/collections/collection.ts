import { type CacheClient, CollectionTtl } from '@gomomento/sdk';
import type { ErrorResponse } from '../../../clients/sdk/sdk-answer.js';
import { describeError } from '../../../foundation/text/describe-error.js';
import { undecodable } from '../../options/cache-call.js';
import { isTtl, ttlDescription, wholeSeconds } from '../../options/ttl.js';
import { Handle, HandleCall, type HandleContext } from '../handle.js';

export interface CollectionWriteOptions {
  /**
   * How long the collection as a whole lives, in seconds, more than 0; fractions are rounded up. Its elements have no time of
   * their own. @default the cache's TTL
   */
  readonly ttlSeconds?: number | undefined;
  /**
   * Whether that time begins anew with this write. When false, a collection that is there keeps the time that it has left, and
   * only a new one gets the TTL. @default true
   */
  readonly refreshTtl?: boolean | undefined;
}

/** Which part, as `Array.prototype.slice` takes it: negative numbers count from the end. */
export interface CollectionRange {
  /** The first place, a whole number. @default 0 */
  readonly start?: number | undefined;
  /** The place after the last, a whole number. @default to the end */
  readonly end?: number | undefined;
}

/** A collection under a name. One that does not exist is empty, and one without elements does not exist. */
export class Collection {
  readonly #handle: Handle;

  constructor(context: HandleContext, kind: string, name: string) {
    this.#handle = new Handle(context, kind, name);
  }

  call(method: string): CollectionCall {
    const { operation } = this.#handle.call(method);
    return new CollectionCall(this.#handle, operation);
  }

  async clear(): Promise<void> {
    await this.call('clear').request((client, cacheName, key) => client.delete(cacheName, key));
  }
}

export class CollectionCall extends HandleCall {
  readonly #handle: Handle;

  constructor(handle: Handle, operation: HandleCall['operation']) {
    super(handle.context, operation);
    this.#handle = handle;
  }

  request<R extends object>(
    make: (client: CacheClient, cacheName: string, key: string) => Promise<R>,
  ): Promise<Exclude<R, ErrorResponse>> {
    return this.send((client, cacheName) => make(client, cacheName, this.#handle.key));
  }

  encode(value: unknown): string | Uint8Array {
    try {
      return this.#handle.context.codec.encode(value);
    } catch (error) {
      throw this.invalid(`the value cannot be stored: ${describeError(error)}`);
    }
  }

  decode<T>(bytes: Uint8Array): T {
    try {
      return this.#handle.context.codec.decode(bytes) as T;
    } catch {
      throw undecodable(this.operation);
    }
  }

  ttl({ ttlSeconds = this.#handle.context.ttlSeconds, refreshTtl = true }: CollectionWriteOptions) {
    if (ttlSeconds !== undefined && !isTtl(ttlSeconds))
      throw this.invalid(`ttlSeconds is ${String(ttlSeconds)}, not ${ttlDescription}`);
    return new CollectionTtl(ttlSeconds === undefined ? null : wholeSeconds(ttlSeconds), refreshTtl);
  }

  /** @returns undefined when nothing can lie between: the SDK takes an end of 0 for none, and refuses some others */
  range({ start = 0, end }: CollectionRange): { start: number; end?: number } | undefined {
    this.wholeNumber('start', start);
    if (end === undefined) return { start };
    this.wholeNumber('end', end);
    const isEmpty = end === 0 || (start < 0 === end < 0 && start >= end);
    return isEmpty ? undefined : { start, end };
  }
}
