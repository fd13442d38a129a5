import type {
  Configuration,
  CredentialProvider,
  LeaderboardConfiguration,
  TopicConfiguration,
} from '@gomomento/sdk';
import { bindingRules, cacheNameRule } from './cache/options/binding-rules.js';
import type { CacheBinding } from './cache/options/cache.options.js';
import {
  defaultTtlSeconds as usualTtlSeconds,
  isTtl,
  ttlDescription,
  wholeSeconds,
} from './cache/options/ttl.js';
import type { TopicsOptions } from './topics/definitions/topic.options.js';
import type { CredentialSource } from './credentials/fetched/credential-source.js';
import type { MomentoEndpoint } from './credentials/key/endpoint.js';
import type { RefreshOptions } from './credentials/following/refresh-plan.js';
import type { MomentoTelemetry } from './foundation/telemetry.js';
import type { ResolvedMomentoOptions } from './module/connection.options.js';
import { quoteName } from './foundation/text/redaction.js';
import { fromEnvironment } from './credentials/sources/environment.source.js';
import { toCredentialSource } from './credentials/sources/provider.source.js';
import {
  checkOptions,
  expected,
  findProblems,
  hasMethods,
  isPositive,
  type Rule,
} from './foundation/options.rules.js';

/**
 * The options of one connection. All may be left out, or be `undefined` as `ConfigService.get()` gives it, but what the
 * chosen source of the key needs.
 */
export interface MomentoModuleOptions {
  /** Where the key comes from: a `from…()` source, one of your own, or an SDK `CredentialProvider`. @default fromEnvironment() */
  readonly credentials?: CredentialSource | CredentialProvider | undefined;
  /**
   * Where Momento is: a region's endpoint, which a v2 key needs; a loopback `host:port`, for a local Momento; or the SDK's
   * endpoint overrides, for private link. Wins over what the key says.
   */
  readonly endpoint?: MomentoEndpoint | undefined;
  /** The cache of `CacheService` and `TopicService`. Without it their calls must name one. */
  readonly cacheName?: string | undefined;
  /** Creates `cacheName` and the caches of `forFeature` at boot when they are missing. @default false */
  readonly createCaches?: boolean | undefined;
  /** The defaults of its caches: what a handle (`forFeature`, `cache()`) and a call leave out. */
  readonly cache?: CacheBinding | undefined;
  /** How its topics are written. */
  readonly topics?: TopicsOptions | undefined;
  /** The short form of `cache: { ttlSeconds }`. @default 600 */
  readonly defaultTtlSeconds?: number | undefined;
  /** The SDK's configuration of `CacheClient`. @default Configurations.Laptop.latest() */
  readonly configuration?: Configuration | undefined;
  /** The SDK's configuration of `TopicClient`. @default TopicConfigurations.Default.latest() */
  readonly topicConfiguration?: TopicConfiguration | undefined;
  /** The SDK's configuration of `PreviewLeaderboardClient`. @default LeaderboardConfigurations.Laptop.latest() */
  readonly leaderboardConfiguration?: LeaderboardConfiguration | undefined;
  /**
   * What of the SDK's logs goes to Nest's `Logger`: `'warn'`, its errors and warnings, of each kind a line every 10 s at most;
   * `'debug'`, all but its traces. A configuration that has a logger factory of its own keeps it. @default 'warn'
   */
  readonly sdkLogs?: 'warn' | 'debug' | undefined;
  /**
   * How the key is followed while the app runs: asked for every so often, and when Momento rejects it; `false`: only when
   * Momento rejects it. @default { intervalSeconds: 300 }
   */
  readonly refresh?: RefreshOptions | false | undefined;
  /** How long transient failures are tried again at boot, of the key's source and of Momento each, in seconds, more than 0. @default 10 */
  readonly bootTimeoutSeconds?: number | undefined;
  /** Whether the boot fails when Momento cannot be reached, or the app starts all the same. @default 'fail' */
  readonly onConnectError?: 'fail' | 'degrade' | undefined;
  /** How long calls in flight are waited for at shutdown, in seconds, 0 or more. @default 5 */
  readonly shutdownTimeoutSeconds?: number | undefined;
  /** Who is told how the connection is used: `openTelemetry()` of `nestjs-momento/telemetry`. @default nobody */
  readonly telemetry?: MomentoTelemetry | undefined;
}

const topicsRules: Readonly<Record<keyof TopicsOptions, Rule>> = {
  codec: expected('a codec', hasMethods('encode', 'decode')),
  maxMessageBytes: expected('a number of bytes above 0', isPositive),
  globalEnhancers: expected('true or false', (value) => typeof value === 'boolean'),
};

const rules: Readonly<Record<keyof MomentoModuleOptions, Rule>> = {
  credentials: expected(
    'a source such as fromSecretsManager(), or an SDK CredentialProvider',
    (value) => hasMethods('fetch', 'describe')(value) || hasMethods('getAuthToken')(value),
  ),
  endpoint: expected('a host name or the SDK’s endpoint overrides', (value) => isEndpoint(value)),
  cacheName: cacheNameRule,
  createCaches: expected('true or false', (value) => typeof value === 'boolean'),
  cache: (value) => {
    const problems = findProblems(value, bindingRules);
    return problems.length === 0 ? undefined : problems.join('; ');
  },
  topics: (value) => {
    const problems = findProblems(value, topicsRules);
    return problems.length === 0 ? undefined : problems.join('; ');
  },
  defaultTtlSeconds: expected(ttlDescription, isTtl),
  configuration: expected(
    'a Configuration of the SDK',
    hasMethods('getTransportStrategy', 'getRetryStrategy'),
  ),
  topicConfiguration: expected(
    'a TopicConfiguration of the SDK',
    hasMethods('getTransportStrategy', 'getThrowOnErrors'),
  ),
  leaderboardConfiguration: expected(
    'a LeaderboardConfiguration of the SDK',
    hasMethods('getTransportStrategy', 'getThrowOnErrors'),
  ),
  sdkLogs: expected("'warn' or 'debug'", (value) => value === 'warn' || value === 'debug'),
  refresh: expected('false or { intervalSeconds } with a number above 0', isRefresh),
  bootTimeoutSeconds: expected('a number above 0', isPositive),
  onConnectError: expected("'fail' or 'degrade'", (value) => value === 'fail' || value === 'degrade'),
  shutdownTimeoutSeconds: expected('a number, 0 or more', (value) => value === 0 || isPositive(value)),
  telemetry: expected('what openTelemetry() gives', hasMethods('begin')),
};

/** What stands beside the options, and has come too late when a factory returns it. */
const besideFactory =
  'belongs beside useFactory, useClass or useExisting, not into the options that these make';
const factoryRules: Readonly<Record<string, Rule>> = {
  ...rules,
  name: () => besideFactory,
  isGlobal: () => besideFactory,
};

/**
 * Checks the options and fills in the defaults. An SDK `CredentialProvider` becomes a source, which does not show its key.
 *
 * @throws MomentoConfigurationError `invalid-options`, which lists every problem with its path
 */
export function resolveOptions(options: MomentoModuleOptions, name: string): ResolvedMomentoOptions {
  checkOptions(
    `The options of the Momento connection ${quoteName(name)}`,
    findProblems(options, factoryRules),
  );
  const {
    credentials = fromEnvironment(),
    createCaches = false,
    cache = {},
    topics = {},
    refresh = {},
  } = options;
  const { bootTimeoutSeconds = 10, onConnectError = 'fail', shutdownTimeoutSeconds = 5 } = options;
  const { endpoint, cacheName, configuration, topicConfiguration, leaderboardConfiguration } = options;
  const { sdkLogs = 'warn', telemetry } = options;
  const ttlSeconds = cache.ttlSeconds ?? options.defaultTtlSeconds ?? usualTtlSeconds;
  return {
    name,
    credentials: toCredentialSource(credentials),
    endpoint,
    cacheName,
    createCaches,
    cache: { ...cache, ttlSeconds },
    topics,
    // Of the raw client, which knows nothing of values.
    defaultTtlSeconds: wholeSeconds(typeof ttlSeconds === 'number' ? ttlSeconds : usualTtlSeconds),
    configuration,
    topicConfiguration,
    leaderboardConfiguration,
    sdkLogs,
    refresh,
    bootTimeoutSeconds,
    onConnectError,
    shutdownTimeoutSeconds,
    telemetry,
  };
}

function isRefresh(value: unknown): boolean {
  if (value === false) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).every(
    ([name, given]) => name === 'intervalSeconds' && (given === undefined || isPositive(given)),
  );
}

function isEndpoint(value: unknown): boolean {
  if (typeof value === 'string') return true;
  if (typeof value !== 'object' || value === null) return false;
  const isText = (name: string) => typeof Reflect.get(value, name) === 'string';
  return isText('baseEndpoint') || ['cacheEndpoint', 'controlEndpoint', 'tokenEndpoint'].every(isText);
}
