import { MomentoErrorCode, SdkError } from '@gomomento/sdk';
import type { ClientGeneration } from './client-generation.js';
import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { TimeLimit } from '../../foundation/time-limit.js';
import { finish, sdkAnswer } from '../sdk/sdk-answer.js';

export interface BootProbe {
  /** The cache to ask, if the connection has one. */
  readonly cacheName: string | undefined;
  /** What the key came from, for the errors. */
  readonly source: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

const probeKey = 'nestjs-momento:boot';
const retryDelayMs = 250;

/** What may pass: Momento restarts, a network that is not up yet. */
const transient: ReadonlySet<string> = new Set([
  MomentoErrorCode.SERVER_UNAVAILABLE,
  MomentoErrorCode.TIMEOUT_ERROR,
  MomentoErrorCode.CANCELLED_ERROR,
  MomentoErrorCode.INTERNAL_SERVER_ERROR,
  MomentoErrorCode.CONNECTION_ERROR,
  MomentoErrorCode.UNKNOWN_ERROR,
  MomentoErrorCode.UNKNOWN_SERVICE_ERROR,
  MomentoErrorCode.LIMIT_EXCEEDED_ERROR,
]);

/**
 * Makes sure, with one data call, that Momento is there and knows the key: the SDK's `ping()` does nothing on Node, and
 * its eager connection does not look at the key.
 *
 * @returns whether the cache exists; undefined when no cache was asked for, or the key may not read it
 * @throws MomentoConfigurationError `key-rejected`, or `momento-unreachable` when the time is over
 */
export async function probeMomento(
  clients: ClientGeneration,
  probe: BootProbe,
): Promise<boolean | undefined> {
  const { cacheName, source } = probe;
  const limit = new TimeLimit(probe.limitMs, probe.signal);
  try {
    for (;;) {
      const code = await askOnce(clients, cacheName ?? probeKey, limit);
      if (code === MomentoErrorCode.AUTHENTICATION_ERROR) throw keyRejected(source);
      if (!transient.has(code ?? '')) return verdict(code, cacheName);
      if (!limit.isOver) await limit.pause(retryDelayMs);
      if (limit.isOver) throw unreachable(probe.limitMs, code);
    }
  } finally {
    limit.release();
  }
}

/** The error's code; undefined when the call succeeded. It counts as in flight: the SDK must not be closed under it. */
async function askOnce(
  clients: ClientGeneration,
  cacheName: string,
  limit: TimeLimit,
): Promise<MomentoErrorCode | undefined> {
  const outcome = clients.attempt(({ cacheClient }) =>
    cacheClient.keyExists(cacheName, probeKey, { abortSignal: limit.signal }),
  );
  try {
    await limit.race(sdkAnswer(outcome.then(finish)));
    return undefined;
  } catch (error) {
    return error instanceof SdkError ? error.errorCode() : MomentoErrorCode.TIMEOUT_ERROR;
  }
}

function verdict(code: MomentoErrorCode | undefined, cacheName: string | undefined): boolean | undefined {
  if (cacheName === undefined || code === MomentoErrorCode.PERMISSION_ERROR) return undefined;
  return code !== MomentoErrorCode.CACHE_NOT_FOUND_ERROR;
}

function keyRejected(source: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'key-rejected',
    `Momento does not accept the key of ${source}.`,
    'Check that the key is not revoked and belongs to the region of the endpoint, and store a current one.',
  );
}

export function unreachable(limitMs: number, code?: MomentoErrorCode): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'momento-unreachable',
    `Momento could not be reached within ${limitMs / 1000} s (${code ?? 'no answer'}).`,
    "Check the network and the endpoint, or set onConnectError: 'degrade' to boot without it.",
  );
}
