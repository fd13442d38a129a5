import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import { MomentoClosedError, MomentoConfigurationError } from '../momento.errors.js';
import { type Credential, toCredential } from './credential.js';
import type { CredentialSource } from './credential-source.js';
import type { MomentoEndpoint } from './endpoint.js';
import { TimeLimit, TimeLimitExceeded } from './time-limit.js';

export interface MomentoCredentialsOptions {
  readonly connectionName: string;
  readonly source: CredentialSource;
  /** Wins over what the key says. */
  readonly endpoint?: MomentoEndpoint;
  /** How long transient failures of the source are tried again. */
  readonly bootTimeoutSeconds: number;
}

/** What is known of a connection's key; holds no part of it. */
export interface CredentialStatus {
  /** The source in one line, such as `secret 'Momento_Auth_Token' in us-west-2`. */
  readonly source: string;
  /** The version that the source gave with the key in use. */
  readonly versionId?: string;
  /** Counts the keys used so far: 0 before the first fetch, 1 with the first key, one more at each replacement. */
  readonly generation: number;
  /** When the source last confirmed the key in use. */
  readonly fetchedAt?: Date;
  /** Time since then, in seconds. */
  readonly ageSeconds?: number;
  /** When the key ends, where it says so. */
  readonly expiresAt?: Date;
  /** Why the last fetch failed; absent once one succeeded. */
  readonly lastError?: string;
}

/** `refreshed`: the source answered. `rotated`: with another key. `refreshFailed`: it did not answer; the old key stays. */
export interface CredentialEvents {
  refreshed: [CredentialStatus];
  rotated: [CredentialStatus];
  refreshFailed: [CredentialStatus];
}

const firstRetryDelayMs = 100;
const longestRetryDelayMs = 2_000;

/**
 * The key of one connection: fetched when first needed, once however many callers ask, and kept until it is replaced.
 * Inject it to see the key's state, or to call `refreshNow()` from an EventBridge rotation event.
 */
export class MomentoCredentials {
  readonly #options: MomentoCredentialsOptions;
  readonly #logger = new Logger(MomentoCredentials.name);
  readonly #events = new EventEmitter<CredentialEvents>();
  readonly #closing = new AbortController();
  #current: Credential | undefined;
  #first: Promise<Credential> | undefined;
  #refreshing: Promise<CredentialStatus> | undefined;
  #generation = 0;
  #fetchedAt: Date | undefined;
  #lastError: string | undefined;

  constructor(options: MomentoCredentialsOptions) {
    this.#options = options;
  }

  /**
   * The key in use; the first call fetches it.
   *
   * @throws MomentoConfigurationError when it cannot be had; the next call tries again
   * @internal
   */
  async current(): Promise<Credential> {
    if (this.#current !== undefined) return this.#current;
    this.#first ??= this.#fetchFirst();
    return this.#first;
  }

  /**
   * Fetches the key now, past every cache of the source. Joins a refresh that is under way. When it is another key, new
   * clients take over and requests in flight end on the old ones; when the source fails, the key in use stays.
   *
   * @returns the status afterwards
   * @throws MomentoConfigurationError when the source fails or has no usable key
   */
  refreshNow(): Promise<CredentialStatus> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** What is known of the key in use. Holds no part of it, so that it can be logged or shown by a health check. */
  status(): CredentialStatus {
    const { versionId, expiresAt } = this.#current ?? {};
    const fetchedAt = this.#fetchedAt;
    return {
      source: this.#options.source.describe(),
      generation: this.#generation,
      ...(versionId !== undefined && { versionId }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(fetchedAt !== undefined && { fetchedAt, ageSeconds: (Date.now() - fetchedAt.getTime()) / 1000 }),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
    };
  }

  /** Calls the listener at each such event, with the status as it then is. A listener that throws is logged. */
  on(event: keyof CredentialEvents, listener: (status: CredentialStatus) => void): this {
    this.#events.on(event, listener);
    return this;
  }

  /** Ends a fetch that is under way and refuses later ones. @internal */
  stop(): void {
    this.#closing.abort();
    this.#events.removeAllListeners();
  }

  /** Releases what the source holds. @internal */
  async close(): Promise<void> {
    await this.#options.source.close?.();
  }

  async #fetchFirst(): Promise<Credential> {
    try {
      const credential = await this.#load(false);
      this.#accept(credential);
      return credential;
    } catch (error) {
      // Not memoised: the secret may be put right while the app runs.
      this.#first = undefined;
      this.#lastError = messageOf(error);
      throw error;
    }
  }

  async #refresh(): Promise<CredentialStatus> {
    const before = await this.current();
    try {
      const credential = await this.#load(true);
      const isNew = !credential.provider.equals(before.provider);
      // The provider in use is kept when the key is equal, so that an equal key under a new version replaces nothing.
      this.#accept(isNew ? credential : { ...credential, provider: before.provider });
      this.#emit('refreshed');
      if (isNew) this.#emit('rotated');
    } catch (error) {
      this.#lastError = messageOf(error);
      this.#emit('refreshFailed');
      throw error;
    }
    return this.status();
  }

  #accept(credential: Credential): void {
    if (credential.provider !== this.#current?.provider) this.#generation += 1;
    this.#current = credential;
    this.#fetchedAt = new Date();
    this.#lastError = undefined;
  }

  #emit(event: keyof CredentialEvents): void {
    const status = this.status();
    for (const listener of this.#events.listeners(event)) {
      try {
        listener(status);
      } catch (error) {
        this.#logger.error(
          `A listener of '${event}' threw.`,
          error instanceof Error ? error.stack : String(error),
        );
      }
    }
  }

  /** One fetch, tried again while its failures may pass and there is time. */
  async #load(refresh: boolean): Promise<Credential> {
    const { source, endpoint, bootTimeoutSeconds } = this.#options;
    const limit = new TimeLimit(bootTimeoutSeconds * 1000, this.#closing.signal);
    let lastFailure: unknown;
    try {
      for (let delayMs = firstRetryDelayMs; ; delayMs = Math.min(delayMs * 2, longestRetryDelayMs)) {
        try {
          const fetched = await limit.race(source.fetch({ signal: limit.signal, refresh }));
          return toCredential(fetched, endpoint, source.describe());
        } catch (error) {
          if (this.#closing.signal.aborted) throw new MomentoClosedError(this.#options.connectionName);
          if (error instanceof MomentoConfigurationError) throw error;
          if (limit.isOver) throw this.#unreachable(lastFailure ?? error);
          lastFailure = error;
        }
        await limit.pause(delayMs * (0.5 + Math.random() / 2));
        if (limit.isOver) throw this.#unreachable(lastFailure);
      }
    } finally {
      limit.release();
    }
  }

  #unreachable(error: unknown): MomentoConfigurationError {
    const { source, bootTimeoutSeconds } = this.#options;
    const reason = error instanceof TimeLimitExceeded ? 'It did not answer.' : messageOf(error);
    return new MomentoConfigurationError(
      'source-unreachable',
      `No key could be had from ${source.describe()} within ${bootTimeoutSeconds} s. ${reason}`,
      'Check that the process can reach it (network, VPC endpoint, security group), or raise the option bootTimeoutSeconds.',
    );
  }
}

/** A parser's message quotes what it failed on, which may be the key. */
function messageOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'The answer could not be read.';
  return error instanceof Error ? error.message : String(error);
}
