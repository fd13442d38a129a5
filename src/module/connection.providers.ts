import type { AuthClient, CacheClient, TopicClient } from '@gomomento/sdk';
import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import { CacheContext } from '../cache/load/cache-context.js';
import { defaultMaxItems } from '../cache/near/near-level.js';
import { CacheService } from '../cache/cache.service.js';
import { MomentoConnection } from '../clients/momento-connection.js';
import { CREDENTIAL_ORIGIN, type CredentialOrigin } from '../credentials/credential-origin.js';
import type { CredentialStatus } from '../credentials/following/credential-events.js';
import { KeyFollower } from '../credentials/following/key-follower.js';
import { MomentoCredentials } from '../credentials/momento-credentials.js';
import type { ResolvedMomentoOptions } from './connection.options.js';
import { getCacheServiceToken } from '../cache/cache.tokens.js';
import {
  getAuthClientToken,
  getCacheClientToken,
  getLeaderboardClientToken,
  getTopicClientToken,
} from '../clients/client.tokens.js';
import { getMomentoCredentialsToken } from '../credentials/credentials.tokens.js';
import { connectionLogger } from '../foundation/connection-logger.js';
import { quoteName, redactKeys } from '../foundation/text/redaction.js';
import { defaultConnectionName } from '../foundation/tokens.js';
import { getTopicServiceToken } from '../topics/topic.tokens.js';
import { createTopicContext } from '../topics/topic-context.js';
import { TopicParts } from '../topics/topic-parts.js';
import { TopicService } from '../topics/topic.service.js';
import { TopicTokenService } from '../topics/tokens/topic-token.service.js';
import { getTopicTokenServiceToken } from '../topics/tokens/topic-token.tokens.js';
import { ConnectionRegistry } from './connection.registry.js';
import {
  bootToken,
  cacheContextToken,
  connectionToken,
  keyFollowerToken,
  registrationToken,
  topicPartsToken,
} from './module.tokens.js';

/** What can be injected outside the module; the internal ones for `forFeature`. */
export function connectionExports(name = defaultConnectionName): InjectionToken[] {
  return [
    getCacheServiceToken(name),
    getTopicServiceToken(name),
    getTopicTokenServiceToken(name),
    getCacheClientToken(name),
    getTopicClientToken(name),
    getAuthClientToken(name),
    getLeaderboardClientToken(name),
    getMomentoCredentialsToken(name),
    connectionToken(name),
    cacheContextToken(name),
    bootToken(name),
  ];
}

/** Source → credentials → connection → clients → services, and the boot that awaits them. */
export function connectionProviders(
  name = defaultConnectionName,
  optionsToken: InjectionToken,
): FactoryProvider[] {
  const connection = connectionToken(name);
  return [
    {
      provide: registrationToken(name),
      inject: [ConnectionRegistry],
      useFactory: (registry: ConnectionRegistry) => registry.register(name),
    },
    {
      provide: CREDENTIAL_ORIGIN,
      inject: [optionsToken],
      useFactory: ({ credentials: source, endpoint }: ResolvedMomentoOptions): CredentialOrigin => ({
        source,
        awaitedAtBoot: true,
        ...(endpoint !== undefined && { endpoint }),
      }),
    },
    {
      provide: keyFollowerToken(name),
      inject: [CREDENTIAL_ORIGIN, optionsToken],
      useFactory: (origin: CredentialOrigin, { bootTimeoutSeconds, refresh }: ResolvedMomentoOptions) =>
        new KeyFollower({ ...origin, connectionName: name, bootTimeoutSeconds, refresh }),
    },
    {
      provide: getMomentoCredentialsToken(name),
      inject: [keyFollowerToken(name)],
      useFactory: (follower: KeyFollower) => new MomentoCredentials(follower),
    },
    {
      provide: connection,
      inject: [
        ConnectionRegistry,
        optionsToken,
        keyFollowerToken(name),
        // The name is this connection's.
        registrationToken(name),
      ],
      useFactory: (registry: ConnectionRegistry, options: ResolvedMomentoOptions, follower: KeyFollower) =>
        registry.open(name, () => new MomentoConnection(options, follower)),
    },
    clientProvider(getCacheClientToken(name), connection, ({ cacheClient }) => cacheClient),
    clientProvider(getTopicClientToken(name), connection, ({ topicClient }) => topicClient),
    clientProvider(getAuthClientToken(name), connection, ({ authClient }) => authClient),
    clientProvider(getLeaderboardClientToken(name), connection, ({ leaderboardClient }) => leaderboardClient),
    {
      provide: cacheContextToken(name),
      inject: [connection, getTopicClientToken(name), topicPartsToken(name), optionsToken],
      useFactory: (
        owner: MomentoConnection,
        topicClient: TopicClient,
        { shared: topics }: TopicParts,
        { cache }: ResolvedMomentoOptions,
      ) => {
        const { signal, closing, inFlight, callTimeoutMs, telemetry } = owner;
        return new CacheContext({
          signal,
          closing,
          inFlight,
          callTimeoutMs,
          topicClient,
          topics,
          connectionName: name,
          defaults: cache,
          telemetry,
        });
      },
    },
    {
      provide: getCacheServiceToken(name),
      inject: [connection, getCacheClientToken(name), optionsToken, cacheContextToken(name)],
      useFactory: (
        owner: MomentoConnection,
        client: CacheClient,
        { cacheName }: ResolvedMomentoOptions,
        context: CacheContext,
      ) => owner.adopt(new CacheService(client, cacheName, {}, context)),
    },
    {
      provide: topicPartsToken(name),
      inject: [connection, getTopicClientToken(name), optionsToken],
      useFactory: (
        { handlers, stopping, telemetry }: MomentoConnection,
        client: TopicClient,
        { cacheName, topics }: ResolvedMomentoOptions,
      ) => {
        const context = { ...topics, inFlight: handlers, closing: stopping, connectionName: name, telemetry };
        return new TopicParts(client, cacheName, createTopicContext(context));
      },
    },
    {
      provide: getTopicServiceToken(name),
      inject: [connection, getTopicClientToken(name), topicPartsToken(name)],
      useFactory: (owner: MomentoConnection, client: TopicClient, parts: TopicParts) =>
        owner.adopt(new TopicService(client, parts)),
    },
    {
      provide: getTopicTokenServiceToken(name),
      inject: [connection, getAuthClientToken(name), optionsToken, keyFollowerToken(name)],
      useFactory: (
        owner: MomentoConnection,
        client: AuthClient,
        { cacheName }: ResolvedMomentoOptions,
        follower: KeyFollower,
      ) =>
        owner.adopt(
          new TopicTokenService(client, cacheName, {
            connectionName: name,
            signal: owner.signal,
            keyGeneration: () => follower.status().generation,
          }),
        ),
    },
    {
      provide: bootToken(name),
      inject: [
        ConnectionRegistry,
        CREDENTIAL_ORIGIN,
        optionsToken,
        keyFollowerToken(name),
        connection,
        getCacheClientToken(name),
        getTopicClientToken(name),
        getCacheServiceToken(name),
        getTopicServiceToken(name),
        getTopicTokenServiceToken(name),
      ],
      useFactory: boot,
    },
  ];
}

/**
 * - `connected`: the connection stands.
 * - `unreachable`: Momento could not be reached, and the app starts all the same.
 * - `unawaited`: nothing was awaited, because a test replaced where the key comes from.
 * - `replaced`: a test replaced one of the injectables; nothing leaves the process by itself.
 */
export type BootOutcome = 'connected' | 'unreachable' | 'unawaited' | 'replaced';

/**
 * Awaits the key and Momento, so that a wrong set-up fails the boot; unless a test replaced one of the injectables: what
 * is still the module's own then connects when it is used.
 *
 * @returns how that went
 */
function boot(
  registry: ConnectionRegistry,
  origin: CredentialOrigin,
  options: ResolvedMomentoOptions,
  follower: KeyFollower,
  connection: MomentoConnection,
  ...injectables: object[]
): Promise<BootOutcome> {
  return registry.step(async () => {
    if (!connection.owns(injectables)) return 'replaced';
    if (!origin.awaitedAtBoot) return 'unawaited';
    if (!(await connection.connect())) return 'unreachable';
    sayConnected(options, follower.status());
    return 'connected';
  });
}

/** The one line of a boot that went well. */
function sayConnected(
  { name, cacheName, cache: { nearCache } }: ResolvedMomentoOptions,
  { source, versionId }: CredentialStatus,
): void {
  const version = versionId === undefined ? '' : `, version ${redactKeys(versionId)}`;
  const cache = cacheName === undefined ? '' : `, cache ${quoteName(cacheName)}`;
  const { maxItems = defaultMaxItems } = nearCache || {};
  const near = nearCache ? `, near cache of ${maxItems} items` : '';
  connectionLogger('Momento', name).log(`Connected: ${redactKeys(source)}${version}${cache}${near}.`);
}

function clientProvider<C>(
  provide: InjectionToken<C>,
  connection: string,
  useFactory: (connection: MomentoConnection) => C,
): FactoryProvider<C> {
  return { provide, inject: [connection], useFactory };
}
