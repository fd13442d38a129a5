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
import { ClientGeneration } from './client-generation.js';
import { createStableLeaderboardClient } from './leaderboard-client.js';
import { LiveSubscriptions } from './live-subscriptions.js';
import { callMomento } from './sdk-answer.js';
import { createStableClient, invoke } from './stable-client.js';

export interface ConnectionOptions {
  readonly name: string;
  readonly cacheName?: string;
  readonly createCaches: boolean;
  readonly defaultTtlSeconds: number;
  readonly configuration?: Configuration;
  readonly topicConfiguration?: TopicConfiguration;
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
  readonly #subscriptions = new LiveSubscriptions();
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
    credentials.on('rotated', () => void this.#replaceClients());

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
    const { cacheName, createCaches } = this.#options;
    try {
      const { cacheClient } = await this.#ready();
      const exists = await this.#probe(cacheClient);
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

  #run<T>(call: (clients: ClientGeneration) => Promise<T>): Promise<T> {
    return this.#current?.run(call) ?? this.#ready().then((clients) => clients.run(call));
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
    this.#current = this.#build(provider);
    return this.#current;
  }

  #build(provider: CredentialProvider): ClientGeneration {
    return new ClientGeneration(provider, this.#configurations, this.#options.defaultTtlSeconds);
  }

  async #replaceClients(): Promise<void> {
    const previous = this.#current;
    if (previous === undefined) return;
    const { provider } = await this.#credentials.current();
    if (this.#closing.signal.aborted) return;
    this.#current = this.#build(provider);
    const retired = this.#retire(previous).finally(() => this.#retiring.delete(retired));
    this.#retiring.add(retired);
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
    clients.close();
  }

  #subscribe(
    cacheName: string,
    topicName: string,
    options: SubscribeCallOptions,
  ): Promise<TopicSubscribe.Response> {
    const { topicTimeoutMs } = this.#configurations;
    return this.#run((clients) =>
      this.#subscriptions.subscribe(
        clients.subscriptionClient,
        cacheName,
        topicName,
        options,
        topicTimeoutMs,
      ),
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

  #probe(client: CacheClient): Promise<boolean | undefined> {
    const { cacheName, bootTimeoutSeconds } = this.#options;
    return probeMomento(client, {
      cacheName,
      source: this.#credentials.status().source,
      limitMs: bootTimeoutSeconds * 1000,
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

function cacheNotFound(cacheName: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'cache-not-found',
    `The cache '${cacheName}' does not exist.`,
    'Create it in the Momento console, correct the option cacheName, or set createCaches: true.',
  );
}
