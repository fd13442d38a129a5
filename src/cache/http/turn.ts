import type { CacheLoaderContext } from '../options/cache.options.js';

/** One request's turn to run the handler for all who wait: begun by the cache, and settled by what is sent. */
export class Turn {
  /** Resolves when the cache has nothing that will do, and this request is the one to run the handler. */
  readonly begun: Promise<'begun'>;
  readonly #outcome: Promise<Uint8Array | undefined>;
  #begin: (begun: 'begun') => void = () => undefined;
  #settle: (outcome: Uint8Array | undefined | Promise<Uint8Array | undefined>) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  #isBegun = false;
  #hasPrevious = false;
  #isSettled = false;

  constructor() {
    this.begun = new Promise((resolve) => (this.#begin = resolve));
    this.#outcome = new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
    // Whoever waits hears of it.
    this.#outcome.catch(() => undefined);
  }

  /** Whether something older is stored. */
  get hasPrevious(): boolean {
    return this.#hasPrevious;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** The loader of the cache. @returns undefined: there is nothing that others could have, or that could be stored */
  begin(context?: CacheLoaderContext): Promise<Uint8Array | undefined> {
    // Each request has but one answer.
    if (this.#isBegun || this.#isSettled) return Promise.resolve(undefined);
    this.#isBegun = true;
    this.#hasPrevious = context?.previous !== undefined;
    this.#begin('begun');
    return this.#outcome;
  }

  settle(outcome: Uint8Array | undefined | Promise<Uint8Array | undefined>): void {
    this.#isSettled = true;
    this.#settle(outcome);
  }

  fail(error: unknown): void {
    this.#isSettled = true;
    this.#fail(error);
  }
}
