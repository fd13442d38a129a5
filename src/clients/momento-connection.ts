import {
  type AuthClient,
  type CacheClient,
  type Configuration,
  type LeaderboardConfiguration,
  type PreviewLeaderboardClient,
  SdkError,
  type TopicClient,
  type TopicConfiguration,
} from '@gomomento/sdk';
import { Logger } from '@nestjs/common';
import type { MomentoCredentials } from '../credentials/momento-credentials.js';
import { MomentoConfigurationError } from '../foundation/momento.errors.js';
import { quoteName } from '../foundation/redaction.js';
import { probeMomento } from './rotation/boot-probe.js';
import { type ClientConfigurations, prepareConfigurations } from './sdk/client-configuration.js';
import type { SdkLogs } from './sdk/momento-logger.js';
import type { ClientGeneration } from './rotation/client-generation.js';
import { CurrentClients } from './rotation/current-clients.js';
import { createInjectedClients } from './facade/injected-clients.js';
import { LiveSubscriptions } from './streams/live-subscriptions.js';
import { sdkAnswer } from './sdk/sdk-answer.js';

export interface ConnectionOptions {
  readonly name: string;
  readonly cacheName: string | undefined;
  readonly createCaches: boolean;
  readonly defaultTtlSeconds: number;
  readonly configuration: Configuration | undefined;
  readonly topicConfiguration: TopicConfiguration | undefined;
  readonly leaderboardConfiguration: LeaderboardConfiguration | undefined;
  readonly sdkLogs: SdkLogs;
  readonly bootTimeoutSeconds: number;
  readonly onConnectError: 'fail' | 'degrade';
  readonly shutdownTimeoutSeconds: number;
}

/**
 * One connection to Momento: the clients that are injected, which stay the same objects for the life of the app, over the
 * SDK's clients of the key in use. It connects when it is first used, and closes once.
 */
export class MomentoConnection {
  readonly cacheClient: CacheClient;
  readonly topicClient: TopicClient;
  readonly authClient: AuthClient;
  readonly leaderboardClient: PreviewLeaderboardClient;

  readonly #options: ConnectionOptions;
  readonly #credentials: MomentoCredentials;
  readonly #configurations: ClientConfigurations;
  readonly #clients: CurrentClients;
  readonly #subscriptions: LiveSubscriptions;
  readonly #logger = new Logger('Momento');
  readonly #closing = new AbortController();
  readonly #own = new WeakSet<object>();
  readonly #found = new Map<string, Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(options: ConnectionOptions, credentials: MomentoCredentials) {
    this.#options = options;
    this.#credentials = credentials;
    this.#configurations = prepareConfigurations(options);
    this.#clients = new CurrentClients({
      ...options,
      connectionName: options.name,
      credentials,
      configurations: this.#configurations,
      closing: this.#closing.signal,
      accept: (clients, limitMs) => this.#probe(clients, limitMs),
      replaced: (clients) => {
        if (this.#subscriptions.size > 0) void this.#subscriptions.moveTo(clients.subscriptionClient);
      },
    });
    this.#subscriptions = new LiveSubscriptions({
      positions: this.#configurations.positions,
      timeoutMs: this.#configurations.topicTimeoutMs,
      renewKey: (rejected) => this.#clients.renewKeyOf(rejected),
    });
    const injected = createInjectedClients({
      configurations: this.#configurations,
      run: (call, timeoutMs) => this.#clients.run(call, timeoutMs),
      subscribe: ({ topicClient, subscriptionClient }, ...args) =>
        this.#subscriptions.subscribe({ opening: topicClient, lasting: subscriptionClient }, ...args),
      close: () => void this.close(),
    });
    this.cacheClient = this.adopt(injected.cacheClient);
    this.topicClient = this.adopt(injected.topicClient);
    this.authClient = injected.authClient;
    this.leaderboardClient = injected.leaderboardClient;
  }

  /** Aborted when the connection begins to close. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** Time limit of one cache call, in milliseconds: the configuration's client timeout. */
  get cacheTimeoutMs(): number {
    return this.#configurations.cacheTimeoutMs;
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
   * @returns whether it stands; false when Momento cannot be reached and the app is to start all the same
   * @throws MomentoConfigurationError
   */
  async connect(): Promise<boolean> {
    try {
      await this.#findCache(this.#options.cacheName);
      return true;
    } catch (error) {
      if (this.#mayDegrade(error)) {
        this.#logger.warn(`${error.message} The app starts without it.`);
        return false;
      }
      await this.close();
      throw error;
    }
  }

  /**
   * Makes sure, once a cache, that a cache of `forFeature` is there: created when the option `createCaches` is set.
   *
   * @throws MomentoConfigurationError when it is not
   */
  async ensureCache(cacheName: string): Promise<void> {
    if (cacheName === this.#options.cacheName) return;
    const found = this.#found.get(cacheName) ?? this.#findCache(cacheName);
    this.#found.set(cacheName, found);
    await found.catch((error: unknown) => {
      if (!this.#mayDegrade(error)) throw error;
    });
  }

  async #findCache(cacheName: string | undefined): Promise<void> {
    const clients = await this.#clients.ready();
    const exists = await this.#probe(clients, this.#options.bootTimeoutSeconds * 1000, cacheName);
    if (cacheName === undefined || exists !== false) return;
    if (!this.#options.createCaches) throw cacheNotFound(cacheName);
    const created = sdkAnswer(this.cacheClient.createCache(cacheName));
    await created.catch((error: unknown) => {
      throw error instanceof SdkError ? cacheNotCreated(cacheName, error.errorCode()) : error;
    });
  }

  /** Stops intake, drains within `shutdownTimeoutSeconds`, unsubscribes, closes each client once; later calls are refused. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#credentials.stop();
    try {
      await this.#clients.close(() => this.#subscriptions.unsubscribeAll());
    } finally {
      await this.#credentials.close();
    }
  }

  #probe(
    clients: ClientGeneration,
    limitMs: number,
    cacheName = this.#options.cacheName,
  ): Promise<boolean | undefined> {
    const { source } = this.#credentials.status();
    return probeMomento(clients, { cacheName, source, limitMs, signal: this.#closing.signal });
  }

  #mayDegrade(error: unknown): error is MomentoConfigurationError {
    const isUnreachable = error instanceof MomentoConfigurationError && error.code === 'momento-unreachable';
    return isUnreachable && this.#options.onConnectError === 'degrade';
  }
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
