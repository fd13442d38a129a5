import { bytesToText, textToBytes } from '../bytes.js';
import { EngineError } from '../engine-error.js';
import { checkElementSize } from '../limits.js';
import { type Order, type RankedEntry, Ranking, type ScoreRange, checkScore } from './ranking.js';
import type { Slice } from './slice.js';

export interface ScoredValue {
  readonly value: Uint8Array;
  readonly score: number;
}

const SCORE_BYTES = 8;

/** Values, each with a score, in the order of the scores and then of their bytes. */
export class SortedSet {
  readonly type = 'sorted-set';
  readonly #ranking = new Ranking<string>();
  #byteLength = 0;

  get size(): number {
    return this.#ranking.size;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** All of them, in ascending order. */
  get elements(): ScoredValue[] {
    return this.byRank({ start: undefined, end: undefined }, 'ascending');
  }

  scoreOf(value: Uint8Array): number | undefined {
    return this.#ranking.scoreOf(bytesToText(value));
  }

  rankOf(value: Uint8Array, order: Order): number | undefined {
    return this.#ranking.rankOf(bytesToText(value), order);
  }

  byRank(slice: Slice, order: Order): ScoredValue[] {
    return this.#ranking.byRank(slice, order).map(scoredValue);
  }

  byScore(range: ScoreRange, order: Order): ScoredValue[] {
    return this.#ranking.byScore(range, order).map(scoredValue);
  }

  countByScore(range: ScoreRange): number {
    return this.#ranking.countByScore(range);
  }

  /** Puts all of the elements, or none. @throws EngineError `invalid-argument` when a score is not a number, `element-size-limit-exceeded`. */
  put(elements: readonly ScoredValue[]): void {
    for (const { value, score } of elements) {
      checkElementSize(value);
      checkScore(score);
    }
    for (const { value, score } of elements) {
      const before = this.size;
      this.#ranking.set(bytesToText(value), score);
      this.#byteLength += (this.size - before) * (value.byteLength + SCORE_BYTES);
    }
  }

  delete(value: Uint8Array): void {
    const before = this.size;
    this.#ranking.delete(bytesToText(value));
    this.#byteLength += (this.size - before) * (value.byteLength + SCORE_BYTES);
  }

  /**
   * Adds to the score of a value, starting from 0, and answers the sum.
   *
   * @throws EngineError `invalid-argument` when the amount is not a number, `failed-precondition` when the sum is none, as that of
   *   the two infinities.
   */
  increment(value: Uint8Array, amount: number): number {
    checkScore(amount);
    const sum = (this.scoreOf(value) ?? 0) + amount;
    if (Number.isNaN(sum)) {
      throw new EngineError('failed-precondition', 'The resulting score is not a number');
    }
    this.put([{ value, score: sum }]);
    return sum;
  }
}

function scoredValue({ member, score }: RankedEntry<string>): ScoredValue {
  return { value: textToBytes(member), score };
}
