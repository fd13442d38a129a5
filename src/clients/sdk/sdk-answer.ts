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
 * configuration returns errors or throws them. One promise: each `get` comes this way.
 *
 * @throws SdkError what the SDK returned or threw
 * @throws MomentoError what this library's own stable clients throw, such as `MomentoClosedError`
 */
export function sdkAnswer<R extends object, T>(
  call: Promise<R>,
  read: (answer: Exclude<R, ErrorResponse>) => T,
): Promise<T> {
  return call.then(
    (response) => {
      const error = errorOf(response);
      if (error !== undefined) throw error;
      return read(response as Exclude<R, ErrorResponse>);
    },
    (thrown: unknown) => {
      throw toSdkError(thrown);
    },
  );
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
  return typeof Reflect.get(response, 'innerException') === 'function';
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
