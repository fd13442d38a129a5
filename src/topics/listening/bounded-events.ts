import type { TopicGapEvent, TopicMessageContext } from '../definitions/topic.options.js';

/** What happens with a message for which there is no room. */
export type Overflow = 'drop-oldest' | 'drop-newest';

/** Events wait here in their order, so many at most. What has no room is dropped, and a gap in its place says so. */
export class BoundedEvents<Event extends TopicMessageContext> {
  readonly #most: number;
  readonly #overflow: Overflow;
  #kept: (Event | TopicGapEvent)[] = [];
  /** Of what was dropped from the beginning. */
  #dropped: TopicGapEvent | undefined;

  /** @param most 1 or more */
  constructor(most: number, overflow: Overflow) {
    this.#most = most;
    this.#overflow = overflow;
  }

  /** How many messages and gaps wait. */
  get size(): number {
    return this.#kept.length + (this.#dropped === undefined ? 0 : 1);
  }

  /** @returns the messages that were dropped for it, itself among them */
  add(event: Event | TopicGapEvent): number {
    if (this.#overflow === 'drop-newest' && this.#kept.length >= this.#most) return this.#refuse(event);
    this.#kept.push(event);
    return this.#kept.length > this.#most ? this.#dropOldest() : 0;
  }

  take(): Event | TopicGapEvent | undefined {
    const event = this.#dropped ?? this.#kept.shift();
    this.#dropped = undefined;
    return event;
  }

  clear(): void {
    this.#kept = [];
    this.#dropped = undefined;
  }

  #dropOldest(): number {
    const oldest = this.#kept.shift();
    if (oldest === undefined) return 0;
    this.#dropped = join(this.#dropped, gapOf(oldest));
    return isGap(oldest) ? 0 : 1;
  }

  /** What comes when all places are taken becomes part of the gap at the end, which has a place of its own. */
  #refuse(event: Event | TopicGapEvent): number {
    const last = this.#kept.at(-1);
    const isBehindGap = last !== undefined && isGap(last) && this.#kept.length > this.#most;
    if (isBehindGap) this.#kept[this.#kept.length - 1] = join(last, gapOf(event));
    else this.#kept.push(gapOf(event));
    return isGap(event) ? 0 : 1;
  }
}

export function isGap(event: object): event is TopicGapEvent {
  return 'kind' in event && event.kind === 'gap';
}

/** That one message is missing; a gap as it is. */
function gapOf(event: TopicMessageContext | TopicGapEvent): TopicGapEvent {
  if (isGap(event)) return event;
  const { topic, cacheName, cursor, sequencePage, sequenceNumber } = event;
  return {
    kind: 'gap',
    topic,
    cacheName,
    from: `${sequencePage}:${sequenceNumber - 1}`,
    to: cursor,
    missed: 1,
  };
}

function join(before: TopicGapEvent | undefined, gap: TopicGapEvent): TopicGapEvent {
  if (before === undefined) return gap;
  const { missed, ...joined } = { ...before, to: gap.to };
  return missed === undefined || gap.missed === undefined
    ? joined
    : { ...joined, missed: missed + gap.missed };
}
