import { Metadata, status } from '@grpc/grpc-js';
import { EngineError, type EngineErrorReason } from '../../engine/engine-error.js';

/** The name of a gRPC status, such as `UNAVAILABLE`. */
export type StatusName = keyof typeof status;

/** Why a call fails, in the form in which gRPC sends it. */
export interface CallFailure {
  readonly code: status;
  readonly details: string;
  readonly metadata?: Metadata;
}

interface FailureKind {
  readonly code: status;
  /** The trailer `err`, by which the SDK tells failures of one status apart. */
  readonly err: string;
}

const FAILURES: Readonly<Record<EngineErrorReason, FailureKind>> = {
  'cache-not-found': { code: status.NOT_FOUND, err: 'cache_not_found' },
  'webhook-not-found': { code: status.NOT_FOUND, err: 'webhook_not_found' },
  'cache-already-exists': { code: status.ALREADY_EXISTS, err: 'cache_already_exists' },
  'invalid-argument': { code: status.INVALID_ARGUMENT, err: 'invalid_argument' },
  unauthenticated: { code: status.UNAUTHENTICATED, err: 'momento_general_err' },
  'permission-denied': { code: status.PERMISSION_DENIED, err: 'momento_general_err' },
  'failed-precondition': { code: status.FAILED_PRECONDITION, err: 'failed_precondition' },
  'size-limit-exceeded': { code: status.RESOURCE_EXHAUSTED, err: 'request_size_limit_exceeded' },
  'element-size-limit-exceeded': { code: status.RESOURCE_EXHAUSTED, err: 'element_size_limit_exceeded' },
  'operations-limit-exceeded': { code: status.RESOURCE_EXHAUSTED, err: 'operations_rate_limit_exceeded' },
  'subscriptions-limit-exceeded': {
    code: status.RESOURCE_EXHAUSTED,
    err: 'topic_subscriptions_limit_exceeded',
  },
  'cache-limit-exceeded': { code: status.RESOURCE_EXHAUSTED, err: 'cache_limit_exceeded' },
  unimplemented: { code: status.UNIMPLEMENTED, err: 'unimplemented' },
};

export const SHUTTING_DOWN: CallFailure = {
  code: status.UNAVAILABLE,
  details: 'The server is shutting down',
};

/** A failure of the given status. */
export function failureOf(statusName: StatusName, details: string): CallFailure {
  return { code: status[statusName], details };
}

/** The failure that a caller gets when its request made something throw. */
export function failureFrom(error: unknown): CallFailure {
  if (!(error instanceof EngineError)) {
    return failureOf('INTERNAL', error instanceof Error ? error.message : 'The request failed');
  }
  const { code, err } = FAILURES[error.reason];
  const metadata = new Metadata();
  metadata.set('err', err);
  return { code, details: error.message, metadata };
}

export function statusNameOf({ code }: CallFailure): StatusName {
  const name = status[code];
  return isStatusName(name) ? name : 'UNKNOWN';
}

export function isStatusName(name: string): name is StatusName {
  // A numeric enum also maps its values back to its names.
  return Object.hasOwn(status, name) && Number.isNaN(Number(name));
}
