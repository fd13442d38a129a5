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
  /** Connected, of one page; each at the place of its number, so that adding one moves none of the others. */
  #items: (RecentItem | undefined)[] = [];
  /** The number of the oldest. */
  #first = 0;
  #newest: Cursor | undefined;
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
    const atMs = performance.now();
    // Another page, or a gap: what was before is no longer connected.
    if (this.#newest?.page !== cursor.page || this.#newest.number + 1 !== cursor.number) {
      this.#items = [];
      this.#first = cursor.number;
    }
    this.#items[placeOf(cursor.number)] = { item, cursor, atMs };
    this.#newest = cursor;
    this.#last = cursor;
    this.#hasHeard = true;
    this.#first = Math.max(this.#first, cursor.number - mostKept + 1);
    for (let oldest = this.#oldest; oldest !== undefined && atMs - oldest.atMs > keptMs;) {
      this.#items[placeOf(this.#first)] = undefined;
      this.#first += 1;
      oldest = this.#oldest;
    }
  }

  /** What the subscription lost. */
  skip({ to, isElsewhere }: StreamGap): void {
    if (isElsewhere === true) this.#moves += 1;
    this.#items = [];
    this.#newest = undefined;
    this.#last = to;
    this.#hasHeard = true;
  }

  /** All that came behind it; undefined: it is not known that nothing is missing, or that there is such a place. */
  behind(after: Cursor): readonly RecentItem[] | undefined {
    if (this.#last !== undefined && !isBehind(this.#last, after) && !isBehind(after, this.#last)) return [];
    const newest = this.#newest;
    const isKnown = newest?.page === after.page && this.#first <= after.number + 1;
    if (!isKnown || newest.number <= after.number) return undefined;
    const missed: RecentItem[] = [];
    for (let number = after.number + 1; number <= newest.number; number += 1) {
      const item = this.#items[placeOf(number)];
      if (item !== undefined) missed.push(item);
    }
    return missed;
  }

  get #oldest(): RecentItem | undefined {
    return this.#items[placeOf(this.#first)];
  }
}

function placeOf(number: number): number {
  return number % mostKept;
}
