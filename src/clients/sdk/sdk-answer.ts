import { CancelledError, MomentoErrorCode, SdkError, UnknownError } from '@gomomento/sdk';
import { describeError, textOf } from '../../foundation/text/describe-error.js';
import { MomentoError, type MomentoOperation } from '../../foundation/momento.errors.js';
import { withoutKeys } from '../../foundation/text/redacted-error.js';

/** How a call of the SDK ended: depending on the user's configuration its errors are returned or thrown. */
export type CallOutcome<T> = { readonly value: T } | { readonly thrown: unknown };

/** What every error response of the SDK has. */
export interface ErrorResponse {
  innerException(): SdkError;
}

/**
 * A call and what follows it, however it ended, for one promise: for what is asked too often to pay for more.
 *
 * @returns what `then` returns or throws
 */
export function following<T, R>(
  call: Promise<T>,
  then: (outcome: CallOutcome<T>) => R | Promise<R>,
): Promise<R> {
  return call.then(
    (value) => then({ value }),
    (thrown: unknown) => then({ thrown }),
  );
}

/** The call's own outcome again. */
export function finish<T>(outcome: CallOutcome<T>): T {
  if ('thrown' in outcome) throw outcome.thrown;
  return outcome.value;
}

/** Whether Momento does not know the key; the call was not carried out then. A missing permission is another matter. */
export function isKeyRejected(outcome: CallOutcome<unknown>): boolean {
  const error = 'thrown' in outcome ? outcome.thrown : errorOf(outcome.value);
  return error instanceof SdkError && error.errorCode() === MomentoErrorCode.AUTHENTICATION_ERROR;
}

export function isSuccess(outcome: CallOutcome<unknown>): boolean {
  return 'value' in outcome && errorOf(outcome.value) === undefined;
}

/**
 * What `read` takes from the SDK's answer when it is not an error, so that callers see one behaviour whether the user's
 * configuration returns errors or throws them. What is thrown is an `SdkError`, or the `MomentoError` of this library's own
 * stable clients, such as `MomentoClosedError`.
 */
export function sdkOutcome<R extends object, T>(
  outcome: CallOutcome<R>,
  read: (answer: Exclude<R, ErrorResponse>) => T,
): CallOutcome<T> {
  if ('thrown' in outcome) return { thrown: toSdkError(outcome.thrown) };
  const error = errorOf(outcome.value);
  return error === undefined
    ? { value: read(outcome.value as Exclude<R, ErrorResponse>) }
    : { thrown: error };
}

/** Makes a call. @throws what `sdkOutcome` says */
export function sdkAnswer<R extends object, T>(
  call: Promise<R>,
  read: (answer: Exclude<R, ErrorResponse>) => T,
): Promise<T> {
  return following(call, (outcome) => finish(sdkOutcome(outcome, read)));
}

/** Makes a call, with its failure as the library's error of that operation. */
export async function callMomento<R extends object>(
  operation: MomentoOperation,
  call: Promise<R>,
  ErrorClass: { fromSdk(operation: MomentoOperation, error: SdkError): MomentoError },
): Promise<Exclude<R, ErrorResponse>> {
  try {
    return await sdkAnswer(call, (answer) => answer);
  } catch (error) {
    throw error instanceof SdkError ? ErrorClass.fromSdk(operation, error) : error;
  }
}

function errorOf(value: unknown): SdkError | undefined {
  return typeof value === 'object' && value !== null && isErrorResponse(value)
    ? value.innerException()
    : undefined;
}

export function isErrorResponse(response: object): response is ErrorResponse {
  return typeof (response as Partial<ErrorResponse>).innerException === 'function';
}

/** What the SDK throws that is none of its errors; its stack and, as the cause, itself stay. */
function toSdkError(error: unknown): SdkError | MomentoError {
  if (error instanceof SdkError || error instanceof MomentoError) return error;
  // With `maxConcurrentRequests` the SDK rejects queued calls of a closed client with a bare string.
  if (typeof error === 'string') return new CancelledError(error);
  const wrapped = new UnknownError(describeError(error), undefined, undefined, textOf(error, 'stack'));
  wrapped.cause = withoutKeys(error);
  return wrapped;
}
