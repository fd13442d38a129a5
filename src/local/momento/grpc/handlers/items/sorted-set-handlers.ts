import { cache } from '@gomomento/generated-types';
import type { CacheRegistry } from '../../../engine/cache-registry.js';
import {
  changeCollection,
  findCollection,
  replaceCollection,
  writeCollection,
} from '../../../engine/items/collection-store.js';
import { type ScoredValue, SortedSet } from '../../../engine/collections/sorted-set.js';
import { type Aggregate, type UnionSource, unionOf } from '../../../engine/collections/union.js';
import { EngineError } from '../../../engine/engine-error.js';
import type { CallContext, UnaryHandlers } from '../../calls/call-pipeline.js';
import { collectionTtlOf } from './collection-fields.js';
import { foundOrMissing } from './either-response.js';
import { lengthRangeOf, rankOrderOf, selectionOf } from './sorted-set-selection.js';

const {
  ECacheResult: CacheResult,
  _SortedSetElement: SortedSetElement,
  _SortedSetFetchResponse: SortedSetFetchResponse,
  _SortedSetGetRankResponse: SortedSetGetRankResponse,
  _SortedSetGetScoreResponse: SortedSetGetScoreResponse,
  _SortedSetIncrementResponse: SortedSetIncrementResponse,
  _SortedSetLengthByScoreResponse: SortedSetLengthByScoreResponse,
  _SortedSetLengthResponse: SortedSetLengthResponse,
  _SortedSetPutResponse: SortedSetPutResponse,
  _SortedSetRemoveResponse: SortedSetRemoveResponse,
  _SortedSetUnionStoreRequest: SortedSetUnionStoreRequest,
  _SortedSetUnionStoreResponse: SortedSetUnionStoreResponse,
} = cache.cache_client;
const { _Found: FetchFound, _Missing: FetchMissing } = SortedSetFetchResponse;
const { _Values: FoundValues, _ValuesWithScores: FoundElements } = FetchFound;
const { _RankResponsePart: RankPart, _SortedSetMissing: RankMissing } = SortedSetGetRankResponse;
const {
  _SortedSetFound: ScoresFound,
  _SortedSetGetScoreResponsePart: ScorePart,
  _SortedSetMissing: ScoresMissing,
} = SortedSetGetScoreResponse;

const AGGREGATES: Readonly<
  Record<cache.cache_client._SortedSetUnionStoreRequest.AggregateFunction, Aggregate>
> = {
  [SortedSetUnionStoreRequest.AggregateFunction.SUM]: 'sum',
  [SortedSetUnionStoreRequest.AggregateFunction.MIN]: 'min',
  [SortedSetUnionStoreRequest.AggregateFunction.MAX]: 'max',
};

interface SetName {
  readonly set_name: Uint8Array;
}

export function sortedSetHandlers(caches: CacheRegistry): UnaryHandlers<'cache'> {
  const itemsOf = ({ cacheName }: CallContext) => caches.get(cacheName).items;
  const find = (request: SetName, context: CallContext) =>
    findCollection(itemsOf(context), request.set_name, SortedSet);
  return {
    SortedSetPut: (request, context) => {
      const { set_name: name, elements } = request;
      const ttl = collectionTtlOf(request);
      writeCollection(itemsOf(context), name, SortedSet, ttl, (set) => set.put(elements));
      return new SortedSetPutResponse();
    },
    SortedSetIncrement: (request, context) => {
      const { set_name: name, value, amount } = request;
      const ttl = collectionTtlOf(request);
      const score = writeCollection(itemsOf(context), name, SortedSet, ttl, (set) =>
        set.increment(value, amount),
      );
      return new SortedSetIncrementResponse({ score });
    },
    SortedSetRemove: (request, context) => {
      const values = valuesToRemove(request);
      changeCollection(itemsOf(context), request.set_name, SortedSet, (set) => {
        const removed = values === 'all' ? set.elements.map(({ value }) => value) : values;
        removed.forEach((value) => set.delete(value));
      });
      return new SortedSetRemoveResponse();
    },
    SortedSetFetch: (request, context) => {
      const select = selectionOf(request);
      const set = find(request, context);
      return fetchResponse(set && select(set), request.with_scores);
    },
    SortedSetGetScore: (request, context) => {
      const set = find(request, context);
      return set === undefined
        ? new SortedSetGetScoreResponse({ missing: new ScoresMissing() })
        : new SortedSetGetScoreResponse({
            found: new ScoresFound({
              elements: request.values.map((value) => scorePart(set.scoreOf(value))),
            }),
          });
    },
    SortedSetGetRank: (request, context) => {
      const set = find(request, context);
      return set === undefined
        ? new SortedSetGetRankResponse({ missing: new RankMissing() })
        : new SortedSetGetRankResponse({
            element_rank: rankPart(set.rankOf(request.value, rankOrderOf(request))),
          });
    },
    SortedSetLength: (request, context) => {
      const length = find(request, context)?.size;
      return foundOrMissing(SortedSetLengthResponse, length === undefined ? undefined : { length });
    },
    SortedSetLengthByScore: (request, context) => {
      const length = find(request, context)?.countByScore(lengthRangeOf(request));
      return foundOrMissing(SortedSetLengthByScoreResponse, length === undefined ? undefined : { length });
    },
    SortedSetUnionStore: (request, context) => {
      const items = itemsOf(context);
      if (request.sources.length === 0) {
        throw new EngineError('invalid-argument', 'A union needs at least one source');
      }
      const sources = request.sources.map(({ set_name: name, weight }): UnionSource => ({
        elements: findCollection(items, name, SortedSet)?.elements ?? [],
        weight,
      }));
      const union = unionOf(sources, AGGREGATES[request.aggregate]);
      replaceCollection(items, request.set_name, union, request.ttl_milliseconds);
      return new SortedSetUnionStoreResponse({ length: union.size });
    },
  };
}

function fetchResponse(
  elements: readonly ScoredValue[] | undefined,
  withScores: boolean,
): cache.cache_client._SortedSetFetchResponse {
  if (elements === undefined) {
    return new SortedSetFetchResponse({ missing: new FetchMissing() });
  }
  const found = withScores
    ? new FetchFound({
        values_with_scores: new FoundElements({
          elements: elements.map((element) => new SortedSetElement(element)),
        }),
      })
    : new FetchFound({ values: new FoundValues({ values: elements.map(({ value }) => value) }) });
  return new SortedSetFetchResponse({ found });
}

function scorePart(
  score: number | undefined,
): cache.cache_client._SortedSetGetScoreResponse._SortedSetGetScoreResponsePart {
  return new ScorePart(
    score === undefined ? { result: CacheResult.Miss } : { result: CacheResult.Hit, score },
  );
}

function rankPart(rank: number | undefined): cache.cache_client._SortedSetGetRankResponse._RankResponsePart {
  return new RankPart(rank === undefined ? { result: CacheResult.Miss } : { result: CacheResult.Hit, rank });
}

function valuesToRemove(request: cache.cache_client._SortedSetRemoveRequest): readonly Uint8Array[] | 'all' {
  if (request.has_all) {
    return 'all';
  }
  if (request.has_some) {
    return request.some.values;
  }
  throw new EngineError('invalid-argument', 'The request says neither which elements to remove nor all');
}
