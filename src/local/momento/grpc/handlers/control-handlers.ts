import { control } from '@gomomento/generated-types';
import type { CacheRegistry } from '../../engine/cache-registry.js';
import type { UnaryHandlers } from '../calls/call-pipeline.js';

const {
  _Cache: CacheMessage,
  _CreateCacheResponse: CreateCacheResponse,
  _DeleteCacheResponse: DeleteCacheResponse,
  _FlushCacheResponse: FlushCacheResponse,
  _ListCachesResponse: ListCachesResponse,
} = control.control_client;

/** The control plane. `deleteCache` also has to end what is open on the cache, hence it is given. */
export function controlHandlers(
  caches: CacheRegistry,
  deleteCache: (name: string) => void,
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
      new ListCachesResponse({ cache: caches.names.map((name) => new CacheMessage({ cache_name: name })) }),
    FlushCache: (request) => {
      caches.get(request.cache_name).flush();
      return new FlushCacheResponse();
    },
  };
}
