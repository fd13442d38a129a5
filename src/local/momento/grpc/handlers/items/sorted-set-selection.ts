import { cache } from '@gomomento/generated-types';
import type { Order, ScoreBound, ScoreRange } from '../../../engine/collections/ranking.js';
import type { Slice } from '../../../engine/collections/slice.js';
import type { ScoredValue, SortedSet } from '../../../engine/collections/sorted-set.js';
import { EngineError } from '../../../engine/engine-error.js';

type FetchRequest = cache.cache_client._SortedSetFetchRequest;
type ByScore = cache.cache_client._SortedSetFetchRequest._ByScore;
type LengthByScoreRequest = cache.cache_client._SortedSetLengthByScoreRequest;

const { _SortedSetFetchRequest: SortedSetFetchRequest, _SortedSetGetRankRequest: SortedSetGetRankRequest } =
  cache.cache_client;

/** Picks the elements that a fetch asks for, by rank or by score, in its order. @throws EngineError `invalid-argument`. */
export function selectionOf(request: FetchRequest): (set: SortedSet) => ScoredValue[] {
  const order: Order = request.order === SortedSetFetchRequest.Order.DESCENDING ? 'descending' : 'ascending';
  if (request.has_by_index) {
    const { by_index: range } = request;
    const start = range.has_inclusive_start_index ? range.inclusive_start_index : undefined;
    const end = range.has_exclusive_end_index ? range.exclusive_end_index : undefined;
    return (set) => set.byRank({ start, end }, order);
  }
  if (request.has_by_score) {
    const page = pageOf(request.by_score);
    return (set) => set.byScore(scoreRangeOf(request.by_score), order).slice(page.start, page.end);
  }
  throw new EngineError('invalid-argument', 'The request asks for elements neither by rank nor by score');
}

export function rankOrderOf(request: cache.cache_client._SortedSetGetRankRequest): Order {
  return request.order === SortedSetGetRankRequest.Order.DESCENDING ? 'descending' : 'ascending';
}

export function lengthRangeOf(request: LengthByScoreRequest): ScoreRange {
  return {
    min: boundOf(
      request.has_inclusive_min && request.inclusive_min,
      request.has_exclusive_min && request.exclusive_min,
    ),
    max: boundOf(
      request.has_inclusive_max && request.inclusive_max,
      request.has_exclusive_max && request.exclusive_max,
    ),
  };
}

function boundOf(inclusive: number | false, exclusive: number | false): ScoreBound | undefined {
  if (inclusive !== false) {
    return { score: inclusive, exclusive: false };
  }
  return exclusive === false ? undefined : { score: exclusive, exclusive: true };
}

function scoreRangeOf(range: ByScore): ScoreRange {
  return {
    min: range.has_min_score ? range.min_score : undefined,
    max: range.has_max_score ? range.max_score : undefined,
  };
}

/** From an offset on, at most a number of elements; a negative number means all. */
function pageOf({ offset, count }: ByScore): Slice {
  if (offset < 0) {
    throw new EngineError('invalid-argument', 'The offset must not be negative');
  }
  return { start: offset, end: count < 0 ? undefined : offset + count };
}
