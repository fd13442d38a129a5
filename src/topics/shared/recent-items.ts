import type { TopicItem } from '@gomomento/sdk';
import { type Cursor, isBehind, type StreamGap } from '../../clients/streams/topic-position.js';

export interface RecentItem {
  readonly item: TopicItem;
  readonly cursor: Cursor;
  readonly atMs: number;
}

/** As long as Momento holds messages, about. */
const keptMs = 5_000;
const mostKept = 1_000;

/** How far a subscription has come, and its last messages, for who comes back soon: so a browser that reconnects costs none. */
export class RecentItems {
  #items: RecentItem[] = [];
  #last: Cursor | undefined;
  #hasHeard = false;
  #moves = 0;

  /** @param after where the subscription begins; undefined: with the next message */
  constructor(after?: Cursor) {
    this.#last = after;
  }

  /** Behind this it goes on; undefined: it began with the next message, and has heard none. */
  get last(): Cursor | undefined {
    return this.#last;
  }

  /** Whether its place is more than the word of a listener. */
  get hasHeard(): boolean {
    return this.#hasHeard;
  }

  /** How often it went on elsewhere, where places cannot be compared with those before. */
  get moves(): number {
    return this.#moves;
  }

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
    this.#last = cursor;
    this.#hasHeard = true;
  }

  /** What the subscription lost. */
  skip({ to, isElsewhere }: StreamGap): void {
    if (isElsewhere === true) this.#moves += 1;
    this.#items = [];
    this.#last = to;
    this.#hasHeard = true;
  }

  /** All that came behind it; undefined: it is not known that nothing is missing, or that there is such a place. */
  behind(after: Cursor): readonly RecentItem[] | undefined {
    if (this.#last !== undefined && !isBehind(this.#last, after) && !isBehind(after, this.#last)) return [];
    const first = this.#items[0]?.cursor;
    if (first === undefined || first.page !== after.page || first.number > after.number + 1) return undefined;
    const missed = this.#items.filter(({ cursor }) => isBehind(after, cursor));
    return missed.length > 0 ? missed : undefined;
  }
}
