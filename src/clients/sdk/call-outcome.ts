import { MomentoErrorCode, SdkError } from '@gomomento/sdk';
import { isErrorResponse } from './sdk-answer.js';

/** How a call of the SDK ended: depending on the user's configuration its errors are returned or thrown. */
export type CallOutcome<T> = { readonly value: T } | { readonly thrown: unknown };

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

function errorOf(value: unknown): SdkError | undefined {
  return typeof value === 'object' && value !== null && isErrorResponse(value)
    ? value.innerException()
    : undefined;
}
