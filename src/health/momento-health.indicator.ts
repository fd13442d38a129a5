import { Injectable, type InjectionToken } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { getCacheServiceToken } from '../cache/cache.tokens.js';
import { getMomentoCredentialsToken } from '../credentials/credentials.tokens.js';
import type { CredentialStatus } from '../credentials/following/credential-events.js';
import { MomentoError } from '../foundation/momento.errors.js';
import { describeError } from '../foundation/text/describe-error.js';
import { redactKeys, toLine } from '../foundation/text/redaction.js';
import { TimeLimit, TimeLimitExceeded } from '../foundation/time/time-limit.js';
import { defaultConnectionName } from '../foundation/tokens.js';
import { connectionMissing } from '../module/connection-missing.js';
import { getTopicServiceToken } from '../topics/topic.tokens.js';
import type { MomentoHealth, MomentoHealthOptions } from './momento-health.options.js';

const lateReason = 'no-answer-in-time';
const defaultTimeoutMs = 1_000;
/** Three intervals, after which the event `stale` is told. */
const defaultStaleAfterSeconds = 900;
/** Nobody else's: what is there, if anything, does not matter. */
const probedKey = 'nestjs-momento:health';

/**
 * Whether a connection works, for Terminus 11 and 12: Momento is asked for a key, past near cache and breaker.
 *
 * @example
 * @Get('health') @HealthCheck()
 * check() { return this.health.check([() => this.momento.isHealthy('momento')]); }
 */
@Injectable()
export class MomentoHealthIndicator {
  readonly #indicators: HealthIndicatorService;
  readonly #modules: ModuleRef;

  constructor(indicators: HealthIndicatorService, modules: ModuleRef) {
    this.#indicators = indicators;
    this.#modules = modules;
  }

  /**
   * @param key what the result is called
   * @returns `down` when Momento does not answer in time or refuses; `up` with `degraded: true` when the key is stale, or a
   *   subscription fails. Never rejects.
   */
  async isHealthy<const Key extends string>(
    key: Key,
    options: MomentoHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key, 'up' | 'down', MomentoHealth>> {
    const session = this.#indicators.check(key);
    const beganMs = performance.now();
    try {
      await this.#probe(options);
      const answeredAfterMs = Math.round(performance.now() - beganMs);
      const known = this.#known(options);
      const isDegraded = this.#isStale(options) || (known.subscriptions?.failed ?? 0) > 0;
      return session.up({ ...(isDegraded && { degraded: true as const }), answeredAfterMs, ...known });
    } catch (error) {
      return session.down({ reason: reasonOf(error), ...this.#known(options, error) });
    }
  }

  async #probe({ cacheName, connection, timeoutMs = defaultTimeoutMs }: MomentoHealthOptions): Promise<void> {
    const cache = this.#get(getCacheServiceToken(connection), connection);
    const limit = new TimeLimit(timeoutMs);
    try {
      await limit.race((cacheName === undefined ? cache : cache.cache(cacheName)).has(probedKey));
    } finally {
      limit.release();
    }
  }

  #isStale({ connection, staleAfterSeconds }: MomentoHealthOptions): boolean {
    const { ageSeconds = 0, nextRefreshAt, lastError } = this.#statusOf(connection) ?? {};
    // A source that is never asked again confirms nothing.
    const isFollowed = nextRefreshAt !== undefined || lastError !== undefined;
    const limitSeconds = staleAfterSeconds ?? (isFollowed ? defaultStaleAfterSeconds : Infinity);
    return ageSeconds > limitSeconds;
  }

  /** All that can be known without asking; a test may have put anything into the place of what knows it. */
  #known({ connection, cacheName, verbose = false }: MomentoHealthOptions, error?: unknown): MomentoHealth {
    const key = this.#statusOf(connection);
    const cache = orNothing(() => {
      const service = this.#get(getCacheServiceToken(connection));
      return (cacheName === undefined ? service : service.cache(cacheName)).stats();
    });
    const topics = orNothing(() => this.#get(getTopicServiceToken(connection)).stats());
    return {
      ...(key && {
        key: {
          ...(key.versionId !== undefined && { versionId: redactKeys(toLine(key.versionId)) }),
          generation: key.generation,
          ...(key.ageSeconds !== undefined && { ageSeconds: Math.round(key.ageSeconds) }),
        },
      }),
      ...(cache && {
        breaker: cache.breaker,
        nearCache: { items: cache.nearItems, bytes: cache.nearBytes },
      }),
      ...(topics && { subscriptions: topics.subscriptions }),
      ...(verbose && { verbose: inWords(key, error) }),
    };
  }

  #statusOf(connection: string | undefined): CredentialStatus | undefined {
    return orNothing(() => this.#get(getMomentoCredentialsToken(connection)).status());
  }

  /** @throws MomentoConfigurationError `connection-missing` */
  #get<T>(token: InjectionToken<T>, connection = defaultConnectionName): T {
    try {
      return this.#modules.get(token, { strict: false });
    } catch {
      throw connectionMissing('MomentoHealthIndicator', connection);
    }
  }
}

function orNothing<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof TimeLimitExceeded) return lateReason;
  return error instanceof MomentoError ? error.code : 'unknown';
}

function inWords(key: CredentialStatus | undefined, error: unknown): NonNullable<MomentoHealth['verbose']> {
  return {
    ...(key && { source: redactKeys(key.source) }),
    ...(key?.endpoint !== undefined && { endpoint: key.endpoint }),
    ...(key?.lastError !== undefined && { lastError: key.lastError }),
    ...(error !== undefined && {
      error: error instanceof TimeLimitExceeded ? lateReason : describeError(error),
    }),
  };
}
