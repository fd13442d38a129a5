import type { TopicItem } from '@gomomento/sdk';
import { type Cursor, type StreamGap, TopicPosition } from '../../clients/streams/topic-position.js';

/** What a listener of a topic is told, in its order. It does not throw. */
export interface TopicEvents {
  item(item: TopicItem, cursor: Cursor): void;
  gap(gap: StreamGap): void;
  /** Something may be lost, and nobody knows what: the stream is over, or nothing was heard yet. */
  lost?(): void;
  /**
   * The app shuts down: nothing is told any more but the end. Without it, everything is told until the end.
   *
   * @returns whether this is its end: it needs no subscription any more
   */
  closing?(): boolean;
  /** It has ended, by whatever: nothing comes any more. Called once. */
  ended(): void;
}

/** One of those who listen to a topic in this process, with its own place: nothing reaches it twice, and nothing out of order. */
export class TopicListener {
  readonly #events: TopicEvents;
  readonly #position = new TopicPosition();
  #isClosing = false;
  #isOver = false;
  #hasEnded = false;

  /** @param after the message that it begins behind; undefined: with the next one */
  constructor(events: TopicEvents, after: Cursor | undefined) {
    this.#events = events;
    if (after !== undefined) this.#position.startAt(after);
  }

  /** It needs no subscription any more, not even one that is being opened. */
  get isOver(): boolean {
    return this.#isOver;
  }

  item(item: TopicItem, cursor: Cursor): void {
    if (this.#isClosing) return;
    const passage = this.#position.passItem(cursor);
    if (!passage.isNew) return;
    if (passage.gap !== undefined) this.#events.gap(passage.gap);
    this.#events.item(item, cursor);
  }

  /** What its subscription lost. */
  gap(gap: StreamGap): void {
    if (this.#isClosing) return;
    const passage = this.#position.passGap(gap);
    if (passage.isNew) this.#events.gap(passage.gap ?? gap);
  }

  lost(): void {
    if (!this.#isClosing) this.#events.lost?.();
  }

  close(): void {
    if (this.#isClosing || this.#events.closing === undefined) return;
    this.#isClosing = true;
    this.#isOver = this.#events.closing();
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#isClosing = true;
    this.#isOver = true;
    this.#hasEnded = true;
    this.#events.ended();
  }
}
