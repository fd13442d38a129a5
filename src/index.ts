export { MomentoModule } from './momento.module.js';
export type {
  MomentoModuleAsyncOptions,
  MomentoModuleExtras,
  MomentoOptionsFactory,
} from './momento.module-definition.js';
export type { CacheFeature, MomentoModuleOptions } from './momento.options.js';
export {
  getAuthClientToken,
  getCacheClientToken,
  getCacheServiceToken,
  getCacheToken,
  getLeaderboardClientToken,
  getMomentoCredentialsToken,
  getTopicClientToken,
  getTopicServiceToken,
  InjectAuthClient,
  InjectCache,
  InjectCacheClient,
  InjectCacheService,
  InjectLeaderboardClient,
  InjectMomentoCredentials,
  InjectTopicClient,
  InjectTopicService,
} from './momento.tokens.js';

export { CacheService } from './cache/cache.service.js';
export type {
  CacheBinding,
  CacheLoader,
  CacheLoaderContext,
  CacheSetOptions,
  GetOrSetOptions,
} from './cache/cache.options.js';
export { bytesCodec, jsonCodec, type MomentoCodec, stringCodec } from './momento.codecs.js';

export { TopicService } from './topics/topic.service.js';
export type {
  TopicCallOptions,
  TopicHandler,
  TopicMessage,
  TopicSubscription,
} from './topics/topic.options.js';

export type {
  CredentialEvent,
  CredentialListener,
  CredentialStatus,
} from './credentials/credential-events.js';
export { MomentoCredentials } from './credentials/momento-credentials.js';
export type { RefreshOptions } from './credentials/refresh-plan.js';
export type {
  CredentialFetchContext,
  CredentialSource,
  FetchedCredential,
  FetchedProvider,
  FetchedSecret,
} from './credentials/credential-source.js';
export type { MomentoBaseEndpoint, MomentoEndpoint, MomentoEndpoints } from './credentials/endpoint.js';
export { Secret } from './credentials/secret.js';
export { type EnvironmentSourceOptions, fromEnvironment } from './credentials/sources/environment.source.js';
export {
  fromMomentoLocal,
  type MomentoLocalSourceOptions,
} from './credentials/sources/momento-local.source.js';
export { fromSecretFile, type SecretFileSourceOptions } from './credentials/sources/secret-file.source.js';
export {
  fromSecretsExtension,
  type SecretsExtensionSourceOptions,
} from './credentials/sources/secrets-extension.source.js';
export {
  fromSecretsManager,
  type SecretsManagerClientLike,
  type SecretsManagerSourceOptions,
} from './credentials/sources/secrets-manager.source.js';

export {
  MomentoCacheError,
  MomentoClosedError,
  MomentoConfigurationError,
  type MomentoConfigurationProblem,
  MomentoError,
  type MomentoOperation,
  MomentoServiceError,
  MomentoTopicError,
} from './momento.errors.js';
