import { CancelledError, SdkError, UnknownError } from '@gomomento/sdk';
import { MomentoError, type MomentoOperation } from '../../foundation/momento.errors.js';

/** What every error response of the SDK has. */
export interface ErrorResponse {
  innerException(): SdkError;
}

/**
 * The SDK's answer when it is not an error, so that callers see one behaviour whether the user's configuration returns
 * errors or throws them.
 *
 * @throws SdkError what the SDK returned or threw
 * @throws MomentoError what this library's own stable clients throw, such as `MomentoClosedError`
 */
export async function sdkAnswer<R extends object>(call: Promise<R>): Promise<Exclude<R, ErrorResponse>> {
  let response: R;
  try {
    response = await call;
  } catch (error) {
    throw toSdkError(error);
  }
  if (isErrorResponse(response)) throw response.innerException();
  return response as Exclude<R, ErrorResponse>;
}

/** Makes a call, with its failure as the library's error of that operation. */
export async function callMomento<R extends object>(
  operation: MomentoOperation,
  call: Promise<R>,
  ErrorClass: { fromSdk(operation: MomentoOperation, error: SdkError): MomentoError },
): Promise<Exclude<R, ErrorResponse>> {
  try {
    return await sdkAnswer(call);
  } catch (error) {
    throw error instanceof SdkError ? ErrorClass.fromSdk(operation, error) : error;
  }
}

/** With `maxConcurrentRequests` the SDK rejects queued calls of a closed client with a bare string. */
function toSdkError(error: unknown): SdkError | MomentoError {
  if (error instanceof SdkError || error instanceof MomentoError) return error;
  if (typeof error === 'string') return new CancelledError(error);
  return new UnknownError(error instanceof Error ? error.message : String(error));
}

export function isErrorResponse(response: object): response is ErrorResponse {
  return 'innerException' in response && typeof response.innerException === 'function';
}
