import { EngineError } from '../engine-error.js';
import type { Slice } from './slice.js';

export type Order = 'ascending' | 'descending';

export interface RankedEntry<Member> {
  readonly member: Member;
  readonly score: number;
}

/** A limit on scores; absent, there is none. */
export interface ScoreBound {
  readonly score: number;
  readonly exclusive: boolean;
}

export interface ScoreRange {
  readonly min: ScoreBound | undefined;
  readonly max: ScoreBound | undefined;
}

/** A rank among entries: a member's own, and those that share its score. */
interface Position {
  readonly from: number;
  readonly to: number;
}

/** @throws EngineError `invalid-argument` when the score is not a number: nothing could be compared with it. */
export function checkScore(score: number): void {
  if (Number.isNaN(score)) {
    throw new EngineError('invalid-argument', 'The score is not a number');
  }
}

/**
 * Members by score, and among equal scores by themselves; descending is the exact reverse. Ranks count from 0. The entries are
 * kept sorted, so that a rank and the ends of a range are found by bisection.
 */
export class Ranking<Member extends string | number> {
  readonly #scores = new Map<Member, number>();
  readonly #sorted: RankedEntry<Member>[] = [];

  get size(): number {
    return this.#sorted.length;
  }

  scoreOf(member: Member): number | undefined {
    return this.#scores.get(member);
  }

  /** @param score passes {@link checkScore} */
  set(member: Member, score: number): void {
    this.delete(member);
    const entry = { member, score };
    this.#scores.set(member, score);
    this.#sorted.splice(this.#indexOf(entry), 0, entry);
  }

  delete(member: Member): void {
    const score = this.#scores.get(member);
    if (score !== undefined) {
      this.#sorted.splice(this.#indexOf({ member, score }), 1);
      this.#scores.delete(member);
    }
  }

  rankOf(member: Member, order: Order): number | undefined {
    const score = this.#scores.get(member);
    if (score === undefined) {
      return undefined;
    }
    const rank = this.#indexOf({ member, score });
    return order === 'ascending' ? rank : this.size - 1 - rank;
  }

  byRank({ start, end }: Slice, order: Order): RankedEntry<Member>[] {
    return (order === 'ascending' ? this.#sorted : this.#sorted.toReversed()).slice(start, end);
  }

  byScore(range: ScoreRange, order: Order): RankedEntry<Member>[] {
    const { from, to } = this.#positionsOf(range);
    const entries = this.#sorted.slice(from, to);
    return order === 'ascending' ? entries : entries.toReversed();
  }

  countByScore(range: ScoreRange): number {
    const { from, to } = this.#positionsOf(range);
    return Math.max(0, to - from);
  }

  #positionsOf({ min, max }: ScoreRange): Position {
    return {
      from: min === undefined ? 0 : this.#firstIndex(isAbove(min)),
      to: max === undefined ? this.size : this.#firstIndex(isBeyond(max)),
    };
  }

  #indexOf({ member, score }: RankedEntry<Member>): number {
    return this.#firstIndex(
      (entry) => entry.score > score || (entry.score === score && entry.member >= member),
    );
  }

  /** The index of the first entry for which a condition holds that, once it holds, holds for all that follow. */
  #firstIndex(holds: (entry: RankedEntry<Member>) => boolean): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#sorted[middle];
      if (entry === undefined || holds(entry)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}

function isAbove({ score, exclusive }: ScoreBound) {
  return (entry: RankedEntry<unknown>) => (exclusive ? entry.score > score : entry.score >= score);
}

function isBeyond({ score, exclusive }: ScoreBound) {
  return (entry: RankedEntry<unknown>) => (exclusive ? entry.score >= score : entry.score > score);
}
