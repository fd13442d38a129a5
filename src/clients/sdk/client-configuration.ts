import {
  CacheConfiguration,
  type Configuration,
  Configurations,
  DefaultMomentoLoggerFactory,
  type Middleware,
  type MomentoLoggerFactory,
  type TopicConfiguration,
  TopicClientConfiguration,
  TopicConfigurations,
} from '@gomomento/sdk';
import { longestTimerMs } from '../../foundation/time-limit.js';
import { NestMomentoLoggerFactory } from './momento-logger.js';
import { releaseReconnectTimers } from './reconnect-timers.js';
import { StreamPositions } from '../streams/stream-positions.js';

/** The configurations that every generation of clients is built with. */
export interface ClientConfigurations {
  readonly cache: Configuration;
  /** For publishing, webhooks, and the first answer of a subscription. */
  readonly topics: TopicConfiguration;
  /** For streams that stay: without the deadline that would cut them. */
  readonly subscriptions: TopicConfiguration;
  /** Where the streams of topics begin. */
  readonly positions: StreamPositions;
  /** How long one cache call may take: the configuration's client timeout. */
  readonly cacheTimeoutMs: number;
  /** How long one topic call may take, the first message of a subscription included. */
  readonly topicTimeoutMs: number;
  readonly loggerFactory: MomentoLoggerFactory;
  /** The user's middlewares, once each: the clients see them without `init` and `close`. */
  readonly middlewares: readonly Middleware[];
}

/** The first stream of a subscription inherits the client's deadline and is cut when it is over; an hour was measured to run clean. */
const streamDeadlineMs = 3_600_000;
const defaultTopicTimeoutMs = 5_000;

/**
 * Prepares the user's configurations, or the SDK's documented defaults. The SDK's logs go to Nest, unless the user chose
 * another logger factory; clients come and go with each key, so the life of the middlewares is not left to them.
 */
export function prepareConfigurations(
  configuration: Configuration | undefined,
  topicConfiguration: TopicConfiguration | undefined,
): ClientConfigurations {
  const nest = new NestMomentoLoggerFactory();
  const cache = configuration ?? Configurations.Laptop.latest(nest);
  const positions = new StreamPositions();
  const topics = topicConfiguration ?? TopicConfigurations.Default.latest(nest);
  const cacheLoggerFactory = chooseLoggerFactory(cache.getLoggerFactory(), nest);
  const forTopics = new TopicClientConfiguration({
    loggerFactory: chooseLoggerFactory(topics.getLoggerFactory(), nest),
    transportStrategy: topics.getTransportStrategy(),
    throwOnErrors: topics.getThrowOnErrors(),
    middlewares: [...topics.getMiddlewares().map(withoutLifeCycle), positions],
    subscriptionRetryStrategy: topics.getSubscriptionRetryStrategy(),
  });
  return {
    cache: new CacheConfiguration({
      loggerFactory: cacheLoggerFactory,
      retryStrategy: cache.getRetryStrategy(),
      transportStrategy: cache.getTransportStrategy(),
      throwOnErrors: cache.getThrowOnErrors(),
      middlewares: cache.getMiddlewares().map(withoutLifeCycle),
      readConcern: cache.getReadConcern(),
      compression: cache.getCompressionStrategy(),
    }),
    topics: forTopics,
    subscriptions: forTopics.withClientTimeoutMillis(streamDeadlineMs),
    positions,
    cacheTimeoutMs: Math.min(
      cache.getTransportStrategy().getGrpcConfig().getDeadlineMillis(),
      longestTimerMs,
    ),
    topicTimeoutMs: Math.min(
      topics.getTransportStrategy().getGrpcConfig().getDeadlineMillis() ?? defaultTopicTimeoutMs,
      longestTimerMs,
    ),
    loggerFactory: cacheLoggerFactory,
    middlewares: [...new Set([...cache.getMiddlewares(), ...topics.getMiddlewares()])],
  };
}

function chooseLoggerFactory(chosen: MomentoLoggerFactory, nest: MomentoLoggerFactory): MomentoLoggerFactory {
  return releaseReconnectTimers(chosen instanceof DefaultMomentoLoggerFactory ? nest : chosen);
}

/** The middleware, with `init` and `close` out of the clients' sight. */
function withoutLifeCycle(middleware: Middleware): Middleware {
  const { shouldLoadLate } = middleware;
  return {
    onNewRequest: (context) => middleware.onNewRequest(context),
    ...(shouldLoadLate !== undefined && { shouldLoadLate }),
  };
}
