import type { TopicItem, TopicSubscribe } from '@gomomento/sdk';
import { isLiveSubscription } from '../../clients/streams/listeners/subscription-handle.js';
import type { Cursor, StreamGap } from '../../clients/streams/topic-position.js';
import type { TopicListener } from './topic-listener.js';

/** A listener that begins before the others are: it hears by a subscription of its own until it can be one of them. */
export class CatchUp {
  readonly #listener: TopicListener;
  readonly #join: (listener: TopicListener, cursor: Cursor) => boolean;
  readonly #unwanted = new AbortController();
  #own: TopicSubscribe.Subscription | undefined;
  #isOver = false;

  /** @param join makes it one of the others, when they have come no further than this. @returns whether it did */
  constructor(listener: TopicListener, join: (listener: TopicListener, cursor: Cursor) => boolean) {
    this.#listener = listener;
    this.#join = join;
  }

  /** Aborted when its subscription need not be opened any more. */
  get unwanted(): AbortSignal {
    return this.#unwanted.signal;
  }

  item(item: TopicItem, cursor: Cursor): void {
    this.#listener.item(item, cursor);
    if (!this.#isOver && this.#join(this.#listener, cursor)) this.leave();
  }

  gap(gap: StreamGap): void {
    this.#listener.gap(gap);
  }

  /** Its subscription stands. */
  begin(own: TopicSubscribe.Subscription): void {
    this.#own = own;
    // It came as far before it was known.
    if (this.#isOver) own.unsubscribe();
    else if (isLiveSubscription(own))
      void own.ended.then(() => (this.#isOver ? undefined : this.#listener.end()));
  }

  /** The app shuts down. */
  close(): void {
    this.#listener.close();
    if (this.#listener.isOver) this.#unwanted.abort();
  }

  /** Ends its own subscription. */
  leave(): void {
    this.#isOver = true;
    this.#own?.unsubscribe();
  }
}
