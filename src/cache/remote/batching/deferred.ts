import type { CallOutcome } from '../../../clients/sdk/sdk-answer.js';

/** A promise that is settled from outside. Settling it again does nothing. */
export class Deferred<T> {
  resolve: (value: T | PromiseLike<T>) => void = unset;
  reject: (reason: unknown) => void = unset;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  /** @param outcome undefined, against the port's contract, rejects as well: nobody waits for ever */
  settle(outcome: CallOutcome<T> | undefined): void {
    if (outcome !== undefined && 'value' in outcome) this.resolve(outcome.value);
    else this.reject(outcome?.thrown);
  }
}

function unset(): void {}

/** Ends as the call does, also when it throws at once. */
export async function settleBy<T>(deferred: Deferred<T>, call: () => Promise<T>): Promise<void> {
  try {
    deferred.resolve(await call());
  } catch (thrown) {
    deferred.reject(thrown);
  }
}

/** How each of the promises ends, in their order. Never rejects. */
export async function outcomesOf<T>(promises: readonly Promise<T>[]): Promise<CallOutcome<T>[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((one) => (one.status === 'fulfilled' ? { value: one.value } : { thrown: one.reason }));
}
