import type { SubscribeCallOptions, TopicClient, TopicSubscribe } from '@gomomento/sdk';
import { longestTimerMs } from '../../foundation/time-limit.js';
import { pause } from '../../foundation/pause.js';
import type { ClientGeneration } from '../rotation/client-generation.js';
import { type KeyRenewal, ManagedSubscription, type SubscriptionOwner } from './managed-subscription.js';

const retryDelayMs = 1_000;

/** The clients of the key in use, as streams need them. */
export interface StreamClients {
  ready(): Promise<ClientGeneration>;
  renewRejected(clients: ClientGeneration, limitMs: number): Promise<boolean>;
}

/** Every subscription that is open, because the SDK's `TopicClient` cannot be closed, only its subscriptions can. */
export class LiveSubscriptions {
  readonly #open = new Set<ManagedSubscription>();
  readonly #owner: SubscriptionOwner;
  readonly #clients: StreamClients;
  #generation: ClientGeneration | undefined;
  /** Where they belong. */
  #client: TopicClient | undefined;

  constructor({
    clients,
    ...owner
  }: Pick<SubscriptionOwner, 'positions' | 'timeoutMs'> & { clients: StreamClients }) {
    this.#clients = clients;
    this.#owner = {
      ...owner,
      renewKey: (rejected) => this.#renewKey(rejected),
      ended: (subscription) => this.#open.delete(subscription),
    };
  }

  /**
   * Subscribes on a client whose deadline ends a stream that gets no answer, and moves on, once it is answered, to the one
   * where streams may stay: an unanswered stream cannot be ended in the SDK, and would hold the process.
   */
  async subscribe(
    clients: ClientGeneration,
    cacheName: string,
    topicName: string,
    callbacks: SubscribeCallOptions,
  ): Promise<TopicSubscribe.Response> {
    const subscription = new ManagedSubscription(this.#owner, cacheName, topicName, callbacks);
    this.#watch(clients);
    this.#open.add(subscription);
    const response = await subscription.open(clients.topicClient);
    if (response !== subscription.handle) {
      this.#open.delete(subscription);
      return response;
    }
    // By now it may be another one.
    if (this.#client !== undefined) void this.#move(subscription, this.#client);
    return response;
  }

  #watch(clients: ClientGeneration): void {
    if (this.#generation === clients) return;
    this.#generation = clients;
    this.#client = clients.subscriptionClient;
    clients.superseded.addEventListener('abort', () => void this.#followUp(), { once: true });
  }

  async #followUp(): Promise<void> {
    const next = await this.#clients.ready().catch(() => undefined);
    if (next === undefined || this.#open.size === 0) return;
    this.#watch(next);
    const client = next.subscriptionClient;
    await Promise.all([...this.#open].map((subscription) => this.#move(subscription, client)));
  }

  async #renewKey(_rejected: TopicClient): Promise<KeyRenewal> {
    if (this.#generation === undefined) return 'never';
    return (await this.#clients.renewRejected(this.#generation, longestTimerMs)) ? 'renewed' : 'later';
  }

  async #move(subscription: ManagedSubscription, client: TopicClient): Promise<void> {
    while (this.#client === client && this.#open.has(subscription)) {
      if (await subscription.moveTo(client)) return;
      await pause(retryDelayMs);
    }
  }

  stopDelivery(): void {
    return;
  }

  async unsubscribeAll(): Promise<void> {
    for (const subscription of this.#open) subscription.end();
  }
}
