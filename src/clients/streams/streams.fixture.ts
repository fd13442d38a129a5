import {
  Configurations,
  CredentialProvider,
  type MomentoLoggerFactory,
  TopicClient,
  TopicConfigurations,
} from '@gomomento/sdk';
import { MomentoLocal, type MomentoLocalOptions } from 'nestjs-momento/local';
import { vi } from 'vitest';
import { toCredential } from '../../credentials/fetched/credential.js';
import { MomentoClosedError } from '../../foundation/momento.errors.js';
import { ClientGeneration } from '../rotation/client-generation.js';
import { type ClientConfigurations, prepareConfigurations } from '../sdk/client-configuration.js';
import { LiveSubscriptions, type LiveSubscriptionsOptions } from './live-subscriptions.js';
import { StreamOpenings } from './stream-openings.js';
import type { StreamClients } from './subscription-context.js';

const silent = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };
const silentLogger: MomentoLoggerFactory = { getLogger: () => silent };

const cacheConfiguration = Configurations.Laptop.latest(silentLogger);
const topicConfiguration = TopicConfigurations.Default.latest(silentLogger)
  .withClientTimeoutMillis(10_000)
  .withNumStreamConnections(4);

/** The clients of the key in use, as a connection has them, replaced when a test says so. */
class KeysInUse implements StreamClients {
  #current: ClientGeneration;
  /** What a look for another key finds. */
  next: CredentialProvider | undefined;
  looks = 0;
  isClosed = false;

  constructor(
    readonly configurations: ClientConfigurations,
    provider: CredentialProvider,
  ) {
    this.#current = this.#create(provider);
  }

  get current(): ClientGeneration {
    return this.#current;
  }

  async ready(): Promise<ClientGeneration> {
    if (this.isClosed) throw new MomentoClosedError('default');
    return this.#current;
  }

  async renewRejected(clients: ClientGeneration): Promise<boolean> {
    this.looks += 1;
    if (this.next !== undefined && clients === this.#current) this.rotate(this.next);
    return clients !== this.#current;
  }

  rotate(provider: CredentialProvider): void {
    const previous = this.#current;
    this.#current = this.#create(provider);
    previous.supersede();
  }

  #create(credentialProvider: CredentialProvider): ClientGeneration {
    const { provider } = toCredential({ provider: credentialProvider }, undefined, 'a test');
    return ClientGeneration.create(provider, { configurations: this.configurations, defaultTtlSeconds: 60 });
  }
}

export interface StreamScene {
  readonly momento: MomentoLocal;
  readonly keys: KeysInUse;
  readonly subscriptions: LiveSubscriptions;
  /** A client of the SDK with this key. */
  publisherOf(key?: string): TopicClient;
  publish(...values: string[]): Promise<void>;
  stop(): Promise<void>;
}

/** Subscriptions on real clients of the SDK, in a time of their own: pauses of 10 ms and more. */
export async function startStreams(
  options: MomentoLocalOptions & {
    readonly timing?: LiveSubscriptionsOptions['timing'];
    readonly answerTimeoutMs?: number;
    readonly adapt?: (configurations: ClientConfigurations) => ClientConfigurations;
  } = {},
): Promise<StreamScene> {
  const { timing, answerTimeoutMs = 10_000, adapt = (configurations) => configurations, ...local } = options;
  const momento = await MomentoLocal.start({ caches: ['cache'], heartbeatIntervalMs: 50, ...local });
  const openings = new StreamOpenings();
  const prepared = prepareConfigurations({
    name: 'default',
    configuration: cacheConfiguration,
    topicConfiguration,
    leaderboardConfiguration: undefined,
    sdkLogs: 'warn',
  });
  const configurations = adapt({ ...prepared, subscriptions: openings.configure(prepared.subscriptions) });
  const keys = new KeysInUse(configurations, providerOf(momento));
  const publisherOf = (key?: string) =>
    new TopicClient({ credentialProvider: providerOf(momento, key), configuration: topicConfiguration });
  const publisher = publisherOf();
  const subscriptions = new LiveSubscriptions({
    clients: keys,
    openings,
    answerTimeoutMs,
    timing: { shortestPauseMs: 10, longestPauseMs: 100, overlapMs: 100, silenceLimitMs: 2_000, ...timing },
  });
  return {
    momento,
    keys,
    subscriptions,
    publisherOf,
    publish: async (...values) => {
      for (const value of values) await publisher.publish('cache', 'topic', value);
    },
    stop: async () => {
      await subscriptions.unsubscribeAll();
      await momento.stop();
    },
  };
}

/** A provider of its own for each, as each key has one. */
export function providerOf(momento: MomentoLocal, authToken?: string): CredentialProvider {
  if (authToken === undefined) {
    return CredentialProvider.forMomentoLocal({ hostname: momento.hostname, port: momento.port });
  }
  return CredentialProvider.fromString({ authToken, endpointOverrides: momento.endpoints });
}

/** Callbacks that keep what they are told. */
export function recorder() {
  const values: string[] = [];
  const told: string[] = [];
  return {
    values,
    told,
    callbacks: {
      onItem: (item: { valueString(): string }) => void values.push(item.valueString()),
      onError: (error: { errorCode(): string }) => void told.push(error.errorCode()),
      onConnectionLost: () => void told.push('lost'),
      onSubscriptionEnd: () => void told.push('end'),
      onDiscontinuity: vi.fn<(discontinuity: unknown) => void>(),
    },
  };
}
