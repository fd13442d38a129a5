import {
  AuthClient,
  AuthClientConfigurations,
  CacheClient,
  type CredentialProvider,
  PreviewLeaderboardClient,
  TopicClient,
} from '@gomomento/sdk';
import { InFlight } from '../../foundation/in-flight.js';
import type { CallOutcome } from '../sdk/call-outcome.js';
import type { ClientConfigurations } from '../sdk/client-configuration.js';

const nowhere = 'nestjs-momento:connect';

export interface GenerationOptions {
  readonly credentialProvider: CredentialProvider;
  readonly configurations: ClientConfigurations;
  readonly defaultTtlSeconds: number;
}

/**
 * The SDK's clients of one key. The SDK reads a key once, when a client is made, so another key means other clients.
 * All but the `CacheClient` are made on first use.
 */
export class ClientGeneration {
  readonly cacheClient: CacheClient;
  /** Whether Momento rejected the key of these clients, in the last call that says so or not. */
  isRejected = false;
  readonly #configurations: ClientConfigurations;
  readonly #inFlight = new InFlight();
  readonly #superseded = new AbortController();
  #isClosed = false;
  #topicClient: TopicClient | undefined;
  #subscriptionClient: TopicClient | undefined;
  #authClient: AuthClient | undefined;
  #leaderboardClient: PreviewLeaderboardClient | undefined;

  private constructor(
    cacheClient: CacheClient,
    readonly provider: CredentialProvider,
    configurations: ClientConfigurations,
  ) {
    this.cacheClient = cacheClient;
    this.#configurations = configurations;
  }

  /** Connects when it is used. */
  static create(options: GenerationOptions): ClientGeneration {
    const { credentialProvider, configurations } = options;
    return new ClientGeneration(
      new CacheClient(cacheClientProps(options)),
      credentialProvider,
      configurations,
    );
  }

  /** Connected before it is used, so that no request waits. @throws the SDK's error when Momento cannot be reached */
  static async connect(options: GenerationOptions, timeoutMs: number): Promise<ClientGeneration> {
    const eagerConnectTimeout = Math.ceil(timeoutMs / 1000);
    const cacheClient = await CacheClient.create({ ...cacheClientProps(options), eagerConnectTimeout });
    return new ClientGeneration(cacheClient, options.credentialProvider, options.configurations);
  }

  get usesTopics(): boolean {
    return this.#topicClient !== undefined;
  }

  /**
   * Connects the topic client ahead of its use. The SDK offers no way to, so each of its connections is made to publish into a
   * cache that does not exist, which the service refuses.
   */
  async connectTopics(): Promise<void> {
    const grpcConfig = this.#configurations.topics.getTransportStrategy().getGrpcConfig();
    const connections = grpcConfig.getNumUnaryClients() ?? grpcConfig.getNumClients() ?? 1;
    const publishes = Array.from({ length: connections }, () =>
      this.topicClient.publish(nowhere, nowhere, nowhere),
    );
    await Promise.allSettled(publishes);
  }

  /** Publishes and manages webhooks. */
  get topicClient(): TopicClient {
    this.#topicClient ??= new TopicClient({
      credentialProvider: this.provider,
      configuration: this.#configurations.topics,
    });
    return this.#topicClient;
  }

  /** Where streams stay: apart from publishing, because its deadline is that of a stream. */
  get subscriptionClient(): TopicClient {
    this.#subscriptionClient ??= new TopicClient({
      credentialProvider: this.provider,
      configuration: this.#configurations.subscriptions,
    });
    return this.#subscriptionClient;
  }

  get authClient(): AuthClient {
    this.#authClient ??= new AuthClient({
      credentialProvider: this.provider,
      configuration: AuthClientConfigurations.Default.latest(this.#configurations.loggerFactory),
      throwOnErrors: this.#configurations.cache.getThrowOnErrors(),
    });
    return this.#authClient;
  }

  get leaderboardClient(): PreviewLeaderboardClient {
    this.#leaderboardClient ??= new PreviewLeaderboardClient({
      credentialProvider: this.provider,
      configuration: this.#configurations.leaderboards,
    });
    return this.#leaderboardClient;
  }

  /** Makes a call that `drain()` waits for. Never rejects. */
  async attempt<T>(call: (clients: this) => Promise<T>): Promise<CallOutcome<T>> {
    try {
      return { value: await this.#inFlight.track(() => call(this)) };
    } catch (thrown) {
      return { thrown };
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
    this.#leaderboardClient?.close();
  }
}

function cacheClientProps({ credentialProvider, configurations, defaultTtlSeconds }: GenerationOptions) {
  return { credentialProvider, configuration: configurations.cache, defaultTtlSeconds };
}
