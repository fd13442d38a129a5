import { cache } from '@gomomento/generated-types';
import type { CacheRegistry } from '../../../engine/cache-registry.js';
import { changeCollection, findCollection, writeCollection } from '../../../engine/items/collection-store.js';
import { ByteSet } from '../../../engine/collections/byte-set.js';
import { EngineError } from '../../../engine/engine-error.js';
import type { CallContext, UnaryHandlers } from '../../calls/call-pipeline.js';
import { collectionTtlOf } from './collection-fields.js';
import { foundOrMissing } from './either-response.js';

const {
  _SetContainsResponse: SetContainsResponse,
  _SetDifferenceResponse: SetDifferenceResponse,
  _SetFetchResponse: SetFetchResponse,
  _SetLengthResponse: SetLengthResponse,
  _SetPopResponse: SetPopResponse,
  _SetSampleResponse: SetSampleResponse,
  _SetUnionResponse: SetUnionResponse,
} = cache.cache_client;

interface SetName {
  readonly set_name: Uint8Array;
}

export function setHandlers(caches: CacheRegistry): UnaryHandlers<'cache'> {
  const itemsOf = ({ cacheName }: CallContext) => caches.get(cacheName).items;
  const find = (request: SetName, context: CallContext) =>
    findCollection(itemsOf(context), request.set_name, ByteSet);
  return {
    SetFetch: (request, context) => {
      const elements = find(request, context)?.elements;
      return foundOrMissing(SetFetchResponse, elements && { elements });
    },
    SetLength: (request, context) => {
      const length = find(request, context)?.size;
      return foundOrMissing(SetLengthResponse, length === undefined ? undefined : { length });
    },
    SetContains: (request, context) => {
      const set = find(request, context);
      const contains = set && request.elements.map((element) => set.has(element));
      return foundOrMissing(SetContainsResponse, contains && { contains });
    },
    SetSample: (request, context) => {
      const elements = find(request, context)?.sample(request.limit);
      return foundOrMissing(SetSampleResponse, elements && { elements });
    },
    SetPop: (request, context) => {
      const elements = changeCollection(itemsOf(context), request.set_name, ByteSet, (set) =>
        set.pop(request.count),
      );
      return foundOrMissing(SetPopResponse, elements && { elements });
    },
    SetUnion: (request, context) => {
      const { set_name: name, elements } = request;
      const ttl = collectionTtlOf(request);
      writeCollection(itemsOf(context), name, ByteSet, ttl, (set) => set.add(elements));
      return new SetUnionResponse();
    },
    SetDifference: (request, context) => {
      const elements = elementsToRemove(request);
      const found = changeCollection(itemsOf(context), request.set_name, ByteSet, (set) => {
        const removed = elements === 'all' ? set.elements : elements;
        removed.forEach((element) => set.delete(element));
        return {};
      });
      return foundOrMissing(SetDifferenceResponse, found);
    },
  };
}

function elementsToRemove(request: cache.cache_client._SetDifferenceRequest): readonly Uint8Array[] | 'all' {
  if (request.has_minuend) {
    throw new EngineError('unimplemented', 'MomentoLocal does not subtract a set from elements');
  }
  if (request.has_subtrahend && request.subtrahend.has_identity) {
    return 'all';
  }
  if (request.has_subtrahend && request.subtrahend.has_set) {
    return request.subtrahend.set.elements;
  }
  throw new EngineError('invalid-argument', 'The request does not say what to remove from the set');
}
