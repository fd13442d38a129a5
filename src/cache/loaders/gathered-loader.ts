import { EndOfTick } from '../../foundation/time/end-of-tick.js';
import type { CacheBulkLoader, CacheLoaderContext } from '../options/cache.options.js';
import type { Flight } from '../flights/flight.js';
import type { CacheWatch } from '../statistics/cache-watch.js';

interface Waiting<K, T> {
  readonly key: K;
  readonly signal: AbortSignal;
  readonly flight: Flight<unknown> | undefined;
  readonly resolve: (value: T | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes one call of a bulk loader out of the keys that are to be loaded in one tick. */
export class GatheredLoader<K extends string, T> {
  readonly #loadMissing: CacheBulkLoader<K, T>;
  readonly #flightOfCaller: () => Flight<unknown> | undefined;
  readonly #watch: Pick<CacheWatch, 'logLoad'>;
  readonly #endOfTick = new EndOfTick(() => void this.#call());
  #waiting: Waiting<K, T>[] = [];

  /** @param flightOfCaller whose loader runs where this is called */
  constructor(
    loadMissing: CacheBulkLoader<K, T>,
    flightOfCaller: () => Flight<unknown> | undefined,
    watch: Pick<CacheWatch, 'logLoad'>,
  ) {
    this.#watch = watch;
    this.#loadMissing = loadMissing;
    this.#flightOfCaller = flightOfCaller;
  }

  /** @returns undefined when the bulk loader leaves the key out */
  load(key: K, { signal }: Pick<CacheLoaderContext, 'signal'>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, signal, flight: this.#flightOfCaller(), resolve, reject });
      this.#endOfTick.ask();
    });
  }

  async #call(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    const [first, ...others] = waiting;
    if (first === undefined) return;
    // The loader runs in the context of the first: a key of its own that it asks for is found by way of it.
    for (const { flight } of others) if (first.flight !== undefined) flight?.waitsFor.add(first.flight);
    const keys = waiting.map(({ key }) => key);
    const startedAtMs = performance.now();
    try {
      const loaded = new Map(await this.#loadMissing([...keys], { signal: first.signal }));
      this.#watch.logLoad(keys, performance.now() - startedAtMs);
      for (const { key, resolve } of waiting) resolve(loaded.get(key));
    } catch (error) {
      this.#watch.logLoad(keys, performance.now() - startedAtMs, { error });
      for (const { reject } of waiting) reject(error);
    }
  }
}
