import { control } from '@gomomento/generated-types';
import type { CacheRegistry } from '../../engine/cache-registry.js';
import { MAX_ITEM_KB } from '../../engine/limits.js';
import type { AccountLimits } from '../../limits/account-limits.js';
import type { UnaryHandlers } from '../calls/call-pipeline.js';

const {
  _Cache: CacheMessage,
  _CacheLimits: CacheLimits,
  _CreateCacheResponse: CreateCacheResponse,
  _DeleteCacheResponse: DeleteCacheResponse,
  _FlushCacheResponse: FlushCacheResponse,
  _ListCachesResponse: ListCachesResponse,
  _TopicLimits: TopicLimits,
} = control.control_client;

/** The control plane. `deleteCache` also has to end what is open on the cache, so it is passed in. */
export function controlHandlers(
  caches: CacheRegistry,
  deleteCache: (name: string) => void,
  account: AccountLimits,
): UnaryHandlers<'control'> {
  return {
    CreateCache: (request) => {
      caches.create(request.cache_name);
      return new CreateCacheResponse();
    },
    DeleteCache: (request) => {
      deleteCache(request.cache_name);
      return new DeleteCacheResponse();
    },
    ListCaches: () =>
      new ListCachesResponse({
        cache: caches.names.map((name) => new CacheMessage({ cache_name: name, ...limitsOf(account) })),
      }),
    FlushCache: (request) => {
      caches.get(request.cache_name).flush();
      return new FlushCacheResponse();
    },
  };
}

function limitsOf(account: AccountLimits) {
  return {
    cache_limits: new CacheLimits({
      max_traffic_rate: account.operationsPerSecond,
      max_throughput_kbps: account.throughputKbps,
      max_item_size_kb: MAX_ITEM_KB,
      max_ttl_seconds: account.ttlSeconds,
    }),
    topic_limits: new TopicLimits({
      max_publish_rate: account.publishesPerSecond,
      max_subscription_count: account.subscriptions,
      max_publish_message_size_kb: account.messageKb,
    }),
  };
}
