import type { MomentoOperation } from '../../foundation/momento.errors.js';
import type { Packed } from '../entry/pack.js';
import type { CachePolicy } from '../options/cache-policy.js';
import { toCacheError } from '../options/cache-arguments.js';
import type { CacheStore } from '../remote/cache-store.js';
import type { CacheCounters } from '../statistics/cache-stats.js';
import type { CacheContext } from './cache-context.js';
import { type HandleView, type Lease, Leases } from './leases.js';
import type { Found } from './look-up.js';

/** Where the value of a load goes. Nothing of it rejects: caching degrades. */
export interface Slot {
  /** @param packed what to store; undefined: nothing. @returns whether those who joined the load may have its value */
  fill(packed: Packed | undefined): Promise<boolean>;
}

/** A slot, or what somebody else has loaded meanwhile. */
export type SlotOrFound = Slot | { readonly found: Found };

export interface SlotRequest {
  readonly operation: MomentoOperation;
  readonly fullKey: string;
  /** As `itemId` names it. */
  readonly item: string;
  readonly policy: CachePolicy;
}

/** Nothing is stored: the cache failed, and would be waited for again. */
const closedSlot: Slot = { fill: async () => true };
/** Nothing is stored, and who joined asks again: somebody else is loading, and may know of a change that this load missed. */
const unsharedSlot: Slot = { fill: async () => false };

/** Longer than any lease that a loader without a limit has. */
const longestLeaseSeconds = 10;

/** Gives loads the place that their value goes to: one of this process, or one of the whole fleet. */
export class Slots {
  readonly #store: CacheStore;
  readonly #leases: Leases;
  readonly #context: CacheContext;
  readonly #counters: CacheCounters;

  constructor(store: CacheStore, context: CacheContext, counters: CacheCounters) {
    this.#counters = counters;
    this.#store = store;
    this.#leases = new Leases(store);
    this.#context = context;
  }

  async open(request: SlotRequest, found: Found, handle: HandleView): Promise<SlotOrFound> {
    if (!found.answered) return closedSlot;
    if (request.policy.singleFlight === 'process') return this.#plain(request);
    const { fullKey, operation, policy } = request;
    try {
      const claim = await this.#leases.claim(fullKey, {
        isAbsent: found.isAbsent,
        leaseSeconds: Math.min(
          Math.ceil(policy.loaderTimeoutSeconds ?? longestLeaseSeconds),
          longestLeaseSeconds,
        ),
        waitSeconds: policy.leaseWaitSeconds,
        signal: this.#context.signal,
        ...handle,
      });
      if (claim.kind === 'lease') return this.#leased(request, claim.lease);
      return claim.kind === 'found' ? { found: claim.found } : unsharedSlot;
    } catch (error) {
      this.#context.degradations.warn('read', toCacheError(operation, error));
      return closedSlot;
    }
  }

  #plain({ operation, fullKey: key, item }: SlotRequest): Slot {
    return {
      fill: async (packed) => {
        // Where nothing is asked any more, nothing is waited for.
        if (packed === undefined || this.#context.breaker.state === 'open') return true;
        try {
          const { value, ttlSeconds } = packed;
          await this.#store.set({ key, value, ttlSeconds });
          this.#counters.stored += 1;
          this.#context.evictions.cancel(item);
        } catch (error) {
          this.#context.degradations.warn('store', toCacheError(operation, error));
        }
        return true;
      },
    };
  }

  #leased({ operation, item }: SlotRequest, lease: Lease): Slot {
    return {
      fill: async (packed) => {
        try {
          const isOurs = await (packed === undefined
            ? this.#leases.release(lease)
            : this.#leases.commit(lease, packed));
          if (packed !== undefined) this.#counters[isOurs ? 'stored' : 'fenced'] += 1;
          if (isOurs && packed !== undefined) this.#context.evictions.cancel(item);
          return isOurs;
        } catch (error) {
          this.#context.degradations.warn('store', toCacheError(operation, error));
          return false;
        }
      },
    };
  }
}
