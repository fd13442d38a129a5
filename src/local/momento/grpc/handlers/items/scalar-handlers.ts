import { cache } from '@gomomento/generated-types';
import { hashOf } from '../../../engine/bytes.js';
import type { CacheRegistry } from '../../../engine/cache-registry.js';
import type { ItemStore } from '../../../engine/items/item-store.js';
import { getScalar, incrementScalar, setScalar, setScalarIf } from '../../../engine/items/scalars.js';
import { type SetCondition, setConditions } from '../../../engine/items/set-conditions.js';
import { failureFrom } from '../../calls/call-failure.js';
import type { CallContext, StreamHandlers, UnaryHandlers } from '../../calls/call-pipeline.js';
import { foundOrMissing, storedOrNot } from './either-response.js';
import { setHashConditionOf, setIfConditionOf } from './set-condition-of.js';

const {
  ECacheResult: CacheResult,
  _DeleteResponse: DeleteResponse,
  _GetResponse: GetResponse,
  _GetWithHashResponse: GetWithHashResponse,
  _IncrementResponse: IncrementResponse,
  _SetIfHashResponse: SetIfHashResponse,
  _SetIfNotExistsResponse: SetIfNotExistsResponse,
  _SetIfResponse: SetIfResponse,
  _SetResponse: SetResponse,
} = cache.cache_client;

interface SetFields {
  readonly cache_key: Uint8Array;
  readonly cache_body: Uint8Array;
  readonly ttl_milliseconds: number;
}

/** Reading and writing single values. */
export function scalarHandlers(caches: CacheRegistry): UnaryHandlers<'cache'> {
  const itemsOf = ({ cacheName }: CallContext) => caches.get(cacheName).items;
  return {
    Get: (request, context) => get(itemsOf(context), request),
    Set: (request, context) => set(itemsOf(context), request),
    Delete: (request, context) => {
      itemsOf(context).delete(request.cache_key);
      return new DeleteResponse();
    },
    Increment: ({ cache_key: key, amount, ttl_milliseconds: ttlMilliseconds }, context) =>
      new IncrementResponse({ value: incrementScalar(itemsOf(context), key, amount, ttlMilliseconds) }),
    GetWithHash: (request, context) => {
      const value = getScalar(itemsOf(context), request.cache_key);
      return foundOrMissing(GetWithHashResponse, value && { value, hash: hashOf(value) });
    },
    SetIf: (request, context) => {
      const isStored = setIf(itemsOf(context), request, setIfConditionOf(request));
      return storedOrNot(SetIfResponse, isStored ? {} : undefined);
    },
    SetIfNotExists: (request, context) => {
      const isStored = setIf(itemsOf(context), request, setConditions.absent());
      return storedOrNot(SetIfNotExistsResponse, isStored ? {} : undefined);
    },
    SetIfHash: (request, context) => {
      const isStored = setIf(itemsOf(context), request, setHashConditionOf(request));
      return storedOrNot(SetIfHashResponse, isStored ? { new_hash: hashOf(request.cache_body) } : undefined);
    },
  };
}

/** The batches: one answer an item, in the order of the request; an item that fails says so and does not stop the others. */
export function scalarBatchHandlers(caches: CacheRegistry): StreamHandlers<'cache'> {
  return {
    GetBatch: (request, { cacheName }, stream) => {
      const { items } = caches.get(cacheName);
      for (const item of request.items) {
        stream.write(orInvalid(GetResponse, () => get(items, item)));
      }
      stream.end();
    },
    SetBatch: (request, { cacheName }, stream) => {
      const { items } = caches.get(cacheName);
      for (const item of request.items) {
        stream.write(orInvalid(SetResponse, () => set(items, item)));
      }
      stream.end();
    },
  };
}

function get(items: ItemStore, request: Pick<SetFields, 'cache_key'>): cache.cache_client._GetResponse {
  const value = getScalar(items, request.cache_key);
  return new GetResponse(
    value === undefined ? { result: CacheResult.Miss } : { result: CacheResult.Hit, cache_body: value },
  );
}

function set(items: ItemStore, request: SetFields): cache.cache_client._SetResponse {
  setScalar(items, request.cache_key, request.cache_body, request.ttl_milliseconds);
  return new SetResponse({ result: CacheResult.Ok });
}

function setIf(items: ItemStore, request: SetFields, condition: SetCondition): boolean {
  return setScalarIf(items, request.cache_key, request.cache_body, request.ttl_milliseconds, condition);
}

function orInvalid<Response>(
  ResponseMessage: new (fields: { result: cache.cache_client.ECacheResult; message: string }) => Response,
  answer: () => Response,
): Response {
  try {
    return answer();
  } catch (error) {
    return new ResponseMessage({ result: CacheResult.Invalid, message: failureFrom(error).details });
  }
}
