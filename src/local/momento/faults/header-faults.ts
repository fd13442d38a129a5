import type { Metadata } from '@grpc/grpc-js';
import { type CallFailure, type StatusName, failureOf, isStatusName } from '../grpc/calls/call-failure.js';
import type { RpcName } from '../grpc/services.js';
import type { Fault } from './fault.js';

/** Old rpcs that the SDK's tests call by the name of their successor. */
const HEADER_ALIASES: Partial<Record<RpcName, RpcName>> = {
  'set-if-not-exists': 'set-if',
  'list-erase': 'list-remove',
};

/** Codes of the SDK whose name, less `_ERROR`, is not that of a gRPC status. */
const STATUS_BY_SDK_CODE: Readonly<Record<string, StatusName>> = {
  UNKNOWN_SERVICE: 'UNKNOWN',
  CACHE_ALREADY_EXISTS: 'ALREADY_EXISTS',
  CACHE_NOT_FOUND: 'NOT_FOUND',
  INTERNAL_SERVER: 'INTERNAL',
  PERMISSION: 'PERMISSION_DENIED',
  AUTHENTICATION: 'UNAUTHENTICATED',
  LIMIT_EXCEEDED: 'RESOURCE_EXHAUSTED',
  TIMEOUT: 'DEADLINE_EXCEEDED',
  SERVER_UNAVAILABLE: 'UNAVAILABLE',
  BAD_REQUEST: 'INVALID_ARGUMENT',
};

/** Counters are kept for this many pairs of request id and kind; a server that runs for long forgets the oldest. */
const MAX_COUNTERS = 10_000;

/**
 * The faults that a request asks for by its own headers, as the official local Momento understands them: `return-error`,
 * `delay-ms` and `stream-error`, each with the list of rpcs it is meant for and, for the first two, how often it happens to one
 * `request-id` and rpc (without a count: always).
 */
export class HeaderFaults {
  readonly #used = new Map<string, number>();

  take(rpc: RpcName, headers: Metadata): Fault | undefined {
    const requestId = header(headers, 'request-id');
    if (requestId === undefined) {
      return undefined;
    }
    const fault: { -readonly [Kind in keyof Fault]: Fault[Kind] } = {};
    const delayMs = Number(header(headers, 'delay-ms') ?? 0);
    if (
      delayMs > 0 &&
      isMeant(rpc, headers, 'delay-rpcs') &&
      this.#use(requestId, rpc, headers, 'delay-count')
    ) {
      fault.delayMs = delayMs;
    }
    const failure = failureNamed(header(headers, 'return-error'));
    if (failure && isMeant(rpc, headers, 'error-rpcs') && this.#use(requestId, rpc, headers, 'error-count')) {
      fault.failure = failure;
    }
    const streamFailure = failureNamed(header(headers, 'stream-error'));
    if (streamFailure && isMeant(rpc, headers, 'stream-error-rpcs')) {
      fault.streamFailure = {
        ...streamFailure,
        afterMessages: Number(header(headers, 'stream-error-message-limit') ?? 0),
      };
    }
    return fault;
  }

  /** Counts one more occurrence, and answers whether it is within the limit that the header sets. */
  #use(requestId: string, rpc: RpcName, headers: Metadata, limitHeader: string): boolean {
    const counter = `${limitHeader} ${rpc} ${requestId}`;
    const used = this.#used.get(counter) ?? 0;
    if (used >= Number(header(headers, limitHeader) ?? Infinity)) {
      return false;
    }
    this.#used.set(counter, used + 1);
    const [oldest] = this.#used.keys();
    if (oldest !== undefined && this.#used.size > MAX_COUNTERS) {
      this.#used.delete(oldest);
    }
    return true;
  }
}

function isMeant(rpc: RpcName, headers: Metadata, listHeader: string): boolean {
  const named = header(headers, listHeader)?.split(/[\s,]+/) ?? [];
  return named.includes(rpc) || named.includes(HEADER_ALIASES[rpc] ?? rpc);
}

/** Understands `unavailable`, `UNAVAILABLE`, and the SDK's codes such as `NOT_FOUND_ERROR` and `SERVER_UNAVAILABLE`. */
function failureNamed(name: string | undefined): CallFailure | undefined {
  if (name === undefined) {
    return undefined;
  }
  const base = name
    .toUpperCase()
    .replaceAll('-', '_')
    .replace(/_ERROR$/, '');
  const statusName = STATUS_BY_SDK_CODE[base] ?? base;
  return failureOf(
    isStatusName(statusName) ? statusName : 'UNKNOWN',
    `Fault asked for by the request: ${name}`,
  );
}

function header(headers: Metadata, name: string): string | undefined {
  return headers.get(name)[0]?.toString();
}
