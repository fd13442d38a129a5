import { type SubscribeCallOptions, TopicDiscontinuity } from '@gomomento/sdk';
import { noteCursor, noteGap } from './stream-events.js';
import { type Passage, TopicPosition } from './topic-position.js';
import type { StreamListener } from './topic-stream.js';

/** Hands on what the streams of one subscription say: each message once, in order, and what was skipped as a gap. */
export class StreamDelivery {
  readonly position = new TopicPosition();
  readonly #callbacks: SubscribeCallOptions;
  #isStopped = false;
  #isGapped = false;

  /** @param callbacks of the user, guarded */
  constructor(callbacks: SubscribeCallOptions) {
    this.#callbacks = callbacks;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Whether the last thing that came was a gap. */
  get isGapped(): boolean {
    return this.#isGapped;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /**
   * What a stream is to tell.
   *
   * @param onLost called when it is over
   */
  listen(onLost: () => void): StreamListener {
    return {
      onItem: (item, cursor) => {
        if (this.#isStopped) return;
        const passage = this.position.passItem(cursor);
        if (!passage.isNew) return;
        noteCursor(item, cursor);
        this.#isGapped = passage.gap !== undefined;
        if (passage.gap !== undefined) {
          const { from, to } = passage.gap;
          this.#tellGap(passage, new TopicDiscontinuity(from.number, to.number, to.page));
        }
        this.#callbacks.onItem?.(item);
      },
      onDiscontinuity: (discontinuity) => {
        if (this.#isStopped) return;
        const [page, number] = [discontinuity.newSequencePage(), discontinuity.newSequenceNumber()];
        const passage = this.position.passDiscontinuity({ page, number });
        if (!passage.isNew) return;
        this.#isGapped = passage.gap !== undefined;
        this.#tellGap(passage, discontinuity);
      },
      onHeartbeat: (heartbeat) => {
        if (!this.#isStopped) this.#callbacks.onHeartbeat?.(heartbeat);
      },
      onLost,
    };
  }

  #tellGap(passage: Passage, discontinuity: TopicDiscontinuity): void {
    if (passage.isNew && passage.gap !== undefined) noteGap(discontinuity, passage.gap);
    this.#callbacks.onDiscontinuity?.(discontinuity);
  }
}
