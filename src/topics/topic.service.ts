import { MomentoErrorCode, type SubscribeCallOptions, type TopicClient } from '@gomomento/sdk';
import type { Logger } from '@nestjs/common';
import { callMomento } from '../clients/sdk/sdk-answer.js';
import { isLiveSubscription } from '../clients/streams/listeners/subscription-handle.js';
import { connectionLogger } from '../foundation/connection-logger.js';
import { describeError } from '../foundation/text/describe-error.js';
import { firstAbort } from '../foundation/time/first-abort.js';
import { jsonCodec } from '../foundation/momento.codecs.js';
import {
  MomentoConfigurationError,
  type MomentoOperation,
  MomentoTopicError,
} from '../foundation/momento.errors.js';
import { MessageHandling } from './message-handling.js';
import {
  createTopicContext,
  type TopicCallOptions,
  type TopicContext,
  type TopicHandler,
  type TopicSubscribeOptions,
  type TopicSubscription,
} from './topic.options.js';

/**
 * Publishes and subscribes with JSON values. Momento Topics are fire and forget: every subscriber of the moment gets a
 * message, nothing is kept for those who come later, and there are no wildcards.
 *
 * @example
 * await topics.subscribe<Order>('orders', async ({ value }) => this.mailer.confirm(value));
 * await topics.publish('orders', { id: 7 });
 */
export class TopicService {
  readonly #client: TopicClient;
  readonly #cacheName: string | undefined;
  readonly #handling: MessageHandling;
  readonly #logger: Logger;

  constructor(
    client: TopicClient,
    cacheName: string | undefined,
    context: TopicContext = createTopicContext(),
  ) {
    this.#client = client;
    this.#cacheName = cacheName;
    this.#handling = new MessageHandling(context);
    this.#logger = connectionLogger('TopicService', context.connectionName);
  }

  /**
   * Sends a value to everyone who is subscribed now.
   *
   * @throws MomentoTopicError
   */
  async publish<T>(topic: string, value: T, options: TopicCallOptions = {}): Promise<void> {
    const operation = this.#operation('publish', topic, options);
    const text = this.#encode(operation, value);
    await callMomento(operation, this.#client.publish(operation.cacheName, topic, text), MomentoTopicError);
  }

  /**
   * Calls the handler for each message from now on, once and in order; it is not awaited before the next one. A handler
   * that fails is logged. The subscription lives until it is unsubscribed or the app shuts down: whatever ends its
   * stream, another one begins behind the last message, and what Momento no longer holds by then is told to `onGap`.
   *
   * @returns once the subscription stands
   * @throws MomentoTopicError when Momento refuses it or does not answer in time
   */
  async subscribe<T>(
    topic: string,
    handler: TopicHandler<T>,
    options: TopicSubscribeOptions = {},
  ): Promise<TopicSubscription> {
    const operation = this.#operation('subscribe', topic, options);
    const ending = new AbortController();
    let isOurs = true;
    const callbacks: SubscribeCallOptions = {
      onItem: (item) => {
        if (!ending.signal.aborted) this.#handling.handle(operation, item, handler);
      },
      onDiscontinuity: (discontinuity) => {
        if (!ending.signal.aborted) this.#handling.tellGap(operation, discontinuity, options.onGap);
      },
      onError: (error) => {
        // What happens to the module's own client is logged there.
        if (!isOurs) this.#logger.error(MomentoTopicError.fromSdk(operation, error.innerException()).message);
      },
    };
    const subscribed = this.#client.subscribe(operation.cacheName, topic, callbacks);
    const subscription = await callMomento(operation, subscribed, MomentoTopicError);
    isOurs = isLiveSubscription(subscription);
    if (isLiveSubscription(subscription)) void subscription.ended.then(() => ending.abort());
    return {
      get status() {
        if (isLiveSubscription(subscription)) return subscription.status;
        return subscription.isSubscribed ? 'live' : 'closed';
      },
      ended: firstAbort([ending.signal]),
      unsubscribe: async () => {
        if (!ending.signal.aborted) subscription.unsubscribe();
        ending.abort();
      },
    };
  }

  #operation(name: string, topic: string, options: TopicCallOptions): MomentoOperation {
    const cacheName = options.cacheName ?? this.#cacheName;
    if (cacheName === undefined) {
      throw new MomentoConfigurationError(
        'cache-name-missing',
        'TopicService does not know which cache the topic belongs to.',
        'Set the option cacheName of MomentoModule, or of the call.',
      );
    }
    const operation = { name, cacheName, target: topic };
    if (typeof topic === 'string' && topic !== '') return operation;
    throw new MomentoTopicError(
      operation,
      MomentoErrorCode.INVALID_ARGUMENT_ERROR,
      'the topic is not a filled string',
    );
  }

  #encode(operation: MomentoOperation, value: unknown): string | Uint8Array {
    try {
      return jsonCodec.encode(value);
    } catch (error) {
      const reason = `the value cannot be sent: ${describeError(error)}`;
      throw new MomentoTopicError(operation, MomentoErrorCode.INVALID_ARGUMENT_ERROR, reason);
    }
  }
}
