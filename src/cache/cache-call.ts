import { MomentoErrorCode } from '@gomomento/sdk';
import { callMomento, type ErrorResponse } from '../clients/sdk/sdk-answer.js';
import { MomentoCacheError, type MomentoOperation } from '../foundation/momento.errors.js';

/** Items in one batch call: the service answers them as one stream, for the price of one request each way. */
const batchSize = 100;

/** Makes a call, with its failure as a `MomentoCacheError`. */
export function cacheCall<R extends object>(operation: MomentoOperation, call: Promise<R>) {
  return callMomento(operation, call, MomentoCacheError);
}

/**
 * Makes one call a hundred items, all at once. The injected client gives each the time of any other call; the SDK's own, as
 * in a unit test, gives a batch no time limit.
 *
 * @returns a result an item, in the order of the items
 */
export async function batchCalls<Item, Result>(
  operation: MomentoOperation,
  items: readonly Item[],
  call: (batch: Item[]) => Promise<{ results(): Result[] } | ErrorResponse>,
): Promise<Result[]> {
  const batches = Array.from({ length: Math.ceil(items.length / batchSize) }, (_, index) =>
    items.slice(index * batchSize, (index + 1) * batchSize),
  );
  const answers = batches.map(async (batch) => {
    const answer = await cacheCall(operation, call(batch));
    const results = answer.results();
    // Results have no key: a missing one would give every later key the value of another.
    if (results.length !== batch.length) throw incomplete(operation, results.length, batch.length);
    return results;
  });
  return (await Promise.all(answers)).flat();
}

export function invalidArgument(operation: MomentoOperation, reason: string): MomentoCacheError {
  return new MomentoCacheError(operation, MomentoErrorCode.INVALID_ARGUMENT_ERROR, reason);
}

/** What is stored is not what the codec reads. The codec's error is not chained: parsers quote the value. */
export function undecodable(operation: MomentoOperation): MomentoCacheError {
  return new MomentoCacheError(
    operation,
    MomentoErrorCode.FAILED_PRECONDITION_ERROR,
    'the stored bytes are not what the cache’s codec reads',
  );
}

function incomplete(operation: MomentoOperation, answered: number, asked: number): MomentoCacheError {
  return new MomentoCacheError(
    operation,
    MomentoErrorCode.INTERNAL_SERVER_ERROR,
    `the answer holds ${answered} of ${asked} items`,
  );
}
