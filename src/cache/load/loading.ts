import type { CacheArguments } from '../options/cache-arguments.js';
import type { MomentoOperation } from '../../foundation/momento.errors.js';
import type { CachePolicy } from '../options/cache-policy.js';
import type { CacheLoader } from '../options/cache.options.js';
import { bytesOf, type Packed, packNotFound, packValue } from '../entry/pack.js';
import type { CacheStore } from '../remote/cache-store.js';
import type { Flight } from '../flights/flight.js';
import { runLoader } from '../loaders/run-loader.js';
import type { CacheWatch } from '../statistics/cache-watch.js';
import { ageSecondsOf, type Answer, type Content, notFound } from './answer.js';
import type { CacheContext } from './cache-context.js';
import { type Found, isNewer, type LookUp } from './look-up.js';
import { Slots } from './slots.js';
import type { Together } from './together.js';

/** One caller's wish. */
export interface ReadRequest {
  readonly operation: MomentoOperation;
  /** As the caller wrote it. */
  readonly key: string;
  readonly fullKey: string;
  /** As `itemId` names it. */
  readonly item: string;
  readonly loader: CacheLoader<unknown>;
  readonly policy: CachePolicy;
  /** Of the requests that want their loads to be one. */
  readonly together?: Together;
}

/** A loaded value, as it is handed out, and as it is stored when it is. */
interface Loaded {
  readonly content: Content;
  readonly packed: Packed | undefined;
}

/** Loads a value: takes a slot for it, runs the loader, and fills the slot. */
export class Loading {
  readonly #arguments: CacheArguments;
  readonly #context: CacheContext;
  readonly #lookUp: LookUp;
  readonly #watch: CacheWatch;
  readonly #slots: Slots;

  constructor(store: CacheStore, args: CacheArguments, context: CacheContext, lookUp: LookUp) {
    this.#arguments = args;
    this.#context = context;
    this.#lookUp = lookUp;
    this.#watch = context.watchOf(args);
    this.#slots = new Slots(store, context, this.#watch.counters);
  }

  /**
   * @param found what the cache had, and will not do
   * @throws what the loader throws, and what the functions of the options throw
   */
  async run(request: ReadRequest, found: Found, self: Flight<Answer>, isBehind: boolean): Promise<Answer> {
    const slot = await this.#slots.open(request, found, {
      read: (bytes) => this.#lookUp.read(request, bytes),
      isWanted: (now) => isNewer(now, found),
    });
    if ('found' in slot) {
      const { content, entry } = slot.found;
      return { source: 'cache', content, createdAtMs: entry?.createdAtMs };
    }
    let loaded: Loaded | undefined;
    let isShared = false;
    try {
      loaded = await this.#load(request, found, self, isBehind);
    } finally {
      // A change of the key in this process ends the wish to store; the slot is given back all the same.
      if (self.isOutdated && loaded?.packed !== undefined) this.#watch.counters.fenced += 1;
      const filling = slot.fill(self.isOutdated ? undefined : loaded?.packed);
      self.storing = filling.then(() => undefined);
      isShared = await filling;
    }
    return { source: 'loader', content: loaded.content, createdAtMs: Date.now(), isUnshared: !isShared };
  }

  async #load(request: ReadRequest, found: Found, self: Flight<Answer>, isBehind: boolean): Promise<Loaded> {
    const { loading, signal } = this.#context;
    const { operation, key, item, loader, policy } = request;
    const context = { key, signal, ...this.#previousOf(operation, found) };
    const limit = { name: key, timeoutSeconds: policy.loaderTimeoutSeconds };
    const startedAtMs = performance.now();
    const value = await this.#watch.load({ key, isBehind, isOfMany: request.together !== undefined }, () =>
      loading.run(item, self, isBehind, () => runLoader(loader, context, limit)),
    );
    return this.#prepare(request, value, performance.now() - startedAtMs);
  }

  #prepare({ operation, policy }: ReadRequest, value: unknown, loadMs: number): Loaded {
    if (value === undefined) {
      const { notFoundSeconds } = policy;
      return { content: notFound, packed: notFoundSeconds > 0 ? packNotFound(notFoundSeconds) : undefined };
    }
    const storeIf = policy.storeIf as ((value: unknown) => boolean) | undefined;
    const isToStore = storeIf === undefined || storeIf(value);
    const ttlSeconds = this.#arguments.ttlSeconds(operation, value, policy);
    try {
      const encoded = this.#arguments.encode(operation, value);
      const packed = isToStore ? packValue(encoded, { policy, ttlSeconds, loadMs }) : undefined;
      return { content: { kind: 'bytes', bytes: bytesOf(encoded) }, packed };
    } catch (error) {
      this.#context.degradations.warn('store', error);
      return { content: { kind: 'unencoded', value }, packed: undefined };
    }
  }

  #previousOf(operation: MomentoOperation, { content, entry, freshness }: Found) {
    if (freshness === 'expired' || content.kind !== 'bytes') return {};
    const value = this.#arguments.decode<unknown>(operation, content.bytes);
    return { previous: { value, ageSeconds: ageSecondsOf(entry?.createdAtMs ?? Date.now()) } };
  }
}
