import { AwsError } from '../aws-error.js';
import { getSecretValue, operations } from './operations.js';
import type { OperationContext } from './operations.js';
import { RequestFields } from './request-fields.js';
import { signedRegion } from './signature-v4.js';
import { AWS_JSON, errorAnswer, jsonAnswer } from '../http/wire.js';
import type { Exchange, WireAnswer, WireRequest } from '../http/wire.js';

export type ContextOf = (region: string, operation: string) => OperationContext;

const TARGET_PREFIX = 'secretsmanager.';

/** Understands `POST /` of the AWS JSON 1.1 protocol. */
export function awsExchange(request: WireRequest, contextOf: ContextOf): Exchange {
  const target = String(request.headers['x-amz-target'] ?? '');
  const operation = target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : target;
  return {
    operation,
    region: quietly(() => signedRegion(request.headers)) ?? '',
    secretId: quietly(() => subjectOf(RequestFields.parse(request.body))) ?? '',
    versionStage: quietly(() => RequestFields.parse(request.body).string('VersionStage')),
    answer: () =>
      answering(() => {
        const run = target.startsWith(TARGET_PREFIX) ? operations.get(operation) : undefined;
        if (!run || !isAwsJson(request.headers['content-type'])) {
          throw new AwsError(
            'UnknownOperationException',
            'The requested operation is not known to this service.',
          );
        }
        const region = signedRegion(request.headers);
        return run(RequestFields.parse(request.body), contextOf(region, operation));
      }),
  };
}

/** A read from inside, as one over the wire would do it. */
export function readExchange(
  members: Readonly<Record<'SecretId' | 'VersionStage' | 'VersionId', string | undefined>>,
  region: string,
  contextOf: ContextOf,
): Exchange {
  const operation = 'GetSecretValue';
  const fields = RequestFields.parse(JSON.stringify(members));
  return {
    operation,
    region,
    secretId: members.SecretId ?? '',
    versionStage: members.VersionStage,
    answer: () => answering(() => getSecretValue(fields, contextOf(region, operation))),
  };
}

/** Turns what an operation returns, or the AWS error it throws, into an answer. */
export function answering(run: () => object): WireAnswer {
  try {
    return jsonAnswer(run());
  } catch (error) {
    if (error instanceof AwsError) return errorAnswer(error);
    throw error;
  }
}

const isAwsJson = (contentType = '') => contentType.split(';')[0]?.trim() === AWS_JSON;

const subjectOf = (fields: RequestFields) =>
  fields.string('SecretId') ?? fields.string('Name') ?? fields.strings('SecretIdList')?.join(',');

/** For the log: what is wrong with the request is said by its answer. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
