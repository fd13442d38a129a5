import type {
  AuthClient,
  CacheClient,
  Configuration,
  LeaderboardConfiguration,
  PreviewLeaderboardClient,
  TopicClient,
  TopicConfiguration,
} from '@gomomento/sdk';
import type { Logger } from '@nestjs/common';
import type { KeyFollower } from '../credentials/following/key-follower.js';
import { connectionLogger } from '../foundation/connection-logger.js';
import type { ConnectionTelemetry, MomentoTelemetry } from '../foundation/telemetry.js';
import { endOfTurn } from '../foundation/time/end-of-turn.js';
import { InFlight } from '../foundation/time/in-flight.js';
import { MomentoConfigurationError } from '../foundation/momento.errors.js';
import { createInjectedClients } from './facade/injected-clients.js';
import { CurrentClients } from './rotation/current-clients.js';
import { type ClientConfigurations, prepareConfigurations } from './sdk/client-configuration.js';
import type { SdkLogs } from './sdk/momento-logger.js';
import { LiveSubscriptions } from './streams/live-subscriptions.js';
import { StreamOpenings } from './streams/stream-openings.js';

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
  readonly telemetry: MomentoTelemetry | undefined;
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
  /** Calls and background work under way, which the connection is not closed under. */
  readonly inFlight = new InFlight();
  /** Topic handlers that are running. */
  readonly handlers = new InFlight();
  /** Undefined: nobody is told. */
  readonly telemetry: ConnectionTelemetry | undefined;

  readonly #options: ConnectionOptions;
  readonly #follower: KeyFollower;
  readonly #configurations: ClientConfigurations;
  readonly #clients: CurrentClients;
  readonly #subscriptions: LiveSubscriptions;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  readonly #closing = new AbortController();
  readonly #refusing = new AbortController();
  readonly #own = new WeakSet<object>();
  readonly #found = new Map<string, Promise<void>>();
  /** They had their time already. */
  #handlersAreSlow = false;
  #closed: Promise<void> | undefined;

  constructor(options: ConnectionOptions, follower: KeyFollower) {
    this.#options = options;
    this.#follower = follower;
    this.#logger = connectionLogger('Momento', options.name);
    this.telemetry = options.telemetry?.begin(options.name);
    const openings = new StreamOpenings();
    const prepared = prepareConfigurations(options);
    this.#configurations = { ...prepared, subscriptions: openings.configure(prepared.subscriptions) };
    this.#clients = new CurrentClients({
      ...options,
      connectionName: options.name,
      follower,
      configurations: this.#configurations,
      logger: this.#logger,
      inFlight: this.inFlight,
      closed: this.#refusing.signal,
    });
    if (options.cacheName !== undefined) this.#clients.neededCaches.add(options.cacheName);
    this.#subscriptions = new LiveSubscriptions({
      clients: this.#clients,
      openings,
      answerTimeoutMs: this.#configurations.topicTimeoutMs,
      inFlight: this.handlers,
      connectionName: options.name,
    });
    const injected = createInjectedClients({
      configurations: this.#configurations,
      logger: this.#logger,
      telemetry: this.telemetry,
      run: (call, timeoutMs, usesKey = true) => this.#clients.calls.run(call, timeoutMs, usesKey),
      subscribe: (clients, ...args) => this.#subscriptions.subscribe(clients, ...args),
    });
    this.cacheClient = this.adopt(injected.cacheClient);
    this.topicClient = this.adopt(injected.topicClient);
    this.authClient = injected.authClient;
    this.leaderboardClient = injected.leaderboardClient;
    this.telemetry?.observe({ key: () => follower.status() });
  }

  get name(): string {
    return this.#options.name;
  }

  /** The cache of what names none. */
  get cacheName(): string | undefined {
    return this.#options.cacheName;
  }

  /** Whether the app may start while Momento cannot be reached. */
  get mayStartWithout(): boolean {
    return this.#options.onConnectError === 'degrade';
  }

  /** How long a call to a cache may take. */
  get callTimeoutMs(): number {
    return this.#configurations.cacheTimeoutMs;
  }

  /** Aborted when the app begins to shut down: nothing that is listened to is handed over any more. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Aborted when the connection begins to close: everything is still usable, and what is in flight is waited for. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Aborted when calls are refused: the connection has closed, or is about to. */
  get signal(): AbortSignal {
    return this.#refusing.signal;
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
      await this.#clients.connect(this.#options.bootTimeoutSeconds * 1000);
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
   * Makes sure, once a cache, that it is there, now and with each key to come; creates it when the option `createCaches` is
   * set.
   *
   * @throws MomentoConfigurationError when it is missing
   */
  async ensureCache(cacheName: string): Promise<void> {
    if (cacheName === this.#options.cacheName) return;
    const limitMs = this.#options.bootTimeoutSeconds * 1000;
    const found = this.#found.get(cacheName) ?? this.#clients.ensureCache(cacheName, limitMs);
    this.#found.set(cacheName, found);
    await found.catch((error: unknown) => {
      if (!this.#mayDegrade(error)) throw error;
    });
  }

  /**
   * Hands out no more messages, and lets their handlers end within `shutdownTimeoutSeconds`. Comes before the HTTP server waits for
   * its connections, so that a stream to a browser holds nothing; requests still use everything.
   */
  async stopListening(): Promise<void> {
    this.#stopping.abort();
    const [areIdle] = await Promise.all([
      this.handlers.drain(this.#options.shutdownTimeoutSeconds * 1000),
      // Node closes the connections of browsers whose answers have ended by then, and waits seconds for the others.
      endOfTurn(),
    ]);
    this.#handlersAreSlow = !areIdle;
  }

  /**
   * Hands out no more messages, lets handlers, calls and background work end within `shutdownTimeoutSeconds` while everything
   * is still usable, then refuses later calls, unsubscribes, and closes each client once.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { shutdownTimeoutSeconds } = this.#options;
    const limitMs = shutdownTimeoutSeconds * 1000;
    this.#stopping.abort();
    this.#closing.abort();
    this.#subscriptions.stopDelivery();
    const areIdle = await Promise.all([
      this.inFlight.drain(limitMs),
      this.handlers.drain(this.#handlersAreSlow ? 0 : limitMs),
    ]);
    if (areIdle.includes(false)) {
      const count = this.inFlight.count + this.handlers.count;
      this.#logger.warn(`${count} calls or handlers are still under way after ${shutdownTimeoutSeconds} s.`);
    }
    this.#refusing.abort();
    this.#follower.stop();
    try {
      await this.#subscriptions.unsubscribeAll();
      await this.#clients.close();
    } finally {
      this.telemetry?.close();
      await this.#follower.close();
    }
  }

  #mayDegrade(error: unknown): error is MomentoConfigurationError {
    const isUnreachable = error instanceof MomentoConfigurationError && error.code === 'momento-unreachable';
    return isUnreachable && this.mayStartWithout;
  }
}
