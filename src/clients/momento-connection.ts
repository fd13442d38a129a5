import {
  AuthClient,
  CacheClient,
  type Configuration,
  type CredentialProvider,
  type PreviewLeaderboardClient,
  type SubscribeCallOptions,
  TopicClient,
  type TopicConfiguration,
  type TopicSubscribe,
} from '@gomomento/sdk';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { MomentoCredentials } from '../credentials/momento-credentials.js';
import { MomentoCacheError, MomentoClosedError, MomentoConfigurationError } from '../momento.errors.js';
import { probeMomento } from './boot-probe.js';
import { type ClientConfigurations, prepareConfigurations } from './client-configuration.js';
import { finish, isKeyRejected, outcomeOf } from './call-outcome.js';
import { ClientGeneration, type GenerationOptions } from './client-generation.js';
import { createStableLeaderboardClient } from './leaderboard-client.js';
import { LiveSubscriptions } from './live-subscriptions.js';
import { callMomento } from './sdk-answer.js';
import { createStableClient, invoke } from './stable-client.js';

export interface ConnectionOptions {
  readonly name: string;
  readonly cacheName: string | undefined;
  readonly createCaches: boolean;
  readonly defaultTtlSeconds: number;
  readonly configuration: Configuration | undefined;
  readonly topicConfiguration: TopicConfiguration | undefined;
  readonly bootTimeoutSeconds: number;
  readonly onConnectError: 'fail' | 'degrade';
  readonly shutdownTimeoutSeconds: number;
}

/**
 * One connection to Momento: the clients that are injected, which stay the same objects for the life of the app, over
 * the SDK clients of the key that is current. It connects when it is first used, and closes once.
 */
export class MomentoConnection implements OnApplicationShutdown {
  readonly cacheClient: CacheClient;
  readonly topicClient: TopicClient;
  readonly authClient: AuthClient;
  readonly leaderboardClient: PreviewLeaderboardClient;

  readonly #options: ConnectionOptions;
  readonly #credentials: MomentoCredentials;
  readonly #configurations: ClientConfigurations;
  readonly #logger = new Logger('Momento');
  readonly #subscriptions: LiveSubscriptions;
  readonly #closing = new AbortController();
  readonly #own = new WeakSet<object>();
  #current: ClientGeneration | undefined;
  #starting: Promise<ClientGeneration> | undefined;
  #started = false;
  readonly #retiring = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(options: ConnectionOptions, credentials: MomentoCredentials) {
    this.#options = options;
    this.#credentials = credentials;
    this.#configurations = prepareConfigurations(options.configuration, options.topicConfiguration);
    this.#subscriptions = new LiveSubscriptions({
      positions: this.#configurations.positions,
      timeoutMs: this.#configurations.topicTimeoutMs,
      renewKey: (rejected) => this.#renewKeyOfStream(rejected),
    });
    credentials.replaceWith((credential) => this.#replaceClients(credential.provider));

    const close = { value: () => void this.close() };
    this.cacheClient = createStableClient(
      CacheClient,
      (method, args) => this.#run((clients) => invoke(clients.cacheClient, method, args)),
      {
        close,
        configuration: { value: this.#configurations.cache },
        getBatch: { value: this.#boundedBatch('getBatch') },
        setBatch: { value: this.#boundedBatch('setBatch') },
      },
      ['cache'],
    );
    this.topicClient = createStableClient(
      TopicClient,
      (method, args) => this.#run((clients) => invoke(clients.topicClient, method, args)),
      { subscribe: { value: this.#subscribe.bind(this) } },
    );
    this.authClient = createStableClient(
      AuthClient,
      (method, args) => this.#run((clients) => invoke(clients.authClient, method, args)),
      {},
    );
    this.leaderboardClient = createStableLeaderboardClient((call) => this.#run(call), close.value);
    this.adopt(this.cacheClient);
    this.adopt(this.topicClient);
  }

  get name(): string {
    return this.#options.name;
  }

  /** Aborted when the connection begins to close. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** Time limit of one cache call, in milliseconds: the configuration's client timeout. */
  get cacheTimeoutMs(): number {
    return this.#configurations.cache.getTransportStrategy().getGrpcConfig().getDeadlineMillis();
  }

  /** Remembers a service as the module's own. */
  adopt<T extends object>(service: T): T {
    this.#own.add(service);
    return service;
  }

  /** Whether none of these was replaced by a test. */
  owns(injectables: readonly object[]): boolean {
    return injectables.every((injectable) => this.#own.has(injectable));
  }

  /**
   * Awaits the key and Momento, so that a wrong set-up fails the boot. Closes everything when it fails: Nest calls no
   * shutdown hook of an app that did not start.
   *
   * @throws MomentoConfigurationError
   */
  async connect(): Promise<void> {
    const { cacheName, createCaches, bootTimeoutSeconds } = this.#options;
    try {
      const { cacheClient } = await this.#ready();
      const exists = await this.#probe(cacheClient, bootTimeoutSeconds * 1000);
      if (cacheName === undefined || exists !== false) return;
      if (!createCaches) throw cacheNotFound(cacheName);
      await this.ensureCache(cacheName);
    } catch (error) {
      if (this.#mayDegrade(error)) {
        this.#logger.warn(`${error.message} The app starts without it.`);
        return;
      }
      await this.close();
      throw error;
    }
  }

  /** Creates a cache unless it is there, when the option `createCaches` is set. */
  async ensureCache(cacheName: string): Promise<void> {
    if (!this.#options.createCaches) return;
    const operation = { name: 'createCache', cacheName };
    await callMomento(operation, this.cacheClient.createCache(cacheName), MomentoCacheError);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** Stops intake, drains within `shutdownTimeoutSeconds`, unsubscribes, closes each client once; later calls are refused. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#credentials.stop();
    const last = this.#current;
    this.#current = undefined;
    if (last !== undefined) await this.#retire(last, () => this.#subscriptions.unsubscribeAll());
    await Promise.all(this.#retiring);
    if (this.#started) for (const middleware of this.#configurations.middlewares) middleware.close?.();
    await this.#credentials.close();
  }

  /**
   * Makes a call on the clients of the moment. When Momento rejects their key, the call joins the look for another one and
   * is repeated with it, inside its own time limit: it was not carried out.
   */
  async #run<T>(
    call: (clients: ClientGeneration) => Promise<T>,
    timeoutMs = this.cacheTimeoutMs,
  ): Promise<T> {
    const startedAt = performance.now();
    for (;;) {
      const clients = this.#current ?? (await this.#ready());
      this.#credentials.noteUse();
      const outcome = await outcomeOf(clients.run(call));
      if (!isKeyRejected(outcome)) return finish(outcome);
      const timeLeftMs = timeoutMs - (performance.now() - startedAt);
      if (timeLeftMs <= 0 || !(await this.#renewKey(clients, timeLeftMs))) return finish(outcome);
    }
  }

  /** Whether there are clients with another key, at the latest when the time is over. */
  async #renewKey(clients: ClientGeneration, limitMs: number): Promise<boolean> {
    await this.#credentials.renewRejected(clients.credentialProvider, limitMs);
    return this.#current !== clients && this.#current !== undefined;
  }

  /** A stream has no time limit of its own: it waits for as long as a key is looked for. */
  async #renewKeyOfStream(rejected: TopicClient): Promise<boolean> {
    const clients = this.#current;
    if (clients === undefined) return false;
    return clients.subscriptionClient !== rejected || this.#renewKey(clients, longestTimeoutMs);
  }

  async #ready(): Promise<ClientGeneration> {
    this.#refuseWhenClosed();
    if (this.#current !== undefined) return this.#current;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #start(): Promise<ClientGeneration> {
    const { provider } = await this.#credentials.current();
    this.#refuseWhenClosed();
    this.#started = true;
    for (const middleware of this.#configurations.middlewares) middleware.init?.();
    this.#current = ClientGeneration.create(this.#generationOptions(provider));
    return this.#current;
  }

  #generationOptions(credentialProvider: CredentialProvider): GenerationOptions {
    return {
      credentialProvider,
      configurations: this.#configurations,
      defaultTtlSeconds: this.#options.defaultTtlSeconds,
    };
  }

  /**
   * Connects clients with another key and makes sure that Momento accepts it, before they take over; what is in flight ends
   * on the clients before.
   *
   * @throws MomentoConfigurationError `key-rejected` or `momento-unreachable`; the clients in use stay
   */
  async #replaceClients(provider: CredentialProvider): Promise<void> {
    const previous = this.#current ?? (await this.#starting);
    if (previous === undefined) return;
    const next = await this.#connectNext(provider);
    this.#current = next;
    if (this.#subscriptions.size > 0) void this.#subscriptions.moveTo(next.subscriptionClient);
    const retired = this.#retire(previous).finally(() => this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }

  async #connectNext(provider: CredentialProvider): Promise<ClientGeneration> {
    const next = await ClientGeneration.connect(this.#generationOptions(provider), this.cacheTimeoutMs);
    try {
      await this.#probe(next.cacheClient, this.cacheTimeoutMs);
      this.#refuseWhenClosed();
      return next;
    } catch (error) {
      void next.close();
      throw error;
    }
  }

  /** Lets calls in flight end on their clients, then closes these. */
  async #retire(clients: ClientGeneration, beforeClose?: () => void): Promise<void> {
    const { shutdownTimeoutSeconds } = this.#options;
    if (!(await clients.drain(shutdownTimeoutSeconds * 1000))) {
      this.#logger.warn(
        `Calls were still in flight after ${shutdownTimeoutSeconds} s; their clients are closed now.`,
      );
    }
    beforeClose?.();
    void clients.close().then(() => this.#credentials.noteDrained());
  }

  #subscribe(
    cacheName: string,
    topicName: string,
    options: SubscribeCallOptions,
  ): Promise<TopicSubscribe.Response> {
    return this.#run((clients) =>
      this.#subscriptions.subscribe(clients.subscriptionClient, cacheName, topicName, options),
    );
  }

  /** The SDK gives batch calls no deadline: without a signal of the caller's, they get the time of any other call. */
  #boundedBatch(method: 'getBatch' | 'setBatch') {
    return (cacheName: string, items: unknown, options: { abortSignal?: AbortSignal } = {}) => {
      const abortSignal = options.abortSignal ?? AbortSignal.timeout(this.cacheTimeoutMs);
      return this.#run((clients) =>
        invoke(clients.cacheClient, method, [cacheName, items, { ...options, abortSignal }]),
      );
    };
  }

  #probe(client: CacheClient, limitMs: number): Promise<boolean | undefined> {
    const { cacheName } = this.#options;
    return probeMomento(client, {
      cacheName,
      source: this.#credentials.status().source,
      limitMs,
      signal: this.#closing.signal,
    });
  }

  #mayDegrade(error: unknown): error is MomentoConfigurationError {
    return (
      this.#options.onConnectError === 'degrade' &&
      error instanceof MomentoConfigurationError &&
      error.problem === 'momento-unreachable'
    );
  }

  #refuseWhenClosed(): void {
    if (this.#closing.signal.aborted) throw new MomentoClosedError(this.name);
  }
}

/** setTimeout's longest delay. */
const longestTimeoutMs = 2 ** 31 - 1;

function cacheNotFound(cacheName: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'cache-not-found',
    `The cache '${cacheName}' does not exist.`,
    'Create it in the Momento console, correct the option cacheName, or set createCaches: true.',
  );
}
