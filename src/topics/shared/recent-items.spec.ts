import { TopicItem } from '@gomomento/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RecentItems } from './recent-items.js';

let nowMs = 0;
beforeEach(() => {
  nowMs = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => vi.restoreAllMocks());

describe('the recent items of a topic', () => {
  const recent = () => new RecentItems();
  const add = (items: RecentItems, page: number, from: number, to: number) => {
    for (let number = from; number <= to; number += 1)
      items.add(new TopicItem(`${page}:${number}`, number), { page, number });
    return items;
  };
  const behind = (items: RecentItems, page: number, number: number) =>
    items.behind({ page, number })?.map(({ item, cursor }) => {
      expect(item.value()).toBe(`${cursor.page}:${cursor.number}`);
      return item.value();
    });

  it('are those behind a place, from the first that is known', () => {
    const items = recent();
    expect(behind(items, 1, 6)).toBeUndefined();
    add(items, 1, 7, 9);
    expect(behind(items, 1, 5)).toBeUndefined();
    expect(behind(items, 1, 6)).toEqual(['1:7', '1:8', '1:9']);
    expect(behind(items, 1, 8)).toEqual(['1:9']);
    expect(behind(items, 1, 9)).toEqual([]);
    expect(behind(items, 1, 12)).toEqual([]);
  });

  it('are 1,000 at most', () => {
    const items = add(recent(), 1, 998, 3_456);
    expect(behind(items, 1, 2_455)).toBeUndefined();
    const kept = behind(items, 1, 2_456);
    expect(kept).toHaveLength(1_000);
    expect([kept?.[0], kept?.at(-1)]).toEqual(['1:2457', '1:3456']);
  });

  it('are of the 5 s before the last', () => {
    const items = add(recent(), 1, 1, 2);
    nowMs += 4_000;
    add(items, 1, 3, 3);
    nowMs += 1_000;
    add(items, 1, 4, 4);
    expect(behind(items, 1, 0)).toHaveLength(4);
    nowMs += 1;
    add(items, 1, 5, 5);
    expect(behind(items, 1, 0)).toBeUndefined();
    expect(behind(items, 1, 1)).toBeUndefined();
    expect(behind(items, 1, 2)).toEqual(['1:3', '1:4', '1:5']);
    nowMs += 60_000;
    add(items, 1, 6, 6);
    expect(behind(items, 1, 4)).toBeUndefined();
    expect(behind(items, 1, 5)).toEqual(['1:6']);
  });

  it.each([
    ['another page', 2, 4],
    ['a gap', 1, 5],
  ])('begin anew with %s', (_case, page, number) => {
    const items = add(add(recent(), 1, 1, 3), page, number, number);
    expect(behind(items, 1, 2)).toBeUndefined();
    expect(behind(items, page, number - 2)).toBeUndefined();
    expect(behind(items, page, number - 1)).toEqual([`${page}:${number}`]);
  });
});
