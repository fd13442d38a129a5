import { CacheSetIfAbsentOrEqualResponse, CacheSetIfEqualResponse } from '@gomomento/sdk';
import { Handle, type HandleCall, type HandleContext } from '../handle.js';

/** What stands in place of a token for a second after its release: whoever comes may take the lock. Tokens are UUIDs. */
const released = 'released';
/** The longest that Momento keeps an item, by its documentation. */
export const daySeconds = 86_400;
/** Milliseconds of the year 2001. A counter below it did not begin with the time. */
const earliestNumber = 1e12;
/** A clock that stands in 1970 must not make it go on for ever. */
const maxAttempts = 3;

/**
 * A lock as it stands in Momento: an item that holds the token of who holds the lock, and a counter of fencing numbers.
 *
 * Everything goes by the token's value and not by its hash: when the answer to a request is lost, its hash is not known, but
 * the token is.
 */
export class LockRecord {
  readonly handle: Handle;

  constructor(context: HandleContext, name: string) {
    this.handle = new Handle(context, 'lock', name);
  }

  /** @returns whether nobody else holds it */
  async take(token: string, leaseSeconds: number): Promise<boolean> {
    const answer = await this.#call.send((client, cacheName) =>
      client.setIfAbsentOrEqual(cacheName, this.#key('lock'), token, released, { ttl: leaseSeconds }),
    );
    return answer.type === CacheSetIfAbsentOrEqualResponse.Stored;
  }

  /** Begins the lease anew. @returns whether the token still stood there */
  keep(token: string, leaseSeconds: number, abortSignal: AbortSignal): Promise<boolean> {
    return this.#replace('lock', { token, by: token, ttlSeconds: leaseSeconds, abortSignal });
  }

  /** Momento has no delete on a condition, and a plain one could meet the lock of somebody else. */
  async release(token: string, abortSignal: AbortSignal): Promise<void> {
    await this.#replace('lock', { token, by: released, ttlSeconds: 1, abortSignal });
  }

  /**
   * A number above each one given before. The counter lives for a day after its last use; a new one begins with the time in
   * milliseconds, which an older one has not reached unless the lock was taken a thousand times a second.
   */
  async nextNumber(): Promise<number> {
    const key = this.#key('lock-number');
    for (let attempt = 1; ; attempt += 1) {
      const counted = await this.#call.send((client, cacheName) =>
        client.increment(cacheName, key, 1, { ttl: daySeconds }),
      );
      const number = counted.value();
      if (number > earliestNumber || attempt === maxAttempts) return number;
      // Only in place of what was counted, and never by less: a holder that comes late or has a wrong clock takes nothing back.
      const [token, by] = [String(number), String(Math.max(number, Date.now()))];
      await this.#replace('lock-number', { token, by, ttlSeconds: daySeconds });
    }
  }

  get #call(): HandleCall {
    return this.handle.call('withLock');
  }

  #key(item: 'lock' | 'lock-number'): string {
    const { context, name } = this.handle;
    return `${context.keyPrefix}${item}:${name}`;
  }

  async #replace(
    item: 'lock' | 'lock-number',
    { token, by, ttlSeconds, abortSignal }: Replacement,
  ): Promise<boolean> {
    const options = { ttl: ttlSeconds, ...(abortSignal !== undefined && { abortSignal }) };
    const answer = await this.#call.send((client, cacheName) =>
      client.setIfEqual(cacheName, this.#key(item), by, token, options),
    );
    return answer.type === CacheSetIfEqualResponse.Stored;
  }
}

interface Replacement {
  readonly token: string;
  readonly by: string;
  readonly ttlSeconds: number;
  readonly abortSignal?: AbortSignal;
}
