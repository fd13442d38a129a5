import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { ClientProxy, type MsPattern, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import { describeError } from '../foundation/text/describe-error.js';
import type { TopicGap, TopicMessage, TopicSubscription } from '../topics/definitions/topic.options.js';
import type { TopicService } from '../topics/topic.service.js';
import { answerIn, newName, PacketTopics, requestIdOf } from './packets.js';
import { PendingRequest } from './pending-request.js';
import { MomentoRequestError } from './request.error.js';
import {
  type MomentoTransportEvents,
  type MomentoTransportStatus,
  TransportState,
} from './transport-state.js';
import {
  checkClientOptions,
  defaultTimeoutMs,
  defaultTopicPrefix,
  type MomentoClientOptions,
} from './transport.options.js';

/** What a client waits for, and what it could not use. */
export interface MomentoClientStats {
  /** Requests that wait for answers. */
  readonly pending: number;
  /** Answers to nothing that waits: of slower instances, or too late. */
  readonly unmatched: number;
  /** Messages on its topic of answers that are none. */
  readonly malformed: number;
}

/**
 * Sends requests and events to `MomentoServer`s. A request is answered by the first instance that does; where nobody listens, it ends
 * by its time limit.
 *
 * @example
 * { provide: 'SHOP', inject: [TopicService], useFactory: (topics: TopicService) => new MomentoClientProxy({ topics }) }
 */
export class MomentoClientProxy extends ClientProxy<MomentoTransportEvents> implements OnApplicationShutdown {
  readonly #logger = new Logger(MomentoClientProxy.name);
  readonly #topics: TopicService;
  readonly #packetTopics: PacketTopics;
  readonly #timeoutMs: number;
  readonly #state = new TransportState(this.#logger, this._status$);
  readonly #name = newName();
  readonly #pending = new Map<string, PendingRequest>();
  #answers: Promise<TopicSubscription> | undefined;
  /** Answers are read one after the other, whatever time a deserializer takes. */
  #reading: Promise<void> = Promise.resolve();
  #count = 0;
  #unmatched = 0;
  #malformed = 0;

  /** @throws MomentoConfigurationError `invalid-options` */
  constructor(options: MomentoClientOptions) {
    super();
    checkClientOptions(options);
    const { topics, topicPrefix = defaultTopicPrefix, cacheName, serializer, deserializer } = options;
    this.#topics = topics;
    this.#packetTopics = new PacketTopics(topicPrefix, cacheName);
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    this.initializeSerializer(serializer && { serializer });
    this.initializeDeserializer(deserializer && { deserializer });
  }

  /** Of the topic of answers: `connected` from the first request on. */
  override get status(): Observable<MomentoTransportStatus> {
    return super.status as Observable<MomentoTransportStatus>;
  }

  /** What it waits for now, and what it could not use since it was made. */
  stats(): MomentoClientStats {
    return { pending: this.#pending.size, unmatched: this.#unmatched, malformed: this.#malformed };
  }

  /** Does nothing: the connection is the module's, and the topic of answers is subscribed to with the first request. */
  async connect(): Promise<void> {}

  /** Ends what is pending with an error, and unsubscribes from the topic of answers. A later request subscribes again. */
  async close(): Promise<void> {
    const answers = this.#answers;
    this.#closed();
    await answers?.then(
      (subscription) => subscription.unsubscribe(),
      () => undefined,
    );
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  override on<Event extends keyof MomentoTransportEvents, Callback extends MomentoTransportEvents[Event]>(
    event: Event,
    callback: Callback,
  ): void {
    this.#state.on(event, callback);
  }

  /** The `TopicService`. */
  unwrap<T = TopicService>(): T {
    return this.#topics as T;
  }

  protected publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const id = requestIdOf(this.#name, ++this.#count);
    let sending: Promise<void> | undefined;
    // Behind the request, which it must not overtake.
    const stopAnswers = () =>
      void sending
        ?.then(() => this.#send({ pattern: packet.pattern, data: undefined, id, isDisposed: true }))
        .catch(() => undefined);
    const request = new PendingRequest({
      pattern: this.#nameOf(packet.pattern),
      timeoutMs: this.#timeoutMs,
      callback,
      onEnd: () => this.#pending.delete(id),
      onLeave: stopAnswers,
    });
    this.#pending.set(id, request);
    const send = async () => {
      await this.#listen();
      if (request.isOver) return;
      sending = this.#send({ ...packet, id });
      await sending;
    };
    send().catch((error: unknown) => request.fail(error));
    return () => request.leave();
  }

  protected async dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    return (await this.#send(packet)) as T;
  }

  async #send(packet: ReadPacket & { readonly id?: string; readonly isDisposed?: true }): Promise<void> {
    const topic = this.#packetTopics.of(this.normalizePattern(packet.pattern));
    await this.#topics.publish(topic, await this.serializer.serialize(packet));
  }

  /** Subscribes to the topic of answers, once. */
  #listen(): Promise<TopicSubscription> {
    this.#answers ??= this.#subscribe();
    return this.#answers;
  }

  #subscribe(): Promise<TopicSubscription> {
    const hear = ({ value }: TopicMessage<unknown>) => {
      this.#reading = this.#reading.then(() => this.#hear(value));
    };
    const onGap = (gap: TopicGap) => this.#lost(gap);
    const topic = this.#packetTopics.answersTo(this.#name);
    const subscribing = this.#topics.subscribe(topic, hear, { onGap, untilClosed: true });
    void this.#follow(subscribing);
    return subscribing;
  }

  async #follow(subscribing: Promise<TopicSubscription>): Promise<void> {
    try {
      const subscription = await subscribing;
      if (this.#answers === subscribing) this.#state.watch([subscription]);
      await subscription.ended;
      if (this.#answers === subscribing) this.#closed();
    } catch {
      // Who asked is told; the next request tries again.
      if (this.#answers === subscribing) this.#answers = undefined;
    }
  }

  /** Never rejects. */
  async #hear(value: unknown): Promise<void> {
    try {
      const packet = await this.deserializer.deserialize(value);
      const answer = answerIn(packet.id);
      if (answer === undefined) return this.#drop('it is no answer');
      const request = this.#pending.get(answer.requestId);
      if (request === undefined) this.#unmatched += 1;
      else request.answer(answer.server, packet);
    } catch (error) {
      this.#drop(describeError(error));
    }
  }

  #lost(gap: TopicGap): void {
    const what = gap.missed === undefined ? 'An unknown number of answers' : `${gap.missed} answers`;
    this.#state.gap(gap, `${what} were lost: the subscription was away for longer than Momento holds them.`);
    for (const request of this.#pending.values()) request.lose();
  }

  #closed(): void {
    this.#answers = undefined;
    this.#state.close();
    const error = new MomentoRequestError('client-closed', 'The client was closed before the answer came.');
    for (const request of this.#pending.values()) request.abandon(error);
  }

  #drop(reason: string): void {
    this.#malformed += 1;
    this.#state.warn('malformed', `A message on the topic of answers was dropped: ${reason}.`);
  }

  /** For messages: one that Nest cannot normalize fails when it is sent. */
  #nameOf(pattern: unknown): string {
    try {
      // It is no text for what is neither text, number nor object.
      const route: unknown = this.normalizePattern(pattern as MsPattern);
      return String(route);
    } catch {
      return typeof pattern;
    }
  }
}
