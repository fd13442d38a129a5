import type { SubscribeCallOptions, TopicSubscribe } from '@gomomento/sdk';
import type { Logger } from '@nestjs/common';
import { connectionLogger } from '../../foundation/connection-logger.js';
import { describeStack } from '../../foundation/text/describe-error.js';
import { InFlight } from '../../foundation/time/in-flight.js';
import { MomentoClosedError } from '../../foundation/momento.errors.js';
import { withinTime } from '../../foundation/time/pause.js';
import type { ClientGeneration } from '../rotation/client-generation.js';
import { CallbackGuard } from './listeners/guarded-callbacks.js';
import { ManagedSubscription } from './managed-subscription.js';
import { beginningOf, unwantedSignalOf } from './stream-events.js';
import type { StreamClients, SubscriptionContext } from './subscription-context.js';
import type { StreamOpenings } from './stream-openings.js';
import { defaultStreamTiming, type StreamTiming } from './stream-timing.js';
import { describeTopic, SubscriptionLog } from './listeners/subscription-log.js';

export interface LiveSubscriptionsOptions {
  readonly clients: StreamClients;
  readonly openings: StreamOpenings;
  /** How long the first answer of a stream may take, in milliseconds. */
  readonly answerTimeoutMs: number;
  /** Counts what asynchronous callbacks still do. */
  readonly inFlight?: InFlight;
  readonly timing?: Partial<StreamTiming>;
  /** @default 'default' */
  readonly connectionName?: string;
}

/** What ends at once when it is told to may take so long at most. */
const endLimitMs = 1_000;

/** Every subscription of a connection, because the SDK's `TopicClient` cannot be closed, only its subscriptions can. */
export class LiveSubscriptions {
  /** Each with the work that keeps it subscribed. */
  readonly #open = new Map<ManagedSubscription, Promise<void>>();
  readonly #context: SubscriptionContext;
  readonly #guard: CallbackGuard;
  readonly #logger: Logger;
  #isDelivering = true;

  constructor({ inFlight = new InFlight(), timing, connectionName, ...options }: LiveSubscriptionsOptions) {
    this.#logger = connectionLogger('Momento TopicClient', connectionName);
    this.#guard = new CallbackGuard(this.#logger, inFlight);
    const log = new SubscriptionLog(this.#logger);
    this.#context = { ...options, timing: { ...defaultStreamTiming, ...timing }, log };
  }

  get size(): number {
    return this.#open.size;
  }

  /** Subscribes on these clients, and stays subscribed on those that come after them. */
  async subscribe(
    clients: ClientGeneration,
    cacheName: string,
    topicName: string,
    callbacks?: SubscribeCallOptions,
  ): Promise<TopicSubscribe.Response> {
    const guarded = this.#guard.guard(callbacks, describeTopic(cacheName, topicName));
    const subscription = new ManagedSubscription(
      this.#context,
      cacheName,
      topicName,
      guarded,
      beginningOf(callbacks),
    );
    if (!this.#isDelivering) subscription.stopDelivery();
    this.#open.set(subscription, Promise.resolve());
    const error = await subscription.open(clients, unwantedSignalOf(callbacks));
    if (error !== undefined) {
      this.#open.delete(subscription);
      return error;
    }
    const following = this.#follow(subscription, clients).finally(() => this.#open.delete(subscription));
    this.#open.set(subscription, following);
    return subscription.handle;
  }

  /** From now on no message is delivered; the streams stay, so that what is subscribed is not seen to end. */
  stopDelivery(): void {
    this.#isDelivering = false;
    for (const subscription of this.#open.keys()) subscription.stopDelivery();
  }

  /** Ends them all. @returns when nothing of them is under way any more */
  async unsubscribeAll(): Promise<void> {
    const work = [...this.#open.values()];
    for (const subscription of this.#open.keys()) subscription.end();
    await withinTime(Promise.all(work), endLimitMs);
  }

  async #follow(subscription: ManagedSubscription, clients: ClientGeneration): Promise<void> {
    try {
      await subscription.follow(clients);
    } catch (error) {
      if (!(error instanceof MomentoClosedError)) {
        this.#logger.error('A topic subscription ended by a fault of this library.', describeStack(error));
      }
      subscription.end();
    }
  }
}
