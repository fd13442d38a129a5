import type { TopicClient } from '@gomomento/sdk';
import type { MessageEvent } from '@nestjs/common';
import { Observable } from 'rxjs';
import { callMomento } from '../clients/sdk/sdk-answer.js';
import { type MomentoOperation, MomentoTopicError } from '../foundation/momento.errors.js';
import { printed, printing } from '../foundation/text/printed.js';
import { invalid, type Topic, type TopicCall } from './definitions/topic-calls.js';
import type { TopicDefinition } from './definitions/topic-definition.js';
import type { TopicForm } from './definitions/topic-form.js';
import { cursorIn } from './definitions/topic-message.js';
import { MessageStream, type StreamInput } from './listening/message-stream.js';
import { toServerSentEvents } from './listening/server-sent-events.js';
import type { TopicHandlerStats } from './handlers/handler-queue.js';
import { OwnSubscription } from './listening/topic-subscription.js';
import type { TopicParts } from './topic-parts.js';
import type {
  TopicCallOptions,
  TopicCursor,
  TopicGapEvent,
  TopicHandler,
  TopicMessage,
  TopicObserveOptions,
  TopicSseOptions,
  TopicStreamOptions,
  TopicSubscribeOptions,
  TopicSubscription,
} from './definitions/topic.options.js';

const defaultBufferSize = 1_000;

/** A topic by its name, or as it was defined. */
type TopicOf<T> = string | TopicDefinition<T, never>;
type Gaps = { readonly gaps: true };

/** What a connection's topics have done in this process. */
export interface TopicStats {
  /** Of each `@OnTopic` handler. */
  readonly handlers: readonly TopicHandlerStats[];
  /** How many topics have a subscription now, and how many of these were refused five times in a row. */
  readonly subscriptions: { readonly total: number; readonly failed: number };
}

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
  readonly #parts: TopicParts;

  /** @param parts what it shares with the handlers of the app */
  constructor(client: TopicClient, parts: TopicParts) {
    this.#client = client;
    this.#parts = parts;
  }

  /**
   * Resolves when the app's `@OnTopic` handlers of this connection are subscribed: at once after a usual boot, later where the
   * boot awaits nothing, as in tests with `overrideMomento`.
   *
   * @throws MomentoTopicError when one cannot be
   */
  ready(): Promise<void> {
    return this.#parts.handlers.ready();
  }

  /** What came of the messages of each `@OnTopic` handler of this connection, since the app started, and what is listened to now. */
  stats(): TopicStats {
    const statuses = this.#parts.shared.statuses();
    return {
      handlers: this.#parts.handlers.stats(),
      subscriptions: {
        total: statuses.length,
        failed: statuses.filter((status) => status === 'failed').length,
      },
    };
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
    const { operation, form } = this.#parts.calls.of('publish', topic, options);
    await this.#send(operation, form, await form.encode(operation, value));
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
    const { operation, form } = this.#parts.calls.of('publishMany', topic, options);
    const encoded = await Promise.all(Array.from(values, (value) => form.encode(operation, value)));
    for (const one of encoded) await this.#send(operation, form, one);
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
    const { operation, form, after } = this.#parts.calls.of('subscribe', topic, options);
    const subscription = new OwnSubscription();
    const events = this.#parts.handling.read<T>(operation, form, {
      ...this.#parts.handling.handle(operation, handler, options.onGap),
      untilClosed: options.untilClosed,
      ended: () => subscription.end(),
    });
    return subscription.begin(await this.#parts.shared.listen(operation, events, after));
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
    const call = this.#parts.calls.of('observe', topic, options);
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
   * @throws MomentoTopicError, of Momento's with the first message
   */
  stream<T>(
    topic: TopicOf<T>,
    options: TopicStreamOptions & Gaps,
  ): AsyncIterableIterator<TopicMessage<T> | TopicGapEvent>;
  stream<T>(topic: TopicOf<T>, options?: TopicStreamOptions): AsyncIterableIterator<TopicMessage<T>>;
  stream<T>(
    topic: TopicOf<T>,
    options: TopicStreamOptions = {},
  ): AsyncIterableIterator<TopicMessage<T> | TopicGapEvent> {
    const { signal, bufferSize = defaultBufferSize, gaps = false } = options;
    const { calls, handling } = this.#parts;
    const call = calls.of('stream', topic, options);
    if (!Number.isSafeInteger(bufferSize) || bufferSize < 1)
      throw invalid(call.operation, 'bufferSize is not a whole number, 1 or more');
    return new MessageStream<T>({
      bufferSize,
      signal,
      listen: (input) => this.#listen(call, { gaps: true }, input),
      onGap: gaps ? undefined : (gap) => handling.logGap(call.operation, gap, 'Ask for gaps to be told.'),
    });
  }

  /**
   * Messages for a route with `@Sse()`: the id is the cursor, a comment every 15 s keeps the connection, and a browser that comes
   * back with `lastEventId` gets what it missed, or an event `resync` where Momento no longer holds it. It ends when the app shuts
   * down, and when Momento refuses it, which is logged: the browser comes back.
   *
   * @example
   * @Sse('orders') feed(@Headers('last-event-id') lastEventId?: string) { return this.topics.sse(orders, { lastEventId }); }
   */
  sse(topic: TopicOf<unknown>, { lastEventId, ...options }: TopicSseOptions = {}): Observable<MessageEvent> {
    const isCursor = lastEventId !== undefined && cursorIn(lastEventId) !== undefined;
    const after = isCursor ? (lastEventId as TopicCursor) : undefined;
    const { calls, handling } = this.#parts;
    const { operation } = calls.of('sse', topic, options);
    const events = this.observe(topic, { ...options, after, gaps: true });
    return toServerSentEvents(events, after, (error) => handling.logRefusedFeed(operation, error));
  }

  /** @internal */
  [printing](_depth: number, options: object): string {
    return printed('TopicService', () => this.stats(), options);
  }

  #listen<T>(
    { operation, form, after }: TopicCall,
    options: Pick<TopicObserveOptions, 'gaps'>,
    events: StreamInput<T>,
  ) {
    const told = this.#parts.handling.read<T>(operation, form, {
      message: (message) => events.event(message),
      gap: (gap) => {
        if (options.gaps === true) events.event({ kind: 'gap', ...gap });
        else this.#parts.handling.logGap(operation, gap, 'Ask for gaps to be told.');
      },
      ended: () => events.ended(),
    });
    return this.#parts.shared.listen(operation, told, after);
  }

  async #send(
    operation: MomentoOperation,
    { maxMessageBytes }: TopicForm,
    message: string | Uint8Array,
  ): Promise<void> {
    const { cacheName, target: topic = '' } = operation;
    const { telemetry } = this.#parts;
    const send = (sent: string | Uint8Array) =>
      callMomento(operation, this.#client.publish(cacheName, topic, sent), MomentoTopicError);
    if (telemetry === undefined) await send(message);
    else await telemetry.publish({ cacheName, topic }, message, maxMessageBytes, send);
  }
}
