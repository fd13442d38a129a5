import { type SubscribeCallOptions, TopicClient, TopicItem } from '@gomomento/sdk';
import { NEVER } from 'rxjs';
import { createHandle } from '../../src/clients/streams/listeners/subscription-handle.js';

/** In the place of the injected client: what is said here arrives at its one subscription, and no network costs anything. */
export class ScriptedTopics {
  readonly client: TopicClient;
  #callbacks: SubscribeCallOptions = {};
  #said = 0;

  constructor() {
    const subscription = createHandle({
      status: 'live',
      streams: 1,
      ended: new Promise(() => undefined),
      changes: NEVER,
      end: () => undefined,
    });
    const subscribe: TopicClient['subscribe'] = (_cacheName, _topicName, callbacks) => {
      this.#callbacks = callbacks;
      return Promise.resolve(subscription);
    };
    this.client = Object.create(TopicClient.prototype, { subscribe: { value: subscribe } }) as TopicClient;
  }

  /** A message arrives. */
  say(text: string): void {
    this.#said += 1;
    this.#callbacks.onItem?.(new TopicItem(text, this.#said));
  }
}
