import type { TopicClient } from '@gomomento/sdk';
import type { MessageEvent } from '@nestjs/common';
import { Observable } from 'rxjs';
import { callMomento } from '../clients/sdk/sdk-answer.js';
import { connectionLogger } from '../foundation/connection-logger.js';
import { type MomentoOperation, MomentoTopicError } from '../foundation/momento.errors.js';
import { type Topic, type TopicCall, TopicCalls } from './definitions/topic-calls.js';
import type { TopicDefinition } from './definitions/topic-definition.js';
import { cursorIn } from './definitions/topic-message.js';
import { MessageStream } from './listening/message-stream.js';
import { toServerSentEvents } from './listening/server-sent-events.js';
import { MessageHandling } from './message-handling.js';
import { SharedTopics } from './shared/shared-topics.js';
import {
  createTopicContext,
  type TopicCallOptions,
  type TopicContext,
  type TopicCursor,
  type TopicGapEvent,
  type TopicHandler,
  type TopicMessage,
  type TopicObserveOptions,
  type TopicSseOptions,
  type TopicStreamOptions,
  type TopicSubscribeOptions,
  type TopicSubscription,
} from './definitions/topic.options.js';

const defaultBufferSize = 1_000;

interface Heard<T> {
  readonly event: (event: TopicMessage<T> | TopicGapEvent) => void;
  readonly ended: () => void;
}

/** A topic by its name, or as it was defined. */
type TopicOf<T> = string | TopicDefinition<T, never>;
type Gaps = { readonly gaps: true };

/**
 * Publishes and subscribes. Momento Topics are fire and forget: every subscriber of the moment gets a message, nothing is kept for
 * those who come later but for about five seconds, and there are no wildcards. All who listen to a topic in this process share one
 * subscription.
 *
 * @example
 * await topics.subscribe<Order>('orders', async ({ value }) => this.mailer.confirm(value));
 * await topics.publish('orders', { id: 7 });
 */
export class TopicService {
  readonly #client: TopicClient;
  readonly #calls: TopicCalls;
  readonly #handling: MessageHandling;
  readonly #shared: SharedTopics;

  constructor(
    client: TopicClient,
    cacheName: string | undefined,
    context: TopicContext = createTopicContext(),
  ) {
    this.#client = client;
    this.#calls = new TopicCalls(cacheName, context);
    this.#handling = new MessageHandling(context);
    const logger = connectionLogger('TopicService', context.connectionName);
    this.#shared = new SharedTopics(client, ({ message }) => logger.error(message));
  }

  /**
   * Sends a value to everyone who is subscribed now.
   *
   * @throws MomentoTopicError
   */
  publish<Given>(
    topic: TopicDefinition<unknown, Given>,
    value: Given,
    options?: TopicCallOptions,
  ): Promise<void>;
  publish<T>(topic: string, value: T, options?: TopicCallOptions): Promise<void>;
  async publish(topic: Topic, value: unknown, options: TopicCallOptions = {}): Promise<void> {
    const { operation, form } = this.#calls.of('publish', topic, options);
    await this.#send(operation, await form.encode(operation, value));
  }

  /**
   * Sends values in their order, one after the other. Not atomic: some may have been sent when it rejects; none has when one of them
   * cannot be.
   *
   * @throws MomentoTopicError
   */
  publishMany<Given>(
    topic: TopicDefinition<unknown, Given>,
    values: Iterable<Given>,
    options?: TopicCallOptions,
  ): Promise<void>;
  publishMany<T>(topic: string, values: Iterable<T>, options?: TopicCallOptions): Promise<void>;
  async publishMany(topic: Topic, values: Iterable<unknown>, options: TopicCallOptions = {}): Promise<void> {
    const { operation, form } = this.#calls.of('publishMany', topic, options);
    const encoded = await Promise.all(Array.from(values, (value) => form.encode(operation, value)));
    for (const one of encoded) await this.#send(operation, one);
  }

  /**
   * Calls the handler for each message from now on, or behind `after`, once and in order; it is not awaited before the next one. A
   * handler that fails is logged. The subscription lives until it is unsubscribed or the app shuts down: whatever ends its
   * stream, another one begins behind the last message, and what Momento no longer holds by then is told to `onGap`.
   *
   * @returns once the subscription stands
   * @throws MomentoTopicError when Momento refuses it or does not answer in time
   */
  async subscribe<T>(
    topic: TopicOf<T>,
    handler: TopicHandler<T>,
    options: TopicSubscribeOptions = {},
  ): Promise<TopicSubscription> {
    const { operation, form, after } = this.#calls.of('subscribe', topic, options);
    let resolveEnded: (() => void) | undefined;
    let hasEnded = false;
    const ended = new Promise<void>((resolve) => (resolveEnded = resolve));
    const events = this.#handling.read<T>(operation, form, {
      ...this.#handling.handle(operation, handler, options.onGap),
      ended: () => {
        hasEnded = true;
        resolveEnded?.();
      },
    });
    const listening = await this.#shared.listen(operation, events, after);
    return {
      get status() {
        return hasEnded ? 'closed' : listening.status;
      },
      ended,
      unsubscribe: async () => listening.stop(),
    };
  }

  /**
   * Messages as an observable: it is subscribed to with its first subscriber, and ends when the app shuts down. It fails with a
   * `MomentoTopicError` when Momento refuses it.
   */
  observe<T>(
    topic: TopicOf<T>,
    options: TopicObserveOptions & Gaps,
  ): Observable<TopicMessage<T> | TopicGapEvent>;
  observe<T>(topic: TopicOf<T>, options?: TopicObserveOptions): Observable<TopicMessage<T>>;
  observe<T>(
    topic: TopicOf<T>,
    options: TopicObserveOptions = {},
  ): Observable<TopicMessage<T> | TopicGapEvent> {
    const call = this.#calls.of('observe', topic, options);
    return new Observable((subscriber) => {
      const listening = this.#listen<T>(call, options, {
        event: (event) => subscriber.next(event),
        ended: () => subscriber.complete(),
      });
      listening.catch((error: unknown) => subscriber.error(error));
      return () =>
        void listening.then(
          (one) => one.stop(),
          () => undefined,
        );
    });
  }

  /**
   * Messages to iterate over, until `signal` aborts or the app shuts down. What is not taken in time waits, `bufferSize` messages at
   * most; then the oldest go, which is a gap.
   *
   * @throws MomentoTopicError with the first message, when Momento refuses it
   */
  stream<T>(
    topic: TopicOf<T>,
    options: TopicStreamOptions & Gaps,
  ): AsyncIterableIterator<TopicMessage<T> | TopicGapEvent>;
  stream<T>(topic: TopicOf<T>, options?: TopicStreamOptions): AsyncIterableIterator<TopicMessage<T>>;
  async *stream<T>(
    topic: TopicOf<T>,
    options: TopicStreamOptions = {},
  ): AsyncIterableIterator<TopicMessage<T> | TopicGapEvent> {
    const { signal, bufferSize = defaultBufferSize, gaps = false } = options;
    const call = this.#calls.of('stream', topic, options);
    const messages = new MessageStream<T>(bufferSize);
    const end = () => messages.end();
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted === true) end();
    const listening = await this.#listen<T>(
      call,
      { ...options, gaps: true },
      {
        event: (event) => messages.add(event),
        ended: end,
      },
    );
    try {
      for await (const event of messages) {
        if (signal?.aborted === true) return;
        if (gaps || !('kind' in event)) yield event;
        else this.#handling.logGap(call.operation, event);
      }
    } finally {
      signal?.removeEventListener('abort', end);
      listening.stop();
    }
  }

  /**
   * Messages for a route with `@Sse()`: the id is the cursor, a comment every 15 s keeps the connection, and a browser that comes
   * back with `lastEventId` gets what it missed, or an event `resync` where Momento no longer holds it.
   *
   * @example
   * @Sse('orders') feed(@Headers('last-event-id') lastEventId?: string) { return this.topics.sse(orders, { lastEventId }); }
   */
  sse(topic: TopicOf<unknown>, { lastEventId, ...options }: TopicSseOptions = {}): Observable<MessageEvent> {
    const isCursor = lastEventId !== undefined && cursorIn(lastEventId) !== undefined;
    const after = isCursor ? (lastEventId as TopicCursor) : undefined;
    const events = this.observe(topic, { ...options, after, gaps: true });
    return toServerSentEvents(events, after);
  }

  #listen<T>({ operation, form, after }: TopicCall, options: TopicObserveOptions, events: Heard<T>) {
    const told = this.#handling.read<T>(operation, form, {
      message: (message) => events.event(message),
      gap: (gap) => {
        if (options.gaps === true) events.event({ kind: 'gap', ...gap });
        else this.#handling.logGap(operation, gap);
      },
      ended: () => events.ended(),
    });
    return this.#shared.listen(operation, told, after);
  }

  async #send(operation: MomentoOperation, message: string | Uint8Array): Promise<void> {
    const { cacheName, target = '' } = operation;
    await callMomento(operation, this.#client.publish(cacheName, target, message), MomentoTopicError);
  }
}
