import type { CallOutcome } from '../../clients/sdk/sdk-answer.js';
import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { toCacheError } from '../options/cache-arguments.js';

/** A failure of the store, as the error of the operation. */
export function naming<R>(operation: MomentoOperation, work: Promise<R>): Promise<R> {
  return work.catch((error: unknown) => {
    throw toCacheError(operation, error);
  });
}

/** @throws MomentoCacheError the first failure */
export function valuesOf<T>(operation: MomentoOperation, outcomes: readonly CallOutcome<T>[]): T[] {
  return outcomes.map((outcome) => {
    if ('thrown' in outcome) throw toCacheError(operation, outcome.thrown);
    return outcome.value;
  });
}
