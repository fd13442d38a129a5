import { type Order, Ranking, type RankedEntry, type ScoreRange, checkScore } from './collections/ranking.js';
import { EngineError } from './engine-error.js';

export interface LeaderboardElement {
  /** An unsigned integer. */
  readonly id: number;
  readonly score: number;
}

export interface RankedElement extends LeaderboardElement {
  /** From 0, in the order that was asked for. */
  readonly rank: number;
}

/** The most elements that one request may name or fetch. */
const MAX_ELEMENTS_PER_REQUEST = 8192;

/** Elements by score, and equal scores by id. It does not expire. */
export class Leaderboard {
  readonly #ranking = new Ranking<number>();

  get size(): number {
    return this.#ranking.size;
  }

  has(id: number): boolean {
    return this.#ranking.scoreOf(id) !== undefined;
  }

  /** Sets the scores of all the elements, or of none. @throws EngineError `invalid-argument`. */
  upsert(elements: readonly LeaderboardElement[]): void {
    checkCount(elements.length);
    elements.forEach(({ score }) => checkScore(score));
    for (const { id, score } of elements) {
      this.#ranking.set(id, score);
    }
  }

  /** @throws EngineError `invalid-argument`. */
  remove(ids: readonly number[]): void {
    checkCount(ids.length);
    ids.forEach((id) => this.#ranking.delete(id));
  }

  /** @throws EngineError `invalid-argument` when the end is not after the start, or too far. */
  byRank(startInclusive: number, endExclusive: number, order: Order): RankedElement[] {
    if (startInclusive >= endExclusive) {
      throw new EngineError('invalid-argument', 'The start rank must be less than the end rank');
    }
    checkCount(endExclusive - startInclusive);
    return this.#ranked(this.#ranking.byRank({ start: startInclusive, end: endExclusive }, order), order);
  }

  /** @throws EngineError `invalid-argument` when too many are asked for. */
  byScore(
    range: ScoreRange,
    { offset, limit }: { readonly offset: number; readonly limit: number },
    order: Order,
  ): RankedElement[] {
    checkCount(limit);
    return this.#ranked(this.#ranking.byScore(range, order).slice(offset, offset + limit), order);
  }

  /** The elements of these ids, in the order of the ids; those that it has not are left out. */
  byIds(ids: readonly number[], order: Order): RankedElement[] {
    checkCount(ids.length);
    return ids.flatMap((id) => {
      const score = this.#ranking.scoreOf(id);
      return score === undefined ? [] : this.#ranked([{ member: id, score }], order);
    });
  }

  /** As {@link byIds}, but equal scores share the best of their ranks. */
  byIdsCompetitively(ids: readonly number[], order: Order): RankedElement[] {
    return this.byIds(ids, order).map(({ id, score }) => {
      const better = { score, exclusive: true };
      const range = order === 'ascending' ? { min: undefined, max: better } : { min: better, max: undefined };
      return { id, score, rank: this.#ranking.countByScore(range) };
    });
  }

  #ranked(entries: readonly RankedEntry<number>[], order: Order): RankedElement[] {
    return entries.map(({ member: id, score }) => ({
      id,
      score,
      rank: this.#ranking.rankOf(id, order) ?? 0,
    }));
  }
}

function checkCount(count: number): void {
  if (count > MAX_ELEMENTS_PER_REQUEST) {
    throw new EngineError(
      'invalid-argument',
      `A request is for at most ${MAX_ELEMENTS_PER_REQUEST} elements of a leaderboard, not ${count}`,
    );
  }
}
