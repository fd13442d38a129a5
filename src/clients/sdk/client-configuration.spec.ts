import {
  CacheConfiguration,
  type Configuration,
  Configurations,
  LeaderboardConfigurations,
  type Middleware,
  ReadConcern,
  TopicClientConfiguration,
  TopicConfigurations,
} from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { prepareConfigurations, type ConfigurationOptions } from './client-configuration.js';
import { delegateTo } from './delegate.js';

const prepare = (options: Partial<ConfigurationOptions> = {}) =>
  prepareConfigurations({
    name: 'default',
    configuration: undefined,
    topicConfiguration: undefined,
    leaderboardConfiguration: undefined,
    sdkLogs: 'warn',
    ...options,
  });

class LaterConfiguration extends CacheConfiguration {
  readonly #answer = 42;

  /** What a later SDK asks for; a private field, so that `this` has to be the user's own object. */
  getHedgingStrategy(): number {
    return this.#answer;
  }
}

function laterConfiguration(): LaterConfiguration {
  const known: Configuration = Configurations.InRegion.LowLatency.latest();
  return new LaterConfiguration({
    loggerFactory: known.getLoggerFactory(),
    retryStrategy: known.getRetryStrategy(),
    transportStrategy: known.getTransportStrategy(),
    throwOnErrors: true,
    middlewares: known.getMiddlewares(),
    readConcern: known.getReadConcern(),
    compression: undefined,
  });
}

describe('the user’s configuration', () => {
  it('is asked for what a later SDK adds', () => {
    const configuration = laterConfiguration();
    const { cache } = prepare({ configuration });
    expect((cache as LaterConfiguration).getHedgingStrategy()).toBe(42);
    expect(cache).toBeInstanceOf(LaterConfiguration);
    expect(cache.getTransportStrategy()).toBe(configuration.getTransportStrategy());
    expect(cache.getRetryStrategy()).toBe(configuration.getRetryStrategy());
    expect(cache.getThrowOnErrors()).toBe(true);
  });

  it('stays prepared when it is changed', () => {
    const middleware = { onNewRequest: () => undefined as never, close: () => undefined };
    const configuration = laterConfiguration().withMiddlewares([middleware]);
    const { cache } = prepare({ configuration });
    const changed = cache.withClientTimeoutMillis(700).withReadConcern(ReadConcern.CONSISTENT);
    expect(changed.getTransportStrategy().getGrpcConfig().getDeadlineMillis()).toBe(700);
    expect(changed.getReadConcern()).toBe(ReadConcern.CONSISTENT);
    expect(changed.getLoggerFactory()).not.toBe(configuration.getLoggerFactory());
    expect(changed.getMiddlewares()).toEqual([expect.objectContaining({ close: undefined })]);
    expect(changed.withMiddlewares([]).getMiddlewares()).toEqual([]);
  });

  it('of topics, when none is given, has as few connections as bear a hundred subscriptions twice', () => {
    const { topics, subscriptions } = prepare({});
    for (const one of [topics, subscriptions]) {
      const grpc = one.getTransportStrategy().getGrpcConfig();
      expect([grpc.getNumStreamClients(), grpc.getNumUnaryClients()]).toEqual([2, 1]);
    }
  });

  it('of topics has the streams’ deadline for streams alone', () => {
    const topicConfiguration = TopicConfigurations.Default.latest().withClientTimeoutMillis(700);
    const { topics, subscriptions, topicTimeoutMs } = prepare({ topicConfiguration });
    const deadlineMs = (one: typeof topics) => one.getTransportStrategy().getGrpcConfig().getDeadlineMillis();
    expect([deadlineMs(topics), deadlineMs(subscriptions), topicTimeoutMs]).toEqual([700, 3_600_000, 700]);
    for (const one of [topics, subscriptions]) expect(one).toBeInstanceOf(TopicClientConfiguration);
  });

  it('of leaderboards is the user’s, or the SDK’s with the errors of the cache’s', () => {
    const leaderboardConfiguration = LeaderboardConfigurations.Laptop.latest().withClientTimeoutMillis(900);
    const chosen = prepare({ leaderboardConfiguration });
    expect(chosen.leaderboards.getTransportStrategy()).toBe(leaderboardConfiguration.getTransportStrategy());
    expect(chosen.leaderboardTimeoutMs).toBe(900);
    const throwing = prepare({ configuration: Configurations.Laptop.latest().withThrowOnErrors(true) });
    expect(throwing.leaderboards.getThrowOnErrors()).toBe(true);
    expect(prepare().leaderboards.getThrowOnErrors()).toBe(false);
  });
});

describe('the user’s middlewares', () => {
  const handler = {
    onRequestMetadata: async <T>(x: T) => x,
    onRequestBody: async <T>(x: T) => x,
    onResponseMetadata: async <T>(x: T) => x,
    onResponseBody: async <T>(x: T) => x,
    onResponseStatus: async <T>(x: T) => x,
  };

  it('come without their life cycle, each once in the list of those to be closed, and with all else', () => {
    const middleware: Middleware & { later?: () => string } = Object.freeze({
      shouldLoadLate: true,
      onNewRequest: () => handler,
      init: () => undefined,
      close: () => undefined,
      later: () => 'added by a later SDK',
    });
    const { cache, topics, leaderboards, middlewares } = prepare({
      configuration: Configurations.Laptop.latest().withMiddlewares([middleware]),
      topicConfiguration: TopicConfigurations.Default.latest().withMiddlewares([middleware]),
      leaderboardConfiguration: LeaderboardConfigurations.Laptop.latest().withMiddlewares([middleware]),
    });
    expect(middlewares).toEqual([middleware]);
    for (const configuration of [cache, topics, leaderboards]) {
      const [seen] = configuration.getMiddlewares() as (typeof middleware)[];
      expect(seen).toMatchObject({ init: undefined, close: undefined, shouldLoadLate: true });
      expect(seen?.later?.()).toBe('added by a later SDK');
      expect(seen?.onNewRequest()).toBe(handler);
    }
  });
});

describe('delegateTo', () => {
  it('replaces members, and leaves the object itself as it was', () => {
    const target = { one: () => 1, two: 2 };
    const changed = delegateTo(target, { one: () => 10 });
    expect([changed.one(), changed.two, target.one()]).toEqual([10, 2, 1]);
    expect('two' in changed).toBe(true);
  });
});
