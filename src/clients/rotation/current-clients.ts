import type { CredentialProvider, Middleware, TopicClient } from '@gomomento/sdk';
import { Logger } from '@nestjs/common';
import type { MomentoCredentials } from '../../credentials/momento-credentials.js';
import { describeStack } from '../../foundation/describe-error.js';
import { withinTime } from '../../foundation/pause.js';
import { longestTimerMs } from '../../foundation/time-limit.js';
import { MomentoClosedError } from '../../foundation/momento.errors.js';
import { unreachable } from './boot-probe.js';
import { type CallOutcome, finish, isKeyRejected, isSuccess } from '../sdk/sdk-answer.js';
import type { ClientConfigurations } from '../sdk/client-configuration.js';
import { ClientGeneration } from './client-generation.js';
import type { KeyRenewal } from '../streams/managed-subscription.js';

export interface CurrentClientsOptions {
  readonly connectionName: string;
  readonly credentials: MomentoCredentials;
  readonly configurations: ClientConfigurations;
  readonly defaultTtlSeconds: number;
  readonly shutdownTimeoutSeconds: number;
  /** Aborted when the connection begins to close. */
  readonly closing: AbortSignal;
  /** Makes sure that Momento accepts the clients' key, within the time. @throws MomentoConfigurationError */
  accept(clients: ClientGeneration, limitMs: number): Promise<unknown>;
  /** Called when other clients have taken over. */
  replaced(clients: ClientGeneration): void;
}

const topicsWarmUpMs = 250;

/** The clients of the key in use, which change with it: made on first use, replaced without a failed call, closed once. */
export class CurrentClients {
  readonly #options: CurrentClientsOptions;
  readonly #logger = new Logger('Momento');
  readonly #retiring = new Set<Promise<void>>();
  #current: ClientGeneration | undefined;
  #starting: Promise<ClientGeneration> | undefined;
  #catchingUp: Promise<void> | undefined;
  #hasStarted = false;

  constructor(options: CurrentClientsOptions) {
    this.#options = options;
    options.credentials.replaceWith((credential) => this.#replace(credential.provider));
  }

  /**
   * Makes a call. When Momento rejects the key, the call joins the look for another one and is repeated with it: it was
   * not carried out. It waits no longer than its time limit.
   */
  async run<T>(call: (clients: ClientGeneration) => Promise<T>, timeoutMs: number): Promise<T> {
    const startedAt = performance.now();
    const timeLeftMs = () => timeoutMs - (performance.now() - startedAt);
    for (;;) {
      const clients = this.#current ?? (await this.ready());
      this.#options.credentials.noteUse();
      const outcome = await clients.attempt(call);
      if (!isKeyRejected(outcome)) {
        if (clients.isRejected) this.#noteAccepted(clients, outcome);
        return finish(outcome);
      }
      if (timeoutMs > 0) clients.isRejected = true;
      // The repeat has the SDK's whole time again: to give it up half-way would leave open whether it was carried out.
      if (timeLeftMs() <= 0 || !(await this.#renewKey(clients, timeLeftMs()))) return finish(outcome);
    }
  }

  /**
   * The clients of the key in use; the first call fetches the key.
   *
   * @throws MomentoConfigurationError, MomentoClosedError
   */
  async ready(): Promise<ClientGeneration> {
    this.#refuseWhenClosed();
    if (this.#current !== undefined) return this.#current;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /**
   * Joins the look for another key, because Momento rejected that of these clients.
   *
   * @returns whether other clients have taken over, at the latest when the time is over
   */
  async renewRejected(clients: ClientGeneration, limitMs: number): Promise<boolean> {
    if (this.#options.credentials.isFixed) return false;
    return this.#current !== clients || (await this.#renewKey(clients, limitMs));
  }

  /** For a stream, which has no time limit of its own: it waits for as long as a key is looked for. */
  async renewKeyOf(rejected: TopicClient): Promise<KeyRenewal> {
    const clients = this.#current;
    if (clients === undefined || this.#options.credentials.isFixed) return 'never';
    const isReplaced = clients.topicClient !== rejected && clients.subscriptionClient !== rejected;
    return isReplaced || (await this.#renewKey(clients, longestTimerMs)) ? 'renewed' : 'later';
  }

  /** Drains within `shutdownTimeoutSeconds`, then closes each client once. */
  async close(beforeClose: () => void): Promise<void> {
    const last = this.#current;
    this.#current = undefined;
    if (last !== undefined) await this.#retire(last, beforeClose);
    await Promise.all(this.#retiring);
    if (!this.#hasStarted) return;
    for (const middleware of this.#options.configurations.middlewares) this.#closeMiddleware(middleware);
  }

  #closeMiddleware(middleware: Middleware): void {
    try {
      middleware.close?.();
    } catch (error) {
      this.#logger.error('A middleware failed to close.', describeStack(error));
    }
  }

  async #start(): Promise<ClientGeneration> {
    const { credentials, configurations } = this.#options;
    const { provider } = await credentials.current();
    this.#refuseWhenClosed();
    this.#hasStarted = true;
    for (const middleware of configurations.middlewares) middleware.init?.();
    this.#current = ClientGeneration.create({ ...this.#options, credentialProvider: provider });
    return this.#current;
  }

  /** Whether there are clients with another key, at the latest when the time is over. */
  async #renewKey(clients: ClientGeneration, limitMs: number): Promise<boolean> {
    await this.#options.credentials.renewRejected(clients.provider, limitMs);
    await this.#catchUp(clients);
    return this.#current !== clients && this.#current !== undefined;
  }

  /** A key that was replaced in the very moment in which the first clients were made for it. */
  async #catchUp(clients: ClientGeneration): Promise<void> {
    const { provider } = await this.#options.credentials.current();
    if (this.#current !== clients || provider === clients.provider) return;
    this.#catchingUp ??= this.#replace(provider).finally(() => {
      this.#catchingUp = undefined;
    });
    await this.#catchingUp.catch(() => undefined);
  }

  #noteAccepted(clients: ClientGeneration, outcome: CallOutcome<unknown>): void {
    if (!isSuccess(outcome)) return;
    clients.isRejected = false;
    this.#options.credentials.noteAccepted(clients.provider);
  }

  /**
   * Connects clients with another key and makes sure that Momento accepts it, before they take over; what is in flight ends
   * on the clients before.
   *
   * @throws MomentoConfigurationError `key-rejected` or `momento-unreachable`; the clients in use stay
   */
  async #replace(provider: CredentialProvider): Promise<void> {
    const inUse = this.#current ?? (await this.#starting);
    if (inUse === undefined) return;
    const next = await this.#connect(provider, inUse.usesTopics);
    // Read again: the app may have begun to close meanwhile.
    const previous = this.#current;
    if (previous === undefined) {
      void next.close();
      throw new MomentoClosedError(this.#options.connectionName);
    }
    this.#current = next;
    previous.supersede();
    this.#options.replaced(next);
    const retired = this.#retire(previous).finally(() => this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }

  async #connect(credentialProvider: CredentialProvider, withTopics: boolean): Promise<ClientGeneration> {
    const limitMs = this.#options.configurations.cacheTimeoutMs;
    const next = await ClientGeneration.connect({ ...this.#options, credentialProvider }, limitMs).catch(
      () => {
        throw unreachable(limitMs);
      },
    );
    try {
      await this.#options.accept(next, limitMs);
      // Ahead of time, but not at the price of the cache's.
      if (withTopics)
        await withinTime(
          next.attempt(() => next.connectTopics()),
          topicsWarmUpMs,
        );
      return next;
    } catch (error) {
      void next.close();
      throw error;
    }
  }

  /** Lets calls in flight end on their clients, then closes these. */
  async #retire(clients: ClientGeneration, beforeClose?: () => void): Promise<void> {
    const { shutdownTimeoutSeconds, credentials } = this.#options;
    if (!(await clients.drain(shutdownTimeoutSeconds * 1000))) {
      this.#logger.warn(
        `Calls are still in flight after ${shutdownTimeoutSeconds} s; their clients close when they end.`,
      );
    }
    beforeClose?.();
    void clients.close().then(() => credentials.noteDrained());
  }

  #refuseWhenClosed(): void {
    if (this.#options.closing.aborted) throw new MomentoClosedError(this.#options.connectionName);
  }
}
