import { AwsError } from '../aws-error.js';
import type { FaultOutcome } from './faults.js';
import { AWS_JSON, errorAnswer, textAnswer } from '../http/wire.js';
import type { Exchange, WireAnswer } from '../http/wire.js';

const answers: Record<FaultOutcome, (exchange: Exchange, accountId: string) => WireAnswer | undefined> = {
  throttle: () => errorAnswer(new AwsError('ThrottlingException', 'Rate exceeded')),
  serverError: internalError,
  accessDenied: (exchange, accountId) => errorAnswer(notAuthorized(exchange, accountId)),
  kmsDenied: () => errorAnswer(new AwsError('AccessDeniedException', 'Access to KMS is not allowed')),
  notReady: () => textAnswer(400, 'not ready to serve traffic, please wait'),
  garbage: () => ({ status: 200, contentType: AWS_JSON, body: '<html>garbage' }),
  reset: () => undefined,
  noAnswer: () => undefined,
};

/** What a request gets that meets the fault; `undefined` is no answer at all. */
export function faultAnswer(
  outcome: FaultOutcome,
  exchange: Exchange,
  accountId: string,
): WireAnswer | undefined {
  return answers[outcome](exchange, accountId);
}

export function internalError(): WireAnswer {
  return errorAnswer(new AwsError('InternalServiceError', 'An error occurred on the server side.', 500));
}

function notAuthorized({ operation, secretId }: Exchange, accountId: string): AwsError {
  const action = `secretsmanager:${operation === 'ExtensionGet' ? 'GetSecretValue' : operation}`;
  return new AwsError(
    'AccessDeniedException',
    `User: arn:aws:iam::${accountId}:user/local is not authorized to perform: ${action} on resource: ${secretId} ` +
      `because no identity-based policy allows the ${action} action`,
  );
}
