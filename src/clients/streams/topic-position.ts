/** A place in a topic. Numbers count its messages from 1, by 1; a topic that begins anew gets a larger page and counts again. */
export interface Cursor {
  readonly page: number;
  readonly number: number;
}

/** Behind it is all that Momento holds of a topic. */
export const allThatIsHeld: Cursor = { page: 0, number: 0 };

/** What was published behind `from`, up to and with `to`, and did not arrive. */
export interface StreamGap {
  readonly from: Cursor;
  readonly to: Cursor;
  /** How many messages; unknown when the page changed. */
  readonly missed?: number;
  /** Whether it goes on at another host, where places cannot be compared with those before. */
  readonly isElsewhere?: true;
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
  /** Whether the place is the word of a caller, which no stream has borne out yet. */
  #isClaimed = false;
  #endpoint: string | undefined;
  /** The gap that begins at the last place before it began anew, until something arrives. */
  #left: Omit<StreamGap, 'to'> | undefined;

  /** Begins behind this message, seen by somebody before. When there is no such message, the first event says where it begins. */
  startAt(cursor: Cursor): void {
    this.#at = cursor;
    this.#isClaimed = true;
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
    if (!this.isComparableAt(endpoint)) this.#leave({ isElsewhere: true });
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

  /** A subscription lost something. Places at the end of the gap need not be comparable with those at its beginning. */
  passGap({ from, to, missed }: StreamGap): Passage {
    const isAnew = !isBehind(from, to) || (from.page === to.page && missed === undefined);
    if (isAnew) this.#leave();
    return this.#pass(to, to);
  }

  #leave(how: Pick<StreamGap, 'isElsewhere'> = {}): void {
    const from = this.#at ?? this.#left?.from;
    this.#left = from && { from, ...how };
    this.#at = undefined;
  }

  #pass(next: Cursor, lostUpTo: Cursor): Passage {
    // A stream that was asked for what is behind a place, and begins before it, knows no such place.
    if (this.#isClaimed && this.#at !== undefined && isBehind(next, this.#at)) this.#leave();
    this.#isClaimed = false;
    const [before, left] = [this.#at, this.#left];
    if (before !== undefined && !isBehind(before, next)) return alreadyPassed;
    this.#at = next;
    this.#left = undefined;
    const gap = left === undefined ? before && gapBetween(before, lostUpTo) : { ...left, to: lostUpTo };
    return gap === undefined ? { isNew: true } : { isNew: true, gap };
  }
}

/** Whether the latter comes after the former. */
export function isBehind(former: Cursor, latter: Cursor): boolean {
  return former.page === latter.page ? former.number < latter.number : former.page < latter.page;
}

function gapBetween(from: Cursor, to: Cursor): StreamGap | undefined {
  if (from.page !== to.page) return { from, to };
  const missed = to.number - from.number;
  return missed > 0 ? { from, to, missed } : undefined;
}
