import { MomentoErrorCode, type TopicClient, type TopicItem } from '@gomomento/sdk';
import { Logger } from '@nestjs/common';
import { callMomento } from '../clients/sdk/sdk-answer.js';
import { describeError, describeStack } from '../foundation/describe-error.js';
import { jsonCodec } from '../foundation/momento.codecs.js';
import {
  MomentoConfigurationError,
  type MomentoOperation,
  MomentoTopicError,
} from '../foundation/momento.errors.js';
import { quoteName } from '../foundation/redaction.js';
import type { TopicCallOptions, TopicHandler, TopicMessage, TopicSubscription } from './topic.options.js';

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
  readonly #logger = new Logger('TopicService');

  constructor(client: TopicClient, cacheName: string | undefined) {
    this.#client = client;
    this.#cacheName = cacheName;
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
   * Calls the handler for each message from now on, in order; it is not awaited before the next one. A handler that fails
   * is logged. The subscription ends with the app.
   *
   * @returns once the subscription stands
   * @throws MomentoTopicError when it cannot be had
   */
  async subscribe<T>(
    topic: string,
    handler: TopicHandler<T>,
    options: TopicCallOptions = {},
  ): Promise<TopicSubscription> {
    const operation = this.#operation('subscribe', topic, options);
    let active = true;
    const subscribed = this.#client.subscribe(operation.cacheName, topic, {
      onItem: (item) => {
        if (active) void this.#handle(operation, item, handler);
      },
      onError: (error) =>
        this.#logger.error(MomentoTopicError.fromSdk(operation, error.innerException()).message),
    });
    const subscription = await callMomento(operation, subscribed, MomentoTopicError);
    return {
      unsubscribe: async () => {
        if (active) subscription.unsubscribe();
        active = false;
      },
    };
  }

  /** Never rejects: what a handler throws must not reach the stream or the process. */
  async #handle<T>(operation: MomentoOperation, item: TopicItem, handler: TopicHandler<T>): Promise<void> {
    const message = toMessage<T>(operation, item);
    if (message === undefined) {
      this.#logger.error(
        `Message ${item.sequenceNumber()} of ${describeTopic(operation)} is not JSON; it is dropped.`,
      );
      return;
    }
    try {
      await handler(message);
    } catch (error) {
      this.#logger.error(
        `The handler of ${describeTopic(operation)} failed on message ${message.sequenceNumber}.`,
        describeStack(error),
      );
    }
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

/** Undefined when it is not JSON: someone publishes to the topic without this library. */
function toMessage<T>(operation: MomentoOperation, item: TopicItem): TopicMessage<T> | undefined {
  const publisherId = item.tokenId();
  const { target: topic = '', cacheName } = operation;
  try {
    const value = jsonCodec.decode(Buffer.from(item.value())) as T;
    const base = { value, topic, cacheName, sequenceNumber: item.sequenceNumber(), receivedAt: new Date() };
    return publisherId === undefined ? base : { ...base, publisherId };
  } catch {
    return undefined;
  }
}

function describeTopic({ target, cacheName }: MomentoOperation): string {
  return `topic ${quoteName(target)} in cache ${quoteName(cacheName)}`;
}
