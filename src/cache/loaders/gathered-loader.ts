import type { CacheBulkLoader, CacheLoaderContext } from '../options/cache.options.js';
import type { Flight } from '../flights/flight.js';

interface Waiting<K, T> {
  readonly key: K;
  readonly flight: Flight<unknown> | undefined;
  readonly resolve: (value: T | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes one call of a bulk loader out of the keys that are to be loaded in one tick. */
export class GatheredLoader<K extends string, T> {
  readonly #loadMissing: CacheBulkLoader<K, T>;
  readonly #flightOfCaller: () => Flight<unknown> | undefined;
  #waiting: Waiting<K, T>[] = [];

  /** @param flightOfCaller whose loader runs where this is called */
  constructor(loadMissing: CacheBulkLoader<K, T>, flightOfCaller: () => Flight<unknown> | undefined) {
    this.#loadMissing = loadMissing;
    this.#flightOfCaller = flightOfCaller;
  }

  /** @returns undefined when the bulk loader leaves the key out */
  load(key: K, { signal }: Pick<CacheLoaderContext, 'signal'>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, flight: this.#flightOfCaller(), resolve, reject });
      // After all microtasks of this tick: what one answer of the cache brings about comes together.
      if (this.#waiting.length === 1) queueMicrotask(() => process.nextTick(() => void this.#call(signal)));
    });
  }

  async #call(signal: AbortSignal): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    const [first, ...others] = waiting;
    // The loader runs in the context of the first: a key of its own that it asks for is found by way of it.
    for (const { flight } of others) if (first?.flight !== undefined) flight?.waitsFor.add(first.flight);
    try {
      const loaded = new Map(
        await this.#loadMissing(
          waiting.map(({ key }) => key),
          { signal },
        ),
      );
      for (const { key, resolve } of waiting) resolve(loaded.get(key));
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
