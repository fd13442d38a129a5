import { MomentoErrorCode, SdkError } from '@gomomento/sdk';
import type { Logger } from '@nestjs/common';
import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { quoteName } from '../../foundation/text/redaction.js';
import { TimeLimit } from '../../foundation/time/time-limit.js';
import type { Credential } from '../../credentials/fetched/credential.js';
import type { ClientConfigurations } from '../sdk/client-configuration.js';
import { certificateAdvice, certificateNotTrusted, isCertificateFault } from '../sdk/certificate-fault.js';
import { finish, sdkAnswer } from '../sdk/sdk-answer.js';
import { ClientGeneration } from './client-generation.js';
import { faultOfConnecting, noAnswer } from './reachability.js';

export interface CacheNeeds {
  /** The caches that must be there; without any, only the key is looked at. */
  readonly caches: Iterable<string>;
  /** Whether those that are missing are created. */
  readonly createCaches: boolean;
  /** What the key came from, for the errors. */
  readonly source: string;
}

export interface ProofLimit {
  readonly limitMs: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

export interface KeyProofOptions extends CacheNeeds {
  readonly configurations: ClientConfigurations;
  /** Says, at most once a second, that it is tried again. */
  readonly logger?: Logger;
}

const probeKey = 'nestjs-momento:boot';
const retryDelayMs = 250;
const quietMs = 1_000;

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
  certificateNotTrusted,
]);

/** That the time was over says less than what was wrong before. */
const vague: ReadonlySet<string> = new Set([MomentoErrorCode.TIMEOUT_ERROR, noAnswer]);

/**
 * Makes sure, before clients are made for a key, that Momento is there, accepts it, and has the caches that the app needs:
 * one data call a cache, on one light client that is closed again. The SDK's `ping()` does nothing on Node, and its eager
 * connection does not look at the key.
 *
 * @param limit how long it may take, what may pass tried again within
 * @throws MomentoConfigurationError `key-rejected`, `cache-not-found`, or `momento-unreachable` when the time is over
 */
export function proveKey(credential: Credential, options: KeyProofOptions, limit: ProofLimit): Promise<void> {
  return tryWithin(limit, options.logger, async (timeLimit) => {
    const fault = await faultOfConnecting(credential.provider, timeLimit);
    if (fault !== undefined) return fault;
    const light = ClientGeneration.createLight(credential.provider, options.configurations);
    try {
      return await askFor(light, options, timeLimit);
    } finally {
      await light.close();
    }
  });
}

/** Makes sure that the caches are there, on clients that are in use. @throws as `proveKey` */
export function ensureCaches(clients: ClientGeneration, needs: CacheNeeds, limit: ProofLimit): Promise<void> {
  return tryWithin(limit, undefined, (timeLimit) => askFor(clients, needs, timeLimit));
}

/** @param attempt gives the code of what may pass, or nothing */
async function tryWithin(
  { limitMs, signal }: ProofLimit,
  logger: Logger | undefined,
  attempt: (limit: TimeLimit) => Promise<string | undefined>,
): Promise<void> {
  const limit = new TimeLimit(limitMs, signal);
  let quietUntilMs = performance.now() + quietMs;
  let reason: string | undefined;
  try {
    for (;;) {
      const code = await attempt(limit);
      if (code === undefined) return;
      if (reason === undefined || !vague.has(code)) reason = code;
      if (!limit.isOver) await limit.pause(retryDelayMs);
      if (limit.isOver) throw unreachable(limitMs, reason);
      if (performance.now() < quietUntilMs) continue;
      logger?.warn(`Momento cannot be reached yet (${code}); trying again.`);
      quietUntilMs = performance.now() + quietMs;
    }
  } finally {
    limit.release();
  }
}

/** Asks for each cache. @returns the code of what may pass; undefined when all is as it should be */
async function askFor(
  clients: ClientGeneration,
  { source, caches, createCaches }: CacheNeeds,
  limit: TimeLimit,
): Promise<string | undefined> {
  const names = [...caches];
  for (const cacheName of names.length > 0 ? names : [probeKey]) {
    const code = await askOnce(clients, cacheName, limit);
    if (code === MomentoErrorCode.AUTHENTICATION_ERROR) throw keyRejected(source);
    if (transient.has(code ?? '')) return code;
    const isMissing = names.length > 0 && code === MomentoErrorCode.CACHE_NOT_FOUND_ERROR;
    if (isMissing) await createMissing(clients, cacheName, createCaches);
  }
  return undefined;
}

/** The error's code; undefined when the call succeeded. It counts as in flight: the SDK must not be closed under it. */
async function askOnce(
  clients: ClientGeneration,
  cacheName: string,
  limit: TimeLimit,
): Promise<string | undefined> {
  const answer = clients.attempt(
    ({ cacheClient }) => cacheClient.keyExists(cacheName, probeKey, { abortSignal: limit.signal }),
    (outcome) => finish(outcome),
  );
  try {
    await limit.race(sdkAnswer(answer, () => undefined));
    return undefined;
  } catch (error) {
    if (!(error instanceof SdkError)) return MomentoErrorCode.TIMEOUT_ERROR;
    return isCertificateFault(error) ? certificateNotTrusted : error.errorCode();
  }
}

async function createMissing(
  clients: ClientGeneration,
  cacheName: string,
  createCaches: boolean,
): Promise<void> {
  if (!createCaches) throw cacheNotFound(cacheName);
  const answer = clients.attempt(
    ({ controlClient }) => controlClient.createCache(cacheName),
    (outcome) => finish(outcome),
  );
  await sdkAnswer(answer, () => undefined).catch((error: unknown) => {
    throw error instanceof SdkError ? cacheNotCreated(cacheName, error.errorCode()) : error;
  });
}

function keyRejected(source: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'key-rejected',
    `Momento does not accept the key of ${source}.`,
    'Check that the key is not revoked and belongs to the region of the endpoint, and store a current one.',
  );
}

function unreachable(limitMs: number, reason: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'momento-unreachable',
    `Momento could not be reached within ${Number((limitMs / 1000).toPrecision(3))} s (${reason}).`,
    reason === certificateNotTrusted
      ? certificateAdvice
      : "Check the network and the endpoint, or set onConnectError: 'degrade' to boot without it.",
  );
}

function cacheNotFound(cacheName: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'cache-not-found',
    `The cache ${quoteName(cacheName)} does not exist.`,
    'Create it in the Momento console, correct the option cacheName, or set createCaches: true.',
  );
}

function cacheNotCreated(cacheName: string, code: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'cache-not-found',
    `The cache ${quoteName(cacheName)} does not exist, and could not be created (${code}).`,
    'Create it in the Momento console, or give the key a role that may create caches.',
  );
}
