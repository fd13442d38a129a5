import { cache } from '@gomomento/generated-types';
import type { CacheRegistry } from '../../../engine/cache-registry.js';
import { changeCollection, findCollection, writeCollection } from '../../../engine/items/collection-store.js';
import { ByteDictionary } from '../../../engine/collections/byte-dictionary.js';
import { EngineError } from '../../../engine/engine-error.js';
import type { CallContext, UnaryHandlers } from '../../calls/call-pipeline.js';
import { collectionTtlOf } from './collection-fields.js';
import { foundOrMissing } from './either-response.js';

const {
  ECacheResult: CacheResult,
  _DictionaryDeleteResponse: DictionaryDeleteResponse,
  _DictionaryFetchResponse: DictionaryFetchResponse,
  _DictionaryFieldValuePair: FieldValuePair,
  _DictionaryGetResponse: DictionaryGetResponse,
  _DictionaryIncrementResponse: DictionaryIncrementResponse,
  _DictionaryLengthResponse: DictionaryLengthResponse,
  _DictionarySetResponse: DictionarySetResponse,
} = cache.cache_client;
const { _DictionaryGetResponsePart: GetResponsePart } = DictionaryGetResponse;

export function dictionaryHandlers(caches: CacheRegistry): UnaryHandlers<'cache'> {
  const itemsOf = ({ cacheName }: CallContext) => caches.get(cacheName).items;
  const find = (request: { readonly dictionary_name: Uint8Array }, context: CallContext) =>
    findCollection(itemsOf(context), request.dictionary_name, ByteDictionary);
  return {
    DictionaryGet: (request, context) => {
      const dictionary = find(request, context);
      const items = dictionary && request.fields.map((field) => partOf(dictionary.get(field)));
      return foundOrMissing(DictionaryGetResponse, items && { items });
    },
    DictionaryFetch: (request, context) => {
      const items = find(request, context)?.entries.map((entry) => new FieldValuePair(entry));
      return foundOrMissing(DictionaryFetchResponse, items && { items });
    },
    DictionaryLength: (request, context) => {
      const length = find(request, context)?.size;
      return foundOrMissing(DictionaryLengthResponse, length === undefined ? undefined : { length });
    },
    DictionarySet: (request, context) => {
      const { dictionary_name: name, items } = request;
      const ttl = collectionTtlOf(request);
      writeCollection(itemsOf(context), name, ByteDictionary, ttl, (dictionary) => dictionary.set(items));
      return new DictionarySetResponse();
    },
    DictionaryIncrement: (request, context) => {
      const { dictionary_name: name, field, amount } = request;
      const ttl = collectionTtlOf(request);
      const value = writeCollection(itemsOf(context), name, ByteDictionary, ttl, (dictionary) =>
        dictionary.increment(field, amount),
      );
      return new DictionaryIncrementResponse({ value });
    },
    DictionaryDelete: (request, context) => {
      const fields = fieldsToDelete(request);
      changeCollection(itemsOf(context), request.dictionary_name, ByteDictionary, (dictionary) => {
        const deleted = fields === 'all' ? dictionary.entries.map(({ field }) => field) : fields;
        deleted.forEach((field) => dictionary.delete(field));
      });
      return new DictionaryDeleteResponse();
    },
  };
}

function partOf(
  value: Uint8Array | undefined,
): cache.cache_client._DictionaryGetResponse._DictionaryGetResponsePart {
  return new GetResponsePart(
    value === undefined ? { result: CacheResult.Miss } : { result: CacheResult.Hit, cache_body: value },
  );
}

function fieldsToDelete(request: cache.cache_client._DictionaryDeleteRequest): readonly Uint8Array[] | 'all' {
  if (request.has_all) {
    return 'all';
  }
  if (request.has_some) {
    return request.some.fields;
  }
  throw new EngineError('invalid-argument', 'The request says neither which fields to delete nor all');
}
