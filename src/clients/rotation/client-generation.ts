import {
  AuthClient,
  AuthClientConfigurations,
  CacheClient,
  type Configuration,
  PreviewLeaderboardClient,
  TopicClient,
} from '@gomomento/sdk';
import type { SealedCredentialProvider } from '../../credentials/key/sealed-credential-provider.js';
import { InFlight } from '../../foundation/time/in-flight.js';
import { type CallOutcome, following } from '../sdk/sdk-answer.js';
import type { ClientConfigurations } from '../sdk/client-configuration.js';

export interface GenerationOptions {
  readonly configurations: ClientConfigurations;
  readonly defaultTtlSeconds: number;
}

/**
 * In place of the control plane for clients that only make data calls, and the other way round. The SDK's `close()` wakes a
 * channel that was not used; by this name it is closed before it is resolved, so that no connection is left behind.
 */
const unused = 'localhost:1';

/**
 * The SDK's clients of one key. The SDK reads a key once, when a client is made, so another key means other clients.
 * All but the `CacheClient` are made on first use.
 */
export class ClientGeneration {
  /** For all but the calls of the control plane. */
  readonly cacheClient: CacheClient;
  /** Whether Momento rejected the key of these clients, in the last call that says so or not. */
  isRejected = false;
  readonly #options: GenerationOptions;
  readonly #inFlight = new InFlight();
  readonly #superseded = new AbortController();
  #isClosed = false;
  #controlClient: CacheClient | undefined;
  #topicClient: TopicClient | undefined;
  #subscriptionClient: TopicClient | undefined;
  #authClient: AuthClient | undefined;
  #leaderboardClient: PreviewLeaderboardClient | undefined;

  private constructor(
    cacheClient: CacheClient,
    readonly provider: SealedCredentialProvider,
    options: GenerationOptions,
  ) {
    this.cacheClient = cacheClient;
    this.#options = options;
  }

  /** Connects when it is used. */
  static create(provider: SealedCredentialProvider, options: GenerationOptions): ClientGeneration {
    return new ClientGeneration(new CacheClient(cacheClientProps(provider, options)), provider, options);
  }

  /** With one connection, for a call or two of the library's own: the user's middlewares do not see them. */
  static createLight(
    provider: SealedCredentialProvider,
    configurations: ClientConfigurations,
  ): ClientGeneration {
    const cache = withOneConnection(configurations.cache).withMiddlewares([]);
    return ClientGeneration.create(provider, {
      configurations: { ...configurations, cache },
      defaultTtlSeconds: 1,
    });
  }

  /** Connected before it is used, so that no request waits. @throws the SDK's error when Momento cannot be reached */
  static async connect(
    provider: SealedCredentialProvider,
    options: GenerationOptions,
    timeoutMs: number,
  ): Promise<ClientGeneration> {
    const eagerConnectTimeout = Math.ceil(timeoutMs / 1000);
    const props = { ...cacheClientProps(provider, options), eagerConnectTimeout };
    return new ClientGeneration(await CacheClient.create(props), provider, options);
  }

  /** Creates, deletes, flushes and lists caches. */
  get controlClient(): CacheClient {
    this.#controlClient ??= new CacheClient({
      credentialProvider: this.provider.withEndpoints({ cacheEndpoint: unused }),
      configuration: withOneConnection(this.#options.configurations.cache),
      defaultTtlSeconds: this.#options.defaultTtlSeconds,
    });
    return this.#controlClient;
  }

  /** Publishes and manages webhooks. */
  get topicClient(): TopicClient {
    this.#topicClient ??= new TopicClient({
      credentialProvider: this.provider,
      configuration: this.#options.configurations.topics,
    });
    return this.#topicClient;
  }

  /** Where streams stay: apart from publishing, because its deadline is that of a stream. */
  get subscriptionClient(): TopicClient {
    this.#subscriptionClient ??= new TopicClient({
      credentialProvider: this.provider,
      configuration: this.#options.configurations.subscriptions,
    });
    return this.#subscriptionClient;
  }

  get authClient(): AuthClient {
    const { loggerFactory, cache } = this.#options.configurations;
    this.#authClient ??= new AuthClient({
      credentialProvider: this.provider,
      configuration: AuthClientConfigurations.Default.latest(loggerFactory),
      throwOnErrors: cache.getThrowOnErrors(),
    });
    return this.#authClient;
  }

  get leaderboardClient(): PreviewLeaderboardClient {
    this.#leaderboardClient ??= new PreviewLeaderboardClient({
      credentialProvider: this.provider,
      configuration: this.#options.configurations.leaderboards,
    });
    return this.#leaderboardClient;
  }

  /**
   * Makes a call that `drain()` waits for. Each `get` of the app is one, so it costs one promise with what follows it.
   *
   * @param then what follows the call, however it ended
   */
  attempt<T, R>(
    call: (clients: this) => Promise<T>,
    then: (outcome: CallOutcome<T>) => R | Promise<R>,
  ): Promise<R> {
    this.#inFlight.begin();
    return following(this.#begin(call), (outcome) => {
      this.#inFlight.end();
      return then(outcome);
    });
  }

  /** A client that is made on first use may refuse to be made. */
  #begin<T>(call: (clients: this) => Promise<T>): Promise<T> {
    try {
      return call(this);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Resolves when no call is in flight, or when the time is over; true when none is. */
  drain(limitMs?: number): Promise<boolean> {
    return this.#inFlight.drain(limitMs);
  }

  /** Aborted when the clients of another key have taken over: who holds on to these, as a stream does, moves there. */
  get superseded(): AbortSignal {
    return this.#superseded.signal;
  }

  supersede(): void {
    this.#superseded.abort();
  }

  /**
   * Closes the clients once no call is in flight: the SDK repeats a call of a closed client in a timer of its own, where
   * gRPC's refusal would be an uncaught exception. Topic clients have no `close()`; they end with their subscriptions.
   */
  async close(): Promise<void> {
    await this.drain();
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.cacheClient.close();
    this.#controlClient?.close();
    this.#leaderboardClient?.close();
  }
}

function cacheClientProps(
  provider: SealedCredentialProvider,
  { configurations, defaultTtlSeconds }: GenerationOptions,
) {
  const credentialProvider = provider.withEndpoints({ controlEndpoint: unused });
  return { credentialProvider, configuration: configurations.cache, defaultTtlSeconds };
}

function withOneConnection(configuration: Configuration): Configuration {
  const strategy = configuration.getTransportStrategy();
  return configuration.withTransportStrategy(
    strategy.withGrpcConfig(strategy.getGrpcConfig().withNumClients(1)),
  );
}
