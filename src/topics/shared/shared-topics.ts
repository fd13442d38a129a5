import type { TopicClient } from '@gomomento/sdk';
import { type Observable, of } from 'rxjs';
import type { SubscriptionStatus } from '../../clients/streams/listeners/subscription-handle.js';
import type { Cursor } from '../../clients/streams/topic-position.js';
import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { connectionLogger } from '../../foundation/connection-logger.js';
import type { TopicState } from '../definitions/topic.options.js';
import { SharedTopic } from './shared-topic.js';
import { type TopicEvents, TopicListener } from './topic-listener.js';
import { closedState } from './topic-state.js';

/** As long as a page needs that is loaded again. */
const lingerMs = 5_000;

/** A listener's part in a subscription. */
export interface Listening {
  readonly status: SubscriptionStatus;
  readonly state: TopicState;
  /** The state now, and again with each change of the status and each heartbeat; completes at the end. */
  readonly states: Observable<TopicState>;
  /** How many streams the subscription has had: with the next one something may have been lost. */
  readonly streams: number;
  /** Nothing is told afterwards, but that it has ended. */
  stop(): void;
}

/** Of who begins to listen while the app shuts down. */
const nothingHeard: Listening = {
  status: 'closed',
  state: closedState,
  states: of(closedState),
  streams: 0,
  stop: () => undefined,
};

/** The topics that somebody listens to: one subscription of the SDK for each cache and topic, kept 5 s after its last listener. */
export class SharedTopics {
  readonly #client: TopicClient;
  readonly #connectionName: string | undefined;
  readonly #topics = new Map<string, SharedTopic>();
  #isClosing = false;

  /** @param connectionName for log lines */
  constructor(client: TopicClient, connectionName?: string) {
    this.#client = client;
    this.#connectionName = connectionName;
  }

  /** Of each topic that has a subscription. */
  statuses(): SubscriptionStatus[] {
    return Array.from(this.#topics.values(), ({ status }) => status);
  }

  /** The app shuts down: only who wants to hear until the end is told anything. */
  close(): void {
    this.#isClosing = true;
    for (const topic of this.#topics.values()) topic.close();
  }

  /**
   * @param after the message that it begins behind; undefined: with the next one
   * @returns once the subscription stands
   * @throws MomentoTopicError
   */
  async listen(operation: MomentoOperation, events: TopicEvents, after?: Cursor): Promise<Listening> {
    const { cacheName, target = '' } = operation;
    const key = JSON.stringify([cacheName, target]);
    const listener = new TopicListener(events, after);
    if (this.#isClosing) listener.close();
    if (listener.isOver) return nothingHeard;
    const topic = this.#topics.get(key) ?? this.#open(key, operation, after);
    const leave = await topic.add(listener, after);
    return {
      get status() {
        return topic.status;
      },
      get state() {
        return topic.state;
      },
      get streams() {
        return topic.streams;
      },
      states: topic.states,
      stop: leave,
    };
  }

  #open(key: string, operation: MomentoOperation, after: Cursor | undefined): SharedTopic {
    const topic: SharedTopic = new SharedTopic(
      {
        client: this.#client,
        operation,
        lingerMs,
        onStreamError: ({ message }) => connectionLogger('TopicService', this.#connectionName).error(message),
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
