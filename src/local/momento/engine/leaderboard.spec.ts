import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Leaderboard } from './leaderboard.js';

const anyId = fc.nat({ max: 6 });
const anyScore = fc.integer({ min: -3, max: 3 });
const anyElements = fc.uniqueArray(fc.record({ id: anyId, score: anyScore }), { selector: ({ id }) => id });

describe('Leaderboard', () => {
  it('ranks as a sort by score and then by id does, in either order', () => {
    fc.assert(
      fc.property(anyElements, fc.array(anyId), fc.array(anyId), (elements, removed, ids) => {
        const board = new Leaderboard();
        board.upsert(elements.map(({ id }) => ({ id, score: 99 })));
        board.upsert(elements);
        board.remove(removed);
        const ascending = elements
          .filter(({ id }) => !removed.includes(id))
          .toSorted((left, right) => left.score - right.score || left.id - right.id);

        for (const order of ['ascending', 'descending'] as const) {
          const ranked = (order === 'ascending' ? ascending : ascending.toReversed()).map(
            (element, rank) => ({
              ...element,
              rank,
            }),
          );
          const withIds = ids.flatMap((id) => ranked.filter((element) => element.id === id));
          const range = { min: { score: -1, exclusive: false }, max: { score: 2, exclusive: true } };

          expect(board.byRank(0, 100, order)).toEqual(ranked);
          expect(board.byRank(1, 3, order)).toEqual(ranked.slice(1, 3));
          expect(board.byIds(ids, order)).toEqual(withIds);
          expect(board.byScore(range, { offset: 1, limit: 2 }, order)).toEqual(
            ranked.filter(({ score }) => score >= -1 && score < 2).slice(1, 3),
          );
          expect(board.byIdsCompetitively(ids, order)).toEqual(
            withIds.map(({ id, score }) => ({
              id,
              score,
              rank: ranked.findIndex((element) => element.score === score),
            })),
          );
        }
      }),
    );
  });

  it('takes and answers at most 8192 elements at a time', () => {
    const board = new Leaderboard();
    const many = Array.from({ length: 8193 }, (_, id) => ({ id, score: id }));
    board.upsert(many.slice(1));

    expect(board.byRank(0, 8192, 'ascending')).toHaveLength(8192);
    expect(() => board.upsert(many)).toThrow('at most 8192');
    expect(() => board.byRank(0, 8193, 'ascending')).toThrow('at most 8192');
    expect(() =>
      board.byIds(
        many.map(({ id }) => id),
        'ascending',
      ),
    ).toThrow('at most 8192');
    const everything = { min: undefined, max: undefined };
    expect(() => board.byScore(everything, { offset: 0, limit: 8193 }, 'ascending')).toThrow('at most 8192');
  });

  it('refuses a score that is not a number, and sets none of the others', () => {
    const board = new Leaderboard();

    expect(() =>
      board.upsert([
        { id: 1, score: 1 },
        { id: 2, score: NaN },
      ]),
    ).toThrow('not a number');
    expect(board.size).toBe(0);
  });
});
