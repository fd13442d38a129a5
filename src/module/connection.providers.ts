import type { CacheClient, TopicClient } from '@gomomento/sdk';
import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type CacheContext, createCacheContext } from '../cache/cache.options.js';
import { CacheService } from '../cache/cache.service.js';
import { MomentoConnection } from '../clients/momento-connection.js';
import { CREDENTIAL_ORIGIN, type CredentialOrigin } from '../credentials/credential-origin.js';
import { MomentoCredentials } from '../credentials/momento-credentials.js';
import { MomentoConfigurationError } from '../foundation/momento.errors.js';
import type { CacheFeature, ResolvedMomentoOptions } from '../momento.options.js';
import { getCacheServiceToken, getCacheToken } from '../cache/cache.tokens.js';
import {
  getAuthClientToken,
  getCacheClientToken,
  getLeaderboardClientToken,
  getTopicClientToken,
} from '../clients/client.tokens.js';
import { getMomentoCredentialsToken } from '../credentials/credentials.tokens.js';
import { defaultConnectionName, internalToken } from '../foundation/tokens.js';
import { getTopicServiceToken } from '../topics/topic.tokens.js';
import { TopicService } from '../topics/topic.service.js';

const connectionToken = (name: string) => internalToken('Connection', name);
const cacheContextToken = (name: string) => internalToken('CacheContext', name);
const bootToken = (name: string) => internalToken('Boot', name);

/** What can be injected outside the module; the internal ones for `forFeature`. */
export function connectionExports(name = defaultConnectionName): InjectionToken[] {
  return [
    getCacheServiceToken(name),
    getTopicServiceToken(name),
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
      provide: CREDENTIAL_ORIGIN,
      inject: [optionsToken],
      useFactory: ({ credentials: source, endpoint }: ResolvedMomentoOptions): CredentialOrigin => ({
        source,
        awaitedAtBoot: true,
        ...(endpoint !== undefined && { endpoint }),
      }),
    },
    {
      provide: getMomentoCredentialsToken(name),
      inject: [CREDENTIAL_ORIGIN, optionsToken],
      useFactory: (origin: CredentialOrigin, { bootTimeoutSeconds, refresh }: ResolvedMomentoOptions) =>
        new MomentoCredentials({ ...origin, connectionName: name, bootTimeoutSeconds, refresh }),
    },
    {
      provide: connection,
      inject: [optionsToken, getMomentoCredentialsToken(name), ModulesContainer],
      useFactory: (
        options: ResolvedMomentoOptions,
        credentials: MomentoCredentials,
        modules: ModulesContainer,
      ) => {
        refuseDuplicate(name, modules);
        return new MomentoConnection(options, credentials);
      },
    },
    clientProvider(getCacheClientToken(name), connection, ({ cacheClient }) => cacheClient),
    clientProvider(getTopicClientToken(name), connection, ({ topicClient }) => topicClient),
    clientProvider(getAuthClientToken(name), connection, ({ authClient }) => authClient),
    clientProvider(getLeaderboardClientToken(name), connection, ({ leaderboardClient }) => leaderboardClient),
    {
      provide: cacheContextToken(name),
      inject: [connection],
      useFactory: ({ cacheTimeoutMs, signal }: MomentoConnection) =>
        createCacheContext({ batchTimeoutMs: cacheTimeoutMs, signal, connectionName: name }),
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
      provide: getTopicServiceToken(name),
      inject: [connection, getTopicClientToken(name), optionsToken],
      useFactory: (owner: MomentoConnection, client: TopicClient, { cacheName }: ResolvedMomentoOptions) =>
        owner.adopt(new TopicService(client, cacheName)),
    },
    {
      provide: bootToken(name),
      inject: [
        CREDENTIAL_ORIGIN,
        ModulesContainer,
        connection,
        getCacheClientToken(name),
        getTopicClientToken(name),
        getCacheServiceToken(name),
        getTopicServiceToken(name),
      ],
      useFactory: boot,
    },
  ];
}

/**
 * Awaits the key and Momento, so that a wrong set-up fails the boot; unless a test replaced one of the injectables: what
 * is still the module's own then connects when it is used.
 *
 * @returns whether the connection stands
 */
async function boot(
  origin: CredentialOrigin,
  modules: ModulesContainer,
  connection: MomentoConnection,
  ...injectables: object[]
): Promise<boolean> {
  if (!origin.awaitedAtBoot || !connection.owns(injectables)) return false;
  try {
    return await connection.connect();
  } catch (error) {
    await closeAll(modules);
    throw error;
  }
}

/** The app's other connections, too: Nest calls no shutdown hook of an app that did not start. */
async function closeAll(modules: ModulesContainer): Promise<void> {
  const providers = [...modules.values()].flatMap((module) => [...module.providers.values()]);
  const connections = providers
    .map(({ instance }): unknown => instance)
    .filter((one) => one instanceof MomentoConnection);
  await Promise.all(connections.map((connection) => connection.close()));
}

/** The caches of `forFeature`; each is created at boot when the connection's `createCaches` says so. */
export function featureProviders(
  features: readonly CacheFeature[],
  connectionName = defaultConnectionName,
): FactoryProvider[] {
  return features.map(({ cacheName, name = cacheName, ...binding }) => ({
    provide: getCacheToken(name, connectionName),
    inject: [
      getCacheClientToken(connectionName),
      connectionToken(connectionName),
      cacheContextToken(connectionName),
      bootToken(connectionName),
    ],
    useFactory: async (
      client: CacheClient,
      connection: MomentoConnection,
      context: CacheContext,
      booted: boolean,
    ) => {
      if (booted) await connection.ensureCache(cacheName);
      return new CacheService(client, cacheName, binding, context);
    },
  }));
}

function clientProvider<C>(
  provide: InjectionToken<C>,
  connection: string,
  useFactory: (connection: MomentoConnection) => C,
): FactoryProvider<C> {
  return { provide, inject: [connection], useFactory };
}

/** Two registrations would be two modules with clients of their own, of which a service gets one or the other. */
function refuseDuplicate(name: string, modules: ModulesContainer): void {
  const token = connectionToken(name);
  const registrations = [...modules.values()].filter((module) => module.providers.has(token));
  if (registrations.length <= 1) return;
  throw new MomentoConfigurationError(
    'duplicate-connection',
    `The Momento connection '${name}' is registered ${registrations.length} times in this app.`,
    'Import MomentoModule.forRoot or forRootAsync once, it is global; give a second connection a name of its own.',
  );
}
