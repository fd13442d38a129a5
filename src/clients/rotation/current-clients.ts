import type { Logger } from '@nestjs/common';
import type { KeyFollower } from '../../credentials/following/key-follower.js';
import type { KeyCandidate } from '../../credentials/following/key-candidates.js';
import type { Credential } from '../../credentials/fetched/credential.js';
import type { SealedCredentialProvider } from '../../credentials/key/sealed-credential-provider.js';
import { MomentoClosedError, MomentoConfigurationError } from '../../foundation/momento.errors.js';
import type { InFlight } from '../../foundation/time/in-flight.js';
import { withinTime } from '../../foundation/time/pause.js';
import type { ClientConfigurations } from '../sdk/client-configuration.js';
import { MiddlewareLife } from '../sdk/middleware-life.js';
import { CallRunner, type ClientsInUse } from './call-runner.js';
import { ClientGeneration } from './client-generation.js';
import { type CacheNeeds, ensureCaches, proveKey } from './key-proof.js';

export interface CurrentClientsOptions {
  readonly connectionName: string;
  readonly follower: KeyFollower;
  readonly configurations: ClientConfigurations;
  readonly defaultTtlSeconds: number;
  readonly createCaches: boolean;
  readonly logger: Logger;
  /** Counts the calls under way. */
  readonly inFlight: InFlight;
  /** Aborted when later calls are refused. */
  readonly closed: AbortSignal;
}

/** A call's own time limit may be shorter than a handshake takes. */
const shortestProofMs = 1_000;
const longestGoodbyeMs = 250;

/** The clients of the key in use, which change with it: made on first use, replaced without a failed call, closed once. */
export class CurrentClients implements ClientsInUse {
  readonly calls: CallRunner;
  /** The caches that a key must reach: of another account it would be a key to nothing. */
  readonly neededCaches = new Set<string>();
  readonly #options: CurrentClientsOptions;
  readonly #retiring = new Set<Promise<void>>();
  readonly #following: Promise<void>;
  readonly #middlewares: MiddlewareLife;
  #current: ClientGeneration | undefined;
  #starting: Promise<ClientGeneration> | undefined;

  constructor(options: CurrentClientsOptions) {
    this.#options = options;
    this.#middlewares = new MiddlewareLife(options.configurations.middlewares, options.logger);
    this.calls = new CallRunner(options.follower, this, options.inFlight);
    this.#following = this.#follow();
  }

  get inUse(): ClientGeneration | undefined {
    return this.#current;
  }

  /**
   * The clients of the key in use; the first call fetches the key.
   *
   * @throws MomentoConfigurationError, MomentoClosedError
   */
  async ready(): Promise<ClientGeneration> {
    if (this.#current !== undefined) return this.#current;
    return this.#startOnce(async (provider) => ClientGeneration.create(provider, this.#options));
  }

  /**
   * Fetches the key, makes sure that Momento accepts it, and connects. A rotation may be under way: a key that Momento
   * rejects is asked for again, within the time.
   *
   * @param limitMs how long Momento may take; the key's source has a limit of its own
   * @throws MomentoConfigurationError
   */
  async connect(limitMs: number): Promise<ClientGeneration> {
    const { follower } = this.#options;
    await follower.current();
    const startedAtMs = performance.now();
    const timeLeftMs = () => Math.max(limitMs - (performance.now() - startedAtMs), 1);
    for (;;) {
      const credential = await follower.current();
      try {
        await this.#prove(credential, timeLeftMs(), this.#options.logger);
        return await this.#startOnce((provider) => this.#connectTo(provider));
      } catch (error) {
        const isRejected = error instanceof MomentoConfigurationError && error.code === 'key-rejected';
        if (!isRejected) throw error;
        const renewal = await follower.renewRejected(credential.provider, timeLeftMs(), true);
        if (renewal === 'none') throw error;
      }
    }
  }

  /** Makes sure that a cache is there, now and with each key to come. @throws MomentoConfigurationError */
  async ensureCache(cacheName: string, limitMs: number): Promise<void> {
    const { closed: signal } = this.#options;
    await ensureCaches(await this.ready(), this.#needs([cacheName]), { limitMs, signal });
    this.neededCaches.add(cacheName);
  }

  /** Joins the look for another key. @returns whether other clients have taken over, at the latest when the time is over */
  async renewRejected(clients: ClientGeneration, limitMs: number): Promise<boolean> {
    return (await this.#options.follower.renewRejected(clients.provider, limitMs, true)) === 'replaced';
  }

  /** Closes each client once, when the calls in flight on it have ended. Later calls are refused already. */
  async close(): Promise<void> {
    const last = this.#current;
    this.#current = undefined;
    last?.supersede();
    if (last !== undefined) this.#retire(last);
    // What is being proven ends at once with the signal; nothing that hangs is waited for twice.
    await withinTime(Promise.all([this.#following, ...this.#retiring]), longestGoodbyeMs);
    this.#middlewares.end();
  }

  #startOnce(
    make: (provider: SealedCredentialProvider) => Promise<ClientGeneration>,
  ): Promise<ClientGeneration> {
    this.#starting ??= this.#start(make).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #start(
    make: (provider: SealedCredentialProvider) => Promise<ClientGeneration>,
  ): Promise<ClientGeneration> {
    this.#refuseWhenClosed();
    if (this.#current !== undefined) return this.#current;
    const { follower } = this.#options;
    const fetched = await follower.current();
    this.#refuseWhenClosed();
    this.#middlewares.begin();
    // Read at the moment of use: another key may have come into use while this one was awaited.
    const clients = await make((follower.inUse ?? fetched).provider);
    await this.#refuseLate(clients);
    this.#current = clients;
    return clients;
  }

  /** Brings keys into use, one at a time, for as long as the key is followed. Never rejects. */
  async #follow(): Promise<void> {
    for await (const candidate of this.#options.follower.candidates) {
      await this.#bringIntoUse(candidate).catch((error: unknown) =>
        candidate.refuse(this.#options.closed.aborted ? this.#closedError() : error),
      );
    }
  }

  /**
   * Makes sure that Momento accepts another key and connects clients with it before they take over; what is in flight ends
   * on the clients before.
   *
   * @throws MomentoConfigurationError; the clients in use stay
   */
  async #bringIntoUse(candidate: KeyCandidate): Promise<void> {
    await this.#starting?.catch(() => undefined);
    if (this.#current === undefined) {
      candidate.accept();
      return;
    }
    const { cacheTimeoutMs } = this.#options.configurations;
    await this.#prove(candidate.credential, Math.max(cacheTimeoutMs, shortestProofMs));
    const next = await this.#connectTo(candidate.credential.provider);
    await this.#refuseLate(next);
    const previous = this.#current;
    this.#current = next;
    candidate.accept();
    previous.supersede();
    this.#retire(previous);
  }

  #prove(credential: Credential, limitMs: number, logger?: Logger): Promise<void> {
    const { configurations, closed: signal } = this.#options;
    const options = { ...this.#needs(this.neededCaches), configurations, ...(logger && { logger }) };
    return proveKey(credential, options, { limitMs, signal });
  }

  #needs(caches: Iterable<string>): CacheNeeds {
    const { createCaches, follower } = this.#options;
    return { caches, createCaches, source: follower.status().source };
  }

  /** The key was proven a moment ago: what fails now is tried again by the calls themselves. */
  #connectTo(provider: SealedCredentialProvider): Promise<ClientGeneration> {
    const { cacheTimeoutMs } = this.#options.configurations;
    return ClientGeneration.connect(provider, this.#options, cacheTimeoutMs).catch(() =>
      ClientGeneration.create(provider, this.#options),
    );
  }

  /** Lets calls in flight end on their clients, which are closed then. */
  #retire(clients: ClientGeneration): void {
    const { follower } = this.#options;
    const retiring = clients
      .close()
      .then(() => follower.noteDrained())
      .finally(() => this.#retiring.delete(retiring));
    this.#retiring.add(retiring);
  }

  /** The connection may have been closed while the clients were made. */
  async #refuseLate(clients: ClientGeneration): Promise<void> {
    if (this.#options.closed.aborted) await clients.close();
    this.#refuseWhenClosed();
  }

  #closedError(): MomentoClosedError {
    return new MomentoClosedError(this.#options.connectionName);
  }

  #refuseWhenClosed(): void {
    if (this.#options.closed.aborted) throw this.#closedError();
  }
}
