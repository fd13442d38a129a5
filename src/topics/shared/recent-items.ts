import type { TopicItem } from '@gomomento/sdk';
import type { Cursor } from '../../clients/streams/topic-position.js';

interface RecentItem {
  readonly item: TopicItem;
  readonly cursor: Cursor;
  readonly atMs: number;
}

/** As long as Momento holds messages, about. */
const keptMs = 5_000;
const mostKept = 1_000;

/** The last messages of a topic, for who comes back soon: so a browser that reconnects costs no subscription. */
export class RecentItems {
  /** Connected, of one page: each has the place of its number, so that adding one moves none of the others. */
  #items: (RecentItem | undefined)[] = [];
  #first = 0;
  #last: Cursor | undefined;

  add(item: TopicItem, cursor: Cursor): void {
    const atMs = performance.now();
    // Another page, or a gap: what was before is no longer connected.
    if (this.#last?.page !== cursor.page || this.#last.number + 1 !== cursor.number) {
      this.#items = [];
      this.#first = cursor.number;
    }
    this.#last = cursor;
    this.#items[placeOf(cursor.number)] = { item, cursor, atMs };
    this.#first = Math.max(this.#first, cursor.number - mostKept + 1);
    for (let oldest = this.#oldest; oldest !== undefined && atMs - oldest.atMs > keptMs;) {
      this.#items[placeOf(this.#first)] = undefined;
      this.#first += 1;
      oldest = this.#oldest;
    }
  }

  /** All that came behind it; undefined: it is not known that nothing is missing. */
  behind(after: Cursor): readonly Pick<RecentItem, 'item' | 'cursor'>[] | undefined {
    const last = this.#last;
    if (last === undefined || last.page !== after.page || this.#first > after.number + 1) return undefined;
    const items: RecentItem[] = [];
    for (let number = after.number + 1; number <= last.number; number += 1) {
      const item = this.#items[placeOf(number)];
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  get #oldest(): RecentItem | undefined {
    return this.#items[placeOf(this.#first)];
  }
}

function placeOf(number: number): number {
  return number % mostKept;
}
