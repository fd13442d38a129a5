/** What a subscriber is handed, in order. */
export type TopicEvent = TopicItemEvent | TopicDiscontinuityEvent;

interface TopicItemEvent {
  readonly kind: 'item';
  readonly sequenceNumber: number;
  readonly sequencePage: number;
  readonly value: TopicValue;
  readonly publisherId: string;
}

interface TopicDiscontinuityEvent {
  readonly kind: 'discontinuity';
  /** The last sequence number that is known to be lost. */
  readonly lastSequenceNumber: number;
  /** The sequence number after which items resume. */
  readonly newSequenceNumber: number;
  readonly newSequencePage: number;
}

export type TopicValue = { readonly text: string } | { readonly binary: Uint8Array };

export interface ResumePosition {
  /** The first sequence number wanted; 0 begins with the next message. */
  readonly sequenceNumber: number;
  /** The page that number belongs to; 0 when the subscriber knows none. */
  readonly sequencePage: number;
}

/** Takes an event; answers false when it wants no more until the subscription is pumped again. */
export type TopicSink = (event: TopicEvent) => boolean;

export interface TopicSubscription {
  /** Hands over what was held back since the sink answered false. */
  pump(): void;
  unsubscribe(): void;
}

interface HeldItem {
  readonly event: TopicItemEvent;
  readonly publishedAtMs: number;
  readonly sizeBytes: number;
}

export interface TopicOptions {
  readonly now: () => number;
  readonly historyMs: number;
  /** Where the topic adds the bytes of the messages that it holds, and takes them off again. */
  readonly history?: { heldBytes: number };
}

interface Cursor {
  next: number;
  /** Lost numbers to report before the next item: the last of them, or `undefined` when nothing was lost. */
  lostUpTo: number | undefined;
  blocked: boolean;
  readonly sink: TopicSink;
}

/** However slowly the clock moves, a topic holds no more messages than this. */
const MAX_HELD_MESSAGES = 10_000;

/**
 * One topic: numbers its messages from 1, holds the latest for a few seconds, and hands them to its subscribers. A subscriber
 * is a cursor in that history, so resuming, following and catching up after a pause are the same thing; whoever falls out of
 * the history is told so by a discontinuity.
 */
export class Topic {
  readonly #held: HeldItem[] = [];
  readonly #cursors = new Set<Cursor>();
  readonly #now: () => number;
  readonly #historyMs: number;
  readonly #history: { heldBytes: number };
  #nextSequenceNumber = 1;

  constructor(
    readonly sequencePage: number,
    { now, historyMs, history = { heldBytes: 0 } }: TopicOptions,
  ) {
    this.#now = now;
    this.#historyMs = historyMs;
    this.#history = history;
  }

  /** Messages that can be resumed from, as far as they were not yet found to be too old. */
  get heldCount(): number {
    return this.#held.length;
  }

  get subscriberCount(): number {
    return this.#cursors.size;
  }

  /** Numbers the message, keeps it for a while, and hands it to every subscriber that is ready. Answers its number. */
  publish(value: TopicValue, publisherId: string): number {
    this.forgetOld();
    const sequenceNumber = this.#nextSequenceNumber;
    this.#nextSequenceNumber += 1;
    const sizeBytes = bytesOf(value) + Buffer.byteLength(publisherId);
    this.#held.push({
      event: { kind: 'item', sequenceNumber, sequencePage: this.sequencePage, value, publisherId },
      publishedAtMs: this.#now(),
      sizeBytes,
    });
    this.#history.heldBytes += sizeBytes;
    for (const cursor of this.#cursors) {
      this.#pump(cursor);
    }
    return sequenceNumber;
  }

  subscribe(from: ResumePosition, sink: TopicSink): TopicSubscription {
    this.forgetOld();
    const cursor: Cursor = { ...this.#positionOf(from), blocked: false, sink };
    this.#cursors.add(cursor);
    this.#pump(cursor);
    return {
      pump: () => {
        cursor.blocked = false;
        this.forgetOld();
        this.#pump(cursor);
      },
      unsubscribe: () => {
        this.#cursors.delete(cursor);
      },
    };
  }

  /** Frees the messages that are too old to be resumed from. */
  forgetOld(): void {
    const keepFromMs = this.#now() - this.#historyMs;
    const firstToKeep = this.#held.findIndex((held) => held.publishedAtMs >= keepFromMs);
    const expired = firstToKeep === -1 ? this.#held.length : firstToKeep;
    const forgotten = Math.max(expired, this.#held.length - MAX_HELD_MESSAGES);
    let count = 0;
    this.forgetWhile(() => (count += 1) <= forgotten);
  }

  /** Frees the oldest messages for as long as there are too many. */
  forgetWhile(areTooMany: () => boolean): void {
    let count = 0;
    for (const { sizeBytes } of this.#held) {
      if (!areTooMany()) {
        break;
      }
      this.#history.heldBytes -= sizeBytes;
      count += 1;
    }
    this.#held.splice(0, count);
  }

  #positionOf(from: ResumePosition): Pick<Cursor, 'next' | 'lostUpTo'> {
    if (from.sequenceNumber === 0) {
      return { next: this.#nextSequenceNumber, lostUpTo: undefined };
    }
    const otherPage = from.sequencePage !== 0 && from.sequencePage !== this.sequencePage;
    if (otherPage || from.sequenceNumber > this.#nextSequenceNumber) {
      // The number belongs to an earlier life of the topic: all that is held is new to this subscriber.
      return { next: this.#oldestHeld(), lostUpTo: 0 };
    }
    return { next: from.sequenceNumber, lostUpTo: undefined };
  }

  #pump(cursor: Cursor): void {
    const oldest = this.#oldestHeld();
    if (cursor.next < oldest) {
      cursor.lostUpTo = oldest - 1;
      cursor.next = oldest;
    }
    while (!cursor.blocked && this.#cursors.has(cursor)) {
      const event = this.#nextEventFor(cursor);
      if (event === undefined) {
        return;
      }
      cursor.blocked = !cursor.sink(event);
    }
  }

  #nextEventFor(cursor: Cursor): TopicEvent | undefined {
    if (cursor.lostUpTo !== undefined) {
      const lastSequenceNumber = cursor.lostUpTo;
      cursor.lostUpTo = undefined;
      return {
        kind: 'discontinuity',
        lastSequenceNumber,
        newSequenceNumber: cursor.next - 1,
        newSequencePage: this.sequencePage,
      };
    }
    const held = this.#held[cursor.next - this.#oldestHeld()];
    if (held !== undefined) {
      cursor.next += 1;
    }
    return held?.event;
  }

  /** The number of the oldest message held, or of the next one to come when none is. */
  #oldestHeld(): number {
    return this.#nextSequenceNumber - this.#held.length;
  }
}

function bytesOf(value: TopicValue): number {
  return 'text' in value ? Buffer.byteLength(value.text) : value.binary.byteLength;
}
