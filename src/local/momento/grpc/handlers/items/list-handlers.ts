import { cache } from '@gomomento/generated-types';
import type { CacheRegistry } from '../../../engine/cache-registry.js';
import { changeCollection, findCollection, writeCollection } from '../../../engine/items/collection-store.js';
import { ByteList, type ListRange } from '../../../engine/collections/byte-list.js';
import { EngineError } from '../../../engine/engine-error.js';
import type { CallContext, UnaryHandlers } from '../../calls/call-pipeline.js';
import { collectionTtlOf, sliceOf } from './collection-fields.js';
import { foundOrMissing } from './either-response.js';

const {
  _ListConcatenateBackResponse: ListConcatenateBackResponse,
  _ListConcatenateFrontResponse: ListConcatenateFrontResponse,
  _ListEraseResponse: ListEraseResponse,
  _ListFetchResponse: ListFetchResponse,
  _ListLengthResponse: ListLengthResponse,
  _ListPopBackResponse: ListPopBackResponse,
  _ListPopFrontResponse: ListPopFrontResponse,
  _ListPushBackResponse: ListPushBackResponse,
  _ListPushFrontResponse: ListPushFrontResponse,
  _ListRemoveResponse: ListRemoveResponse,
  _ListRetainResponse: ListRetainResponse,
} = cache.cache_client;

interface ListName {
  readonly list_name: Uint8Array;
}

interface ListWrite extends ListName {
  readonly ttl_milliseconds: number;
  readonly refresh_ttl: boolean;
}

/** What a list answers to a change: its length afterwards. */
interface ListLength {
  readonly list_length: number;
}

export function listHandlers(caches: CacheRegistry): UnaryHandlers<'cache'> {
  const itemsOf = ({ cacheName }: CallContext) => caches.get(cacheName).items;
  const find = (request: ListName, context: CallContext) =>
    findCollection(itemsOf(context), request.list_name, ByteList);

  const write = (request: ListWrite, context: CallContext, change: (list: ByteList) => void): ListLength =>
    writeCollection(itemsOf(context), request.list_name, ByteList, collectionTtlOf(request), (list) => {
      change(list);
      return lengthOf(list);
    });
  const change = <Result>(request: ListName, context: CallContext, run: (list: ByteList) => Result) =>
    changeCollection(itemsOf(context), request.list_name, ByteList, run);

  return {
    ListFetch: (request, context) => {
      const values = find(request, context)?.slice(sliceOf(request));
      return foundOrMissing(ListFetchResponse, values && { values });
    },
    ListLength: (request, context) => {
      const length = find(request, context)?.size;
      return foundOrMissing(ListLengthResponse, length === undefined ? undefined : { length });
    },
    ListPushFront: (request, context) => {
      const size = request.truncate_back_to_size;
      const list = write(request, context, (values) => values.concatenateFront([request.value], size));
      return new ListPushFrontResponse(list);
    },
    ListPushBack: (request, context) => {
      const size = request.truncate_front_to_size;
      const list = write(request, context, (values) => values.concatenateBack([request.value], size));
      return new ListPushBackResponse(list);
    },
    ListConcatenateFront: (request, context) => {
      const size = request.truncate_back_to_size;
      const list = write(request, context, (values) => values.concatenateFront(request.values, size));
      return new ListConcatenateFrontResponse(list);
    },
    ListConcatenateBack: (request, context) => {
      const size = request.truncate_front_to_size;
      const list = write(request, context, (values) => values.concatenateBack(request.values, size));
      return new ListConcatenateBackResponse(list);
    },
    ListPopFront: (request, context) => {
      const popped = change(request, context, (list) => ({ front: list.popFront(), ...lengthOf(list) }));
      return foundOrMissing(ListPopFrontResponse, popped);
    },
    ListPopBack: (request, context) => {
      const popped = change(request, context, (list) => ({ back: list.popBack(), ...lengthOf(list) }));
      return foundOrMissing(ListPopBackResponse, popped);
    },
    ListRemove: (request, context) => {
      if (!request.has_all_elements_with_value) {
        throw new EngineError('invalid-argument', 'The request does not say which elements to remove');
      }
      const left = change(request, context, (list) => {
        list.remove(request.all_elements_with_value);
        return lengthOf(list);
      });
      return foundOrMissing(ListRemoveResponse, left);
    },
    ListRetain: (request, context) => {
      const ttl = collectionTtlOf(request);
      const retain = (list: ByteList) => {
        list.retain(sliceOf(request));
        return lengthOf(list);
      };
      const left = changeCollection(itemsOf(context), request.list_name, ByteList, retain, ttl);
      return foundOrMissing(ListRetainResponse, left);
    },
    ListErase: (request, context) => {
      const ranges = rangesToErase(request);
      const left = change(request, context, (list) => {
        list.erase(ranges);
        return lengthOf(list);
      });
      return foundOrMissing(ListEraseResponse, left);
    },
  };
}

function lengthOf(list: ByteList): ListLength {
  return { list_length: list.size };
}

function rangesToErase(request: cache.cache_client._ListEraseRequest): ListRange[] {
  if (request.has_all) {
    return [{ beginIndex: 0, count: Infinity }];
  }
  if (request.has_some) {
    return request.some.ranges.map((range) => ({ beginIndex: range.begin_index, count: range.count }));
  }
  throw new EngineError('invalid-argument', 'The request says neither which elements to erase nor all');
}
