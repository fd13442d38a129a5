import { leaderboard } from '@gomomento/generated-types';
import type { Cache } from '../../engine/cache.js';
import type { CacheRegistry } from '../../engine/cache-registry.js';
import type { Order, ScoreRange } from '../../engine/collections/ranking.js';
import { EngineError } from '../../engine/engine-error.js';
import type { Leaderboard, RankedElement } from '../../engine/leaderboard.js';
import type { CallContext, UnaryHandlers } from '../calls/call-pipeline.js';
import { SERVICES } from '../services.js';

const {
  _GetByRankResponse: GetByRankResponse,
  _GetByScoreResponse: GetByScoreResponse,
  _GetCompetitionRankResponse: GetCompetitionRankResponse,
  _GetLeaderboardLengthResponse: GetLeaderboardLengthResponse,
  _GetRankResponse: GetRankResponse,
  _Order: OrderMessage,
  _RankedElement: RankedElementMessage,
} = leaderboard.leaderboard;

/** The empty message is not among those that the package exports; no bytes at all make one. */
const emptyMessage = () => SERVICES.leaderboard.DeleteLeaderboard.responseDeserialize(Buffer.alloc(0));

interface LeaderboardName {
  readonly leaderboard: string;
}

export function leaderboardHandlers(caches: CacheRegistry): UnaryHandlers<'leaderboard'> {
  const cacheOf = (request: LeaderboardName, { cacheName }: CallContext): Cache => {
    const cache = caches.get(cacheName);
    if (request.leaderboard.trim() === '') {
      throw new EngineError('invalid-argument', 'The leaderboard name must not be empty');
    }
    return cache;
  };
  const find = (request: LeaderboardName, context: CallContext): Leaderboard =>
    cacheOf(request, context).leaderboards.find(request.leaderboard);

  return {
    DeleteLeaderboard: (request, context) => {
      cacheOf(request, context).leaderboards.delete(request.leaderboard);
      return emptyMessage();
    },
    UpsertElements: (request, context) => {
      cacheOf(request, context).leaderboards.upsert(request.leaderboard, request.elements);
      return emptyMessage();
    },
    RemoveElements: (request, context) => {
      cacheOf(request, context).leaderboards.remove(request.leaderboard, request.ids);
      return emptyMessage();
    },
    GetLeaderboardLength: (request, context) =>
      new GetLeaderboardLengthResponse({ count: find(request, context).size }),
    GetByRank: (request, context) => {
      const board = find(request, context);
      const [start, end] = request.has_rank_range
        ? [request.rank_range.start_inclusive, request.rank_range.end_exclusive]
        : [0, 0];
      return new GetByRankResponse(elementsOf(board.byRank(start, end, orderOf(request.order))));
    },
    GetByScore: (request, context) => {
      const page = { offset: request.offset, limit: request.limit_elements };
      const board = find(request, context);
      return new GetByScoreResponse(
        elementsOf(board.byScore(scoreRangeOf(request), page, orderOf(request.order))),
      );
    },
    GetRank: (request, context) =>
      new GetRankResponse(elementsOf(find(request, context).byIds(request.ids, orderOf(request.order)))),
    GetCompetitionRank: (request, context) => {
      const order = request.has_order ? orderOf(request.order) : 'descending';
      return new GetCompetitionRankResponse(
        elementsOf(find(request, context).byIdsCompetitively(request.ids, order)),
      );
    },
  };
}

function elementsOf(elements: readonly RankedElement[]): {
  elements: leaderboard.leaderboard._RankedElement[];
} {
  return { elements: elements.map((element) => new RankedElementMessage(element)) };
}

function orderOf(order: leaderboard.leaderboard._Order): Order {
  return order === OrderMessage.DESCENDING ? 'descending' : 'ascending';
}

function scoreRangeOf(request: leaderboard.leaderboard._GetByScoreRequest): ScoreRange {
  const { score_range: range, has_score_range: hasRange } = request;
  return {
    min: hasRange && range.has_min_inclusive ? { score: range.min_inclusive, exclusive: false } : undefined,
    max: hasRange && range.has_max_exclusive ? { score: range.max_exclusive, exclusive: true } : undefined,
  };
}
