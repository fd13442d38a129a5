export { MomentoModule } from './momento.module.js';
export type {
  MomentoFactoryOptions,
  MomentoModuleAsyncOptions,
  MomentoModuleExtras,
  MomentoOptionsByClass,
  MomentoOptionsByExisting,
  MomentoOptionsByFactory,
  MomentoOptionsByInjection,
  MomentoOptionsFactory,
} from './momento.async-options.js';
export type { CacheFeatureAsyncOptions, CacheFeatureFactoryOptions } from './momento.feature-options.js';
export type { MomentoModuleOptions } from './momento.options.js';
export type { MomentoTelemetry } from './foundation/telemetry.js';
export type { CacheFeature } from './module/connection.options.js';
export { getCacheServiceToken, InjectCacheService } from './cache/cache.tokens.js';
export { getCacheToken, InjectCache } from './cache/typed/feature.tokens.js';
export { getTopicServiceToken, InjectTopicService } from './topics/topic.tokens.js';
export { getTopicTokenServiceToken, InjectTopicTokenService } from './topics/tokens/topic-token.tokens.js';
export {
  getAuthClientToken,
  getCacheClientToken,
  getLeaderboardClientToken,
  getTopicClientToken,
  InjectAuthClient,
  InjectCacheClient,
  InjectLeaderboardClient,
  InjectTopicClient,
} from './clients/client.tokens.js';
export { getMomentoCredentialsToken, InjectMomentoCredentials } from './credentials/credentials.tokens.js';

export { CacheService } from './cache/cache.service.js';
export type {
  CacheBinding,
  CacheBulkLoader,
  CacheEntry,
  CacheLoader,
  CacheLoaderContext,
  CacheSetOptions,
  GetOrSetOptions,
} from './cache/options/cache.options.js';
export type {
  CacheErrorStep,
  CacheEvent,
  CacheEvents,
  CacheListener,
} from './cache/statistics/cache-events.js';
export type { CacheStats } from './cache/statistics/cache-stats.js';
export {
  type AnyCacheDefinition,
  type CacheDefinition,
  type CacheDefinitionOptions,
  defineCache,
} from './cache/typed/cache-definition.js';
export {
  type CacheOf,
  TypedCache,
  type TypedCacheBulkLoader,
  type TypedCacheLoader,
} from './cache/typed/typed-cache.js';
export { Cacheable, type CacheableByIdOptions, type CacheableOptions } from './cache/decorators/cacheable.js';
export {
  CacheEvict,
  type CacheEvictByIdOptions,
  type CacheEvictOptions,
} from './cache/decorators/cache-evict.js';
export { CachePut, type CachePutByIdOptions, type CachePutOptions } from './cache/decorators/cache-put.js';
export type { MethodCacheOptions } from './cache/decorators/method-cache.js';
export type { DecoratorOf } from './cache/decorators/method-types.js';
export {
  CacheKey,
  CacheShared,
  CacheTags,
  CacheTtl,
  HttpCache,
  NoCache,
  type RouteDecorator,
} from './cache/http/route/http-cache.decorators.js';
export type {
  CachedRequest,
  HttpCacheOptions,
  StorableStatus,
} from './cache/http/route/http-cache.options.js';
export { MomentoCacheInterceptor } from './cache/http/momento-cache.interceptor.js';
export { stableKey } from './cache/decorators/stable-key.js';
export { CacheCollections } from './cache/handles/collections/collections.js';
export type { CollectionRange, CollectionWriteOptions } from './cache/handles/collections/collection.js';
export { CacheDictionary } from './cache/handles/collections/dictionary.js';
export { CacheList, type ListWriteOptions } from './cache/handles/collections/list.js';
export { CacheSet } from './cache/handles/collections/set.js';
export {
  type ByRankOptions,
  type ByScoreOptions,
  CacheSortedSet,
  type ScoredValue,
  type ScoreOrder,
} from './cache/handles/collections/sorted-set.js';
export { CacheLock, type HeldLock, type LockOptions } from './cache/handles/lock/lock.js';
export { CacheRateLimit, type RateLimitOptions, type RateLimitResult } from './cache/handles/rate-limit.js';
export {
  MomentoBulkLoadError,
  MomentoLoadedValueError,
  MomentoLoaderError,
  MomentoLoaderTimeoutError,
  MomentoReentrantLoadError,
} from './cache/loaders/loader.errors.js';
export type { SchemaIssue, StandardSchema } from './foundation/values/standard-schema.js';
export { bytesCodec, jsonCodec, type MomentoCodec, stringCodec } from './foundation/momento.codecs.js';

export {
  type AnyTopicDefinition,
  defineTopic,
  type TopicDefinition,
  type TopicDefinitionOptions,
} from './topics/definitions/topic-definition.js';
export { MomentoMessageError } from './topics/definitions/message.error.js';
export { TopicService, type TopicStats } from './topics/topic.service.js';
export {
  type HandlerDecorator,
  OnTopic,
  OnTopicGap,
  type OnTopicGapOptions,
  type OnTopicOptions,
} from './topics/handlers/on-topic.js';
export { TopicContext, TopicMessage } from './topics/handlers/handler-arguments.js';
export type { TopicHandlerStats } from './topics/handlers/handler-queue.js';
export type { Overflow } from './topics/listening/bounded-events.js';
export { TopicTokenService } from './topics/tokens/topic-token.service.js';
export type {
  CachesTokenRequest,
  TopicsTokenRequest,
  TopicToken,
  TopicTokenPermissions,
  TopicTokenRequest,
} from './topics/tokens/topic-token.options.js';
export type {
  TopicCallOptions,
  TopicCursor,
  TopicGap,
  TopicGapEvent,
  TopicHandler,
  TopicListenOptions,
  TopicMessageContext,
  TopicObserveOptions,
  TopicSseOptions,
  TopicState,
  TopicStreamOptions,
  TopicSubscribeOptions,
  TopicsOptions,
  TopicSubscription,
} from './topics/definitions/topic.options.js';
export type { SubscriptionStatus } from './clients/streams/listeners/subscription-handle.js';

export type {
  CredentialEvent,
  CredentialListener,
  CredentialStatus,
} from './credentials/following/credential-events.js';
export { MomentoCredentials } from './credentials/momento-credentials.js';
export {
  type IoRedisLike,
  momentoRedisCredentials,
  type MomentoRedisCredentials,
  type RedisAuth,
  type RedisCredentialsOptions,
} from './credentials/redis/redis-credentials.js';
export type { RefreshOptions } from './credentials/following/refresh-plan.js';
export type {
  CredentialFetchContext,
  CredentialSource,
  FetchedCredential,
  FetchedProvider,
  FetchedSecret,
} from './credentials/fetched/credential-source.js';
export type { MomentoBaseEndpoint, MomentoEndpoint, MomentoEndpoints } from './credentials/key/endpoint.js';
export { Secret } from './credentials/key/secret.js';
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
  type MomentoConfigurationCode,
  MomentoError,
  MomentoLockError,
  type MomentoOperation,
  MomentoServiceError,
  MomentoTopicError,
} from './foundation/momento.errors.js';
