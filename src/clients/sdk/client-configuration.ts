import {
  type Configuration,
  Configurations,
  DefaultMomentoLoggerFactory,
  type LeaderboardConfiguration,
  LeaderboardConfigurations,
  type Middleware,
  type MomentoLoggerFactory,
  type TopicConfiguration,
  TopicConfigurations,
} from '@gomomento/sdk';
import { longestTimerMs } from '../../foundation/time/time-limit.js';
import { delegateTo } from './delegate.js';
import { NestMomentoLoggerFactory, type SdkLogs } from './momento-logger.js';
import { releaseReconnectTimers } from './held-timers.js';

/** What the user configured. */
export interface ConfigurationOptions {
  readonly name: string;
  readonly configuration: Configuration | undefined;
  readonly topicConfiguration: TopicConfiguration | undefined;
  readonly leaderboardConfiguration: LeaderboardConfiguration | undefined;
  readonly sdkLogs: SdkLogs;
}

/** The configurations that every generation of clients is built with. */
export interface ClientConfigurations {
  readonly cache: Configuration;
  /** For publishing and webhooks. */
  readonly topics: TopicConfiguration;
  /** For streams that stay: without the deadline that would cut them. */
  readonly subscriptions: TopicConfiguration;
  readonly leaderboards: LeaderboardConfiguration;
  /** How long one cache call may take: the configuration's client timeout. */
  readonly cacheTimeoutMs: number;
  /** How long one topic call may take, the first message of a subscription included. */
  readonly topicTimeoutMs: number;
  /** How long one call of a leaderboard may take. */
  readonly leaderboardTimeoutMs: number;
  readonly loggerFactory: MomentoLoggerFactory;
  /** The user's middlewares, once each: the clients see them without `init` and `close`. */
  readonly middlewares: readonly Middleware[];
}

/** What the configurations of all clients have. */
interface CommonConfiguration {
  getLoggerFactory(): MomentoLoggerFactory;
  getMiddlewares(): Middleware[];
}

/** The SDK's first stream of a subscription inherits this deadline, and is cut when it is over; an hour was measured to run clean. */
export const streamDeadlineMs = 3_600_000;
const defaultTimeoutMs = 5_000;

/**
 * Prepares the user's configurations, or the SDK's documented defaults. The SDK's logs go to Nest, unless the user chose
 * another logger factory; clients come and go with each key, so the life of the middlewares is not left to them.
 */
export function prepareConfigurations(options: ConfigurationOptions): ClientConfigurations {
  const nest = new NestMomentoLoggerFactory(options.sdkLogs, options.name);
  const cache = options.configuration ?? Configurations.Laptop.latest(nest);
  const topics = options.topicConfiguration ?? defaultTopicConfiguration(nest);
  const leaderboards =
    options.leaderboardConfiguration ??
    LeaderboardConfigurations.Laptop.latest(nest).withThrowOnErrors(cache.getThrowOnErrors());
  const preparedCache = prepare(cache, nest);
  return {
    cache: preparedCache,
    topics: prepare(topics, nest),
    subscriptions: prepare(topics.withClientTimeoutMillis(streamDeadlineMs), nest),
    leaderboards: prepare(leaderboards, nest),
    cacheTimeoutMs: timeoutMs(cache),
    topicTimeoutMs: timeoutMs(topics),
    leaderboardTimeoutMs: timeoutMs(leaderboards),
    loggerFactory: preparedCache.getLoggerFactory(),
    middlewares: [
      ...new Set([...cache.getMiddlewares(), ...topics.getMiddlewares(), ...leaderboards.getMiddlewares()]),
    ],
  };
}

/**
 * The SDK's, with fewer connections: it has no way to close those of a key that was replaced, so each stays open until gRPC
 * finds it idle. A hundred streams fit on one.
 */
function defaultTopicConfiguration(nest: MomentoLoggerFactory): TopicConfiguration {
  return TopicConfigurations.Default.latest(nest).withNumStreamConnections(2).withNumUnaryConnections(1);
}

/** The user's own configuration but for where its logs go, and for the life of its middlewares. */
function prepare<C extends CommonConfiguration>(configuration: C, nest: MomentoLoggerFactory): C {
  const loggerFactory = chooseLoggerFactory(configuration.getLoggerFactory(), nest);
  const middlewares = configuration.getMiddlewares().map(withoutLifeCycle);
  const replaced: CommonConfiguration = {
    getLoggerFactory: () => loggerFactory,
    getMiddlewares: () => middlewares,
  };
  return delegateTo<CommonConfiguration>(configuration, replaced, (changed) => prepare(changed, nest)) as C;
}

interface WithTimeout {
  getTransportStrategy(): { getGrpcConfig(): { getDeadlineMillis(): number | undefined } };
}

function timeoutMs(configuration: WithTimeout): number {
  const deadlineMs = configuration.getTransportStrategy().getGrpcConfig().getDeadlineMillis();
  return Math.min(deadlineMs ?? defaultTimeoutMs, longestTimerMs);
}

function chooseLoggerFactory(chosen: MomentoLoggerFactory, nest: MomentoLoggerFactory): MomentoLoggerFactory {
  return releaseReconnectTimers(chosen instanceof DefaultMomentoLoggerFactory ? nest : chosen);
}

/** The middleware, with `init` and `close` out of the clients' sight. */
function withoutLifeCycle(middleware: Middleware): Middleware {
  return delegateTo(middleware, { init: undefined, close: undefined });
}
