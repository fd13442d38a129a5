import { Breaker, type BreakerOptions, isOutage } from '../cache/remote/breaker/breaker.js';
import { withinTime } from '../foundation/time/pause.js';

export type Outcome<T> = { readonly value: T } | { readonly thrown: unknown };

/** Asks Momento as long as it is worth it: each call for a bounded time, and none while it does not answer. */
export class Patience {
  readonly #timeoutMs: number;
  readonly #breaker: Breaker;

  constructor(timeoutMs: number, options?: BreakerOptions) {
    this.#timeoutMs = timeoutMs;
    this.#breaker = new Breaker(options);
  }

  /** Never rejects. */
  async ask<T>(call: () => Promise<T>): Promise<Outcome<T>> {
    if (!this.#breaker.allows()) return { thrown: new Error('Momento has not answered lately') };
    const { epoch } = this.#breaker;
    const asked: Promise<Outcome<T>> = call().then(
      (value) => ({ value }),
      (thrown: unknown) => ({ thrown }),
    );
    const outcome = await withinTime(asked, this.#timeoutMs);
    if (outcome === undefined || ('thrown' in outcome && isOutage(outcome.thrown)))
      this.#breaker.failed(epoch);
    else this.#breaker.succeeded();
    return outcome ?? { thrown: new Error(`Momento has not answered within ${this.#timeoutMs / 1000} s`) };
  }
}
