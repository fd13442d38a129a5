import { TopicItem } from '@gomomento/sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RecentItems } from './recent-items.js';

const at = (number: number, page = 1) => ({ page, number });

function heard(...places: readonly { readonly page: number; readonly number: number }[]): RecentItems {
  const recent = new RecentItems();
  for (const place of places) recent.add(new TopicItem('', place.number), place);
  return recent;
}
const behind = (recent: RecentItems, after: { page: number; number: number }) =>
  recent.behind(after)?.map(({ cursor }) => cursor);

afterEach(() => vi.restoreAllMocks());

describe('the last messages of a topic', () => {
  it('are known behind each of them, and behind the one before', () => {
    const recent = heard(at(3), at(4), at(5));
    expect(behind(recent, at(2))).toEqual([at(3), at(4), at(5)]);
    expect(behind(recent, at(4))).toEqual([at(5)]);
    expect(behind(recent, at(5))).toEqual([]);
  });

  it.each([
    ['before the first of them', at(1)],
    ['that has not come yet', at(6)],
    ['of another page', at(4, 2)],
  ])('are not known behind a message %s', (_what, place) => {
    expect(behind(heard(at(3), at(4), at(5)), place)).toBeUndefined();
  });

  it('are not connected over what another client skipped without a word', () => {
    const recent = heard(at(3), at(5));
    expect(behind(recent, at(3))).toBeUndefined();
    expect(behind(recent, at(4))).toEqual([at(5)]);
  });

  it('are not connected over a gap', () => {
    const recent = heard(at(3));
    recent.skip({ from: at(3), to: at(7), missed: 4 });
    expect([behind(recent, at(2)), behind(recent, at(7)), recent.last]).toEqual([undefined, [], at(7)]);
  });

  it('are 1,000 at most', () => {
    const recent = heard(...Array.from({ length: 1_500 }, (_, index) => at(index + 1)));
    expect(behind(recent, at(500))).toHaveLength(1_000);
    expect(behind(recent, at(499))).toBeUndefined();
  });

  it('are 1,000 at most also when many more have come', () => {
    const recent = heard(...Array.from({ length: 3_456 }, (_, index) => at(index + 1)));
    expect(behind(recent, at(2_455))).toBeUndefined();
    expect(behind(recent, at(2_456))).toEqual(Array.from({ length: 1_000 }, (_, index) => at(index + 2_457)));
  });

  it('are of the 5 s before the last', () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(0);
    const recent = heard(at(1), at(2));
    const add = (number: number, atMs: number) => {
      now.mockReturnValue(atMs);
      recent.add(new TopicItem('', number), at(number));
    };
    add(3, 4_000);
    add(4, 5_000);
    expect(behind(recent, at(0))).toHaveLength(4);
    add(5, 5_001);
    expect([behind(recent, at(1)), behind(recent, at(2))]).toEqual([undefined, [at(3), at(4), at(5)]]);
    add(6, 65_000);
    expect([behind(recent, at(4)), behind(recent, at(5))]).toEqual([undefined, [at(6)]]);
  });
});
