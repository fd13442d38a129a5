import type { TopicClient } from '@gomomento/sdk';
import type { SubscriptionStatus } from '../../clients/streams/listeners/subscription-handle.js';
import type { Cursor } from '../../clients/streams/topic-position.js';
import type { MomentoOperation, MomentoTopicError } from '../../foundation/momento.errors.js';
import { SharedTopic } from './shared-topic.js';
import { type TopicEvents, TopicListener } from './topic-listener.js';

/** As long as a page needs that is loaded again. */
const lingerMs = 5_000;

/** A listener's part in a subscription. */
export interface Listening {
  readonly status: SubscriptionStatus;
  /** Nothing is told afterwards, but that it has ended. */
  stop(): void;
}

/** The topics that somebody listens to: one subscription of the SDK for each cache and topic, kept 5 s after its last listener. */
export class SharedTopics {
  readonly #client: TopicClient;
  readonly #onStreamError: (error: MomentoTopicError) => void;
  readonly #topics = new Map<string, SharedTopic>();

  constructor(client: TopicClient, onStreamError: (error: MomentoTopicError) => void) {
    this.#client = client;
    this.#onStreamError = onStreamError;
  }

  /**
   * @param after the message that it begins behind; undefined: with the next one
   * @returns once the subscription stands
   * @throws MomentoTopicError
   */
  async listen(operation: MomentoOperation, events: TopicEvents, after?: Cursor): Promise<Listening> {
    const { cacheName, target = '' } = operation;
    const key = JSON.stringify([cacheName, target]);
    const topic = this.#topics.get(key) ?? this.#open(key, operation, after);
    const leave = await topic.add(new TopicListener(events, after), after);
    return {
      get status() {
        return topic.status;
      },
      stop: leave,
    };
  }

  #open(key: string, operation: MomentoOperation, after: Cursor | undefined): SharedTopic {
    const topic: SharedTopic = new SharedTopic(
      {
        client: this.#client,
        operation,
        lingerMs,
        onStreamError: this.#onStreamError,
        onEnd: () => {
          if (this.#topics.get(key) === topic) this.#topics.delete(key);
        },
      },
      after,
    );
    this.#topics.set(key, topic);
    return topic;
  }
}
