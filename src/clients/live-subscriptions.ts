import type { SubscribeCallOptions, TopicClient, TopicSubscribe } from '@gomomento/sdk';
import { pause } from '../credentials/pause.js';
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

  async subscribe(
    client: TopicClient,
    cacheName: string,
    topicName: string,
    callbacks: SubscribeCallOptions,
  ): Promise<TopicSubscribe.Response> {
    const subscription = new ManagedSubscription(this.#owner, cacheName, topicName, callbacks);
    this.#open.add(subscription);
    const response = await subscription.open(client);
    if (response !== subscription.handle) this.#open.delete(subscription);
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
