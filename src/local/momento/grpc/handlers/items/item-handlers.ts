import { cache } from '@gomomento/generated-types';
import type { CacheRegistry } from '../../../engine/cache-registry.js';
import { EngineError } from '../../../engine/engine-error.js';
import type { ItemType } from '../../../engine/items/item-store.js';
import { type TtlUpdate, type TtlUpdateResult, remainingTtl, updateTtl } from '../../../engine/items/ttl.js';
import type { CallContext, UnaryHandlers } from '../../calls/call-pipeline.js';
import { foundOrMissing } from './either-response.js';

const {
  _ItemGetTtlResponse: ItemGetTtlResponse,
  _ItemGetTypeResponse: ItemGetTypeResponse,
  _KeysExistResponse: KeysExistResponse,
  _UpdateTtlResponse: UpdateTtlResponse,
} = cache.cache_client;
const { _Set: TtlSet, _NotSet: TtlNotSet, _Missing: TtlMissing } = UpdateTtlResponse;

const ITEM_TYPES: Readonly<Record<ItemType, cache.cache_client._ItemGetTypeResponse.ItemType>> = {
  scalar: ItemGetTypeResponse.ItemType.SCALAR,
  dictionary: ItemGetTypeResponse.ItemType.DICTIONARY,
  list: ItemGetTypeResponse.ItemType.LIST,
  set: ItemGetTypeResponse.ItemType.SET,
  'sorted-set': ItemGetTypeResponse.ItemType.SORTED_SET,
};

const TTL_UPDATE_RESPONSES: Readonly<Record<TtlUpdateResult, () => cache.cache_client._UpdateTtlResponse>> = {
  set: () => new UpdateTtlResponse({ set: new TtlSet() }),
  'not-set': () => new UpdateTtlResponse({ not_set: new TtlNotSet() }),
  missing: () => new UpdateTtlResponse({ missing: new TtlMissing() }),
};

/** What can be asked of an item of any type: whether it exists, its type, its TTL. */
export function itemHandlers(caches: CacheRegistry): UnaryHandlers<'cache'> {
  const itemsOf = ({ cacheName }: CallContext) => caches.get(cacheName).items;
  return {
    KeysExist: (request, context) => {
      const items = itemsOf(context);
      return new KeysExistResponse({ exists: request.cache_keys.map((key) => items.get(key) !== undefined) });
    },
    ItemGetType: (request, context) => {
      const item = itemsOf(context).get(request.cache_key);
      return foundOrMissing(ItemGetTypeResponse, item && { item_type: ITEM_TYPES[item.value.type] });
    },
    ItemGetTtl: (request, context) => {
      const ttlMilliseconds = remainingTtl(itemsOf(context), request.cache_key);
      // A TTL of thousands of years is valid, but as a float it may be no 64-bit integer any more.
      const found =
        ttlMilliseconds === undefined ? undefined : { remaining_ttl_millis: wholeNumber(ttlMilliseconds) };
      return foundOrMissing(ItemGetTtlResponse, found);
    },
    UpdateTtl: (request, context) => {
      const result = updateTtl(itemsOf(context), request.cache_key, ...ttlUpdateOf(request));
      return TTL_UPDATE_RESPONSES[result]();
    },
  };
}

function wholeNumber(milliseconds: number): number {
  return Math.min(Math.ceil(milliseconds), Number.MAX_SAFE_INTEGER);
}

function ttlUpdateOf(
  request: cache.cache_client._UpdateTtlRequest,
): [update: TtlUpdate, ttlMilliseconds: number] {
  if (request.has_overwrite_to_milliseconds) {
    return ['overwrite', request.overwrite_to_milliseconds];
  }
  if (request.has_increase_to_milliseconds) {
    return ['increase', request.increase_to_milliseconds];
  }
  if (request.has_decrease_to_milliseconds) {
    return ['decrease', request.decrease_to_milliseconds];
  }
  throw new EngineError('invalid-argument', 'The request says neither increase, decrease nor overwrite');
}
