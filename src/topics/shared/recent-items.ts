import type { TopicItem } from '@gomomento/sdk';
import { type Cursor, isBehind } from '../../clients/streams/topic-position.js';

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
  #items: RecentItem[] = [];

  add(item: TopicItem, cursor: Cursor): void {
    const nowMs = performance.now();
    const [oldest] = this.#items;
    // Another page, or a gap: what was before is no longer connected.
    const last = this.#items.at(-1)?.cursor;
    if (last !== undefined && (last.page !== cursor.page || last.number + 1 !== cursor.number))
      this.#items = [];
    else if (this.#items.length >= mostKept || (oldest !== undefined && nowMs - oldest.atMs > keptMs))
      this.#items = this.#items.slice(-mostKept + 1).filter(({ atMs }) => nowMs - atMs <= keptMs);
    this.#items.push({ item, cursor, atMs: nowMs });
  }

  /** All that came behind it; undefined: it is not known that nothing is missing. */
  behind(after: Cursor): readonly Pick<RecentItem, 'item' | 'cursor'>[] | undefined {
    const first = this.#items[0]?.cursor;
    if (first === undefined || first.page !== after.page || first.number > after.number + 1) return undefined;
    return this.#items.filter(({ cursor }) => isBehind(after, cursor));
  }
}
