import { type ScoredValue, SortedSet } from './sorted-set.js';

export type Aggregate = 'sum' | 'min' | 'max';

export interface UnionSource {
  readonly elements: readonly ScoredValue[];
  /** What each score is multiplied with. */
  readonly weight: number;
}

const AGGREGATES: Readonly<Record<Aggregate, (left: number, right: number) => number>> = {
  sum: (left, right) => left + right,
  min: Math.min,
  max: Math.max,
};

/** The sorted set of all values of the sources; a value of several sources gets the aggregate of its weighted scores. */
export function unionOf(sources: readonly UnionSource[], aggregate: Aggregate): SortedSet {
  const union = new SortedSet();
  for (const { elements, weight } of sources) {
    for (const { value, score } of elements) {
      const current = union.scoreOf(value);
      const weighted = orZero(score * weight);
      const combined = current === undefined ? weighted : orZero(AGGREGATES[aggregate](current, weighted));
      union.put([{ value, score: combined }]);
    }
  }
  return union;
}

/** Infinity times 0, and the sum of the two infinities, are no numbers; as scores they count as 0. */
function orZero(score: number): number {
  return Number.isNaN(score) ? 0 : score;
}
