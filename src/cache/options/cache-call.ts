import { MomentoErrorCode } from '@gomomento/sdk';
import { MomentoCacheError, type MomentoOperation } from '../../foundation/momento.errors.js';

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

export function notAnsweredWithin(operation: MomentoOperation, limitSeconds: number): MomentoCacheError {
  return new MomentoCacheError(
    operation,
    MomentoErrorCode.TIMEOUT_ERROR,
    `no answer within cacheTimeoutSeconds, ${limitSeconds} s`,
  );
}
