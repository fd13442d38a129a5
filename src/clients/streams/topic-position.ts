/** A place in a topic. Numbers count its messages from 1, by 1; a topic that begins anew gets a larger page and counts again. */
export interface Cursor {
  readonly page: number;
  readonly number: number;
}

/** What was published behind `from`, up to and with `to`, and did not arrive. */
export interface StreamGap {
  readonly from: Cursor;
  readonly to: Cursor;
  /** How many messages; unknown when the page changed. */
  readonly missed?: number;
}

/** What an event of a stream means to the listener: something new, perhaps with a gap before it, or nothing. */
export type Passage = { readonly isNew: true; readonly gap?: StreamGap } | { readonly isNew: false };

const alreadyPassed: Passage = { isNew: false };

/**
 * How far a subscription has come. It only moves forward, whichever of its streams speaks: what was passed is not new, and
 * what was skipped is a gap, told once.
 */
export class TopicPosition {
  #at: Cursor | undefined;
  #endpoint: string | undefined;
  /** The last place at the endpoint before, until something arrives from the next one. */
  #left: Cursor | undefined;

  /** Begins behind this message, seen by somebody before. */
  startAt(cursor: Cursor): void {
    this.#at = cursor;
  }

  /** The last message seen; undefined until there is one. */
  get at(): Cursor | undefined {
    return this.#at;
  }

  /** Whether places at this endpoint can be compared with the one here: elsewhere the topic is another one. */
  isComparableAt(endpoint: string): boolean {
    return this.#endpoint === undefined || this.#endpoint === endpoint;
  }

  /** From now on streams of this endpoint speak. */
  moveTo(endpoint: string): void {
    if (!this.isComparableAt(endpoint)) {
      this.#left = this.#at ?? this.#left;
      this.#at = undefined;
    }
    this.#endpoint = endpoint;
  }

  /** A message arrived. */
  passItem(item: Cursor): Passage {
    return this.#pass(item, { page: item.page, number: item.number - 1 });
  }

  /** The service says that it goes on behind this place. */
  passDiscontinuity(newPlace: Cursor): Passage {
    return this.#pass(newPlace, newPlace);
  }

  #pass(next: Cursor, lostUpTo: Cursor): Passage {
    const before = this.#at ?? this.#left;
    if (this.#at !== undefined && !isBehind(this.#at, next)) return alreadyPassed;
    this.#at = next;
    const gap = before && gapBetween(before, lostUpTo, this.#left === undefined);
    this.#left = undefined;
    return gap === undefined ? { isNew: true } : { isNew: true, gap };
  }
}

/** Whether the latter comes after the former. */
export function isBehind(former: Cursor, latter: Cursor): boolean {
  return former.page === latter.page ? former.number < latter.number : former.page < latter.page;
}

function gapBetween(from: Cursor, to: Cursor, isSameTopic: boolean): StreamGap | undefined {
  if (!isSameTopic || from.page !== to.page) return { from, to };
  const missed = to.number - from.number;
  return missed > 0 ? { from, to, missed } : undefined;
}
