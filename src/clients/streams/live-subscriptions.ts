import type { SubscribeCallOptions, TopicClient, TopicSubscribe } from '@gomomento/sdk';
import { pause } from '../../foundation/pause.js';
import { ManagedSubscription, type SubscriptionOwner } from './managed-subscription.js';

const retryDelayMs = 1_000;

/** Every subscription that is open, because the SDK's `TopicClient` cannot be closed, only its subscriptions can. */
export class LiveSubscriptions {
  readonly #open = new Set<ManagedSubscription>();
  readonly #owner: SubscriptionOwner;
  /** Where they belong. */
  #client: TopicClient | undefined;

  constructor(owner: Omit<SubscriptionOwner, 'ended'>) {
    this.#owner = { ...owner, ended: (subscription) => this.#open.delete(subscription) };
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Subscribes on a client whose deadline ends a stream that gets no answer, and moves on, once it is answered, to the one
   * where streams may stay: an unanswered stream cannot be ended in the SDK, and would hold the process.
   */
  async subscribe(
    clients: { readonly opening: TopicClient; readonly lasting: TopicClient },
    cacheName: string,
    topicName: string,
    callbacks: SubscribeCallOptions,
  ): Promise<TopicSubscribe.Response> {
    const subscription = new ManagedSubscription(this.#owner, cacheName, topicName, callbacks);
    this.#client = clients.lasting;
    this.#open.add(subscription);
    const response = await subscription.open(clients.opening);
    if (response !== subscription.handle) {
      this.#open.delete(subscription);
      return response;
    }
    // By now it may be another one.
    void this.#move(subscription, this.#client);
    return response;
  }

  /** Moves them all to another client, and tries again what cannot be moved, until a later client or the end. */
  async moveTo(client: TopicClient): Promise<void> {
    this.#client = client;
    await Promise.all([...this.#open].map((subscription) => this.#move(subscription, client)));
  }

  async #move(subscription: ManagedSubscription, client: TopicClient): Promise<void> {
    while (this.#client === client && this.#open.has(subscription)) {
      if (await subscription.moveTo(client)) return;
      await pause(retryDelayMs);
    }
  }

  unsubscribeAll(): void {
    for (const subscription of this.#open) subscription.end();
  }
}
