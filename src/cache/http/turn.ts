import type { CacheLoaderContext } from '../options/cache.options.js';
import type { StoredAnswer, VariantList } from './answers/stored-answer.js';

/** Undefined: there is nothing that others could have. */
export type Stored = StoredAnswer | VariantList | undefined;

/** One request's turn to run the handler for all who wait: begun by the cache, and settled by what is sent. */
export class Turn {
  readonly #onBegin: () => void;
  #settle: (outcome: Stored | Promise<Stored>) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  #isBegun = false;
  #isSettled = false;
  #hasPrevious = false;

  /** @param onBegin the cache has nothing that will do, and this request is the one to run the handler */
  constructor(onBegin: () => void) {
    this.#onBegin = onBegin;
  }

  get isBegun(): boolean {
    return this.#isBegun;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Whether something older is stored. */
  get hasPrevious(): boolean {
    return this.#hasPrevious;
  }

  /** The loader of the cache. */
  async begin(context?: CacheLoaderContext): Promise<Stored> {
    // Each request has but one answer.
    if (this.#isBegun || this.#isSettled) return undefined;
    this.#isBegun = true;
    this.#hasPrevious = context?.previous !== undefined;
    const outcome = new Promise<Stored>((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
    this.#onBegin();
    return outcome;
  }

  settle(outcome: Stored | Promise<Stored>): void {
    this.#isSettled = true;
    this.#settle(outcome);
  }

  /** The request is over, and nothing was sent that could be taken: somebody else's turn. */
  abandon(): void {
    if (this.#isSettled) return;
    if (this.#isBegun) this.fail(new TurnLostError());
    else this.settle(undefined);
  }

  fail(error: unknown): void {
    this.#isSettled = true;
    this.#fail(error);
  }
}

/** Who ran the handler for all who wait has no answer that they could have. */
export class TurnLostError extends Error {
  constructor() {
    super('The request that ran the handler ended without an answer.');
  }
}
