import { Logger } from '@nestjs/common';
import {
  type CustomTransportStrategy,
  type IncomingRequest,
  type MessageHandler,
  Server,
  type Transport,
  type WritePacket,
} from '@nestjs/microservices';
import { Observable } from 'rxjs';
import { quoteName } from '../foundation/text/redaction.js';
import { describeError, fieldOf } from '../foundation/text/describe-error.js';
import type { TopicGap, TopicMessage, TopicSubscription } from '../topics/definitions/topic.options.js';
import type { TopicService } from '../topics/topic.service.js';
import { Answers } from './answers.js';
import { MomentoContext } from './momento.context.js';
import { answerIdOf, clientIn, newName, PacketTopics } from './packets.js';
import {
  type MomentoTransportEvents,
  type MomentoTransportStatus,
  TransportState,
} from './transport-state.js';
import { checkServerOptions, defaultTopicPrefix, type MomentoServerOptions } from './transport.options.js';

/** The transport of `MomentoServer`, for handlers of it alone: `@MessagePattern('sum', MOMENTO_TRANSPORT)`. */
export const MOMENTO_TRANSPORT: unique symbol = Symbol.for('nestjs-momento/microservices');

/** As Nest's own transports say it. */
const noMessageHandler = 'There is no matching message handler defined in the remote service.';

/** What a server has had to do. */
export interface MomentoServerStats {
  /** Requests whose handler, or whose answers, have not ended. */
  readonly running: number;
  /** Packets that could not be read, and were dropped. */
  readonly malformed: number;
}

/**
 * Handlers of microservices, `@EventPattern` and `@MessagePattern`, on Momento Topics. Every instance gets every packet: an event
 * is handled by each, and a request is answered by the first that does. Nothing is a queue.
 *
 * @example
 * app.connectMicroservice({ strategy: new MomentoServer({ topics: app.get(TopicService) }) }, { inheritAppConfig: true });
 */
export class MomentoServer
  extends Server<MomentoTransportEvents, MomentoTransportStatus>
  implements CustomTransportStrategy
{
  override transportId: Transport | symbol = MOMENTO_TRANSPORT;
  protected override readonly logger = new Logger(MomentoServer.name);
  readonly #options: MomentoServerOptions;
  readonly #packetTopics: PacketTopics;
  readonly #state = new TransportState(this.logger, this._status$);
  readonly #name = newName();
  readonly #running = new Map<string, Answers>();
  #topics: TopicService | undefined;
  /** Undefined while it does not listen; another one each time that it does. */
  #subscriptions: TopicSubscription[] | undefined;
  #malformed = 0;

  /** @throws MomentoConfigurationError `invalid-options` */
  constructor(options: MomentoServerOptions) {
    super();
    checkServerOptions(options);
    const { topicPrefix = defaultTopicPrefix, cacheName, serializer, deserializer } = options;
    this.#options = options;
    this.#packetTopics = new PacketTopics(topicPrefix, cacheName);
    this.initializeSerializer(serializer && { serializer });
    this.initializeDeserializer(deserializer && { deserializer });
  }

  /** What it has had to do since it was made. */
  stats(): MomentoServerStats {
    return { running: this.#running.size, malformed: this.#malformed };
  }

  /** Subscribes to a topic a pattern. @param callback called when all stand, or with the error of one that does not */
  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      await this.#subscribe();
    } catch (error) {
      await this.close();
      return callback(error);
    }
    callback();
  }

  /** Unsubscribes. What is running goes on and is answered: the connection waits for it when the app shuts down. */
  async close(): Promise<void> {
    const subscriptions = this.#subscriptions ?? [];
    this.#subscriptions = undefined;
    this.#state.close();
    await Promise.all(subscriptions.map((one) => one.unsubscribe()));
  }

  on<Event extends keyof MomentoTransportEvents, Callback extends MomentoTransportEvents[Event]>(
    event: Event,
    callback: Callback,
  ): void {
    this.#state.on(event, callback);
  }

  /** The `TopicService`. @throws Error before it listens */
  unwrap<T = TopicService>(): T {
    if (this.#topics === undefined)
      throw new Error('MomentoServer does not listen yet: call listen() or startAllMicroservices() first.');
    return this.#topics as T;
  }

  async #subscribe(): Promise<void> {
    const { topics: given } = this.#options;
    const topics = typeof given === 'function' ? given() : given;
    this.#topics = topics;
    const subscriptions: TopicSubscription[] = [];
    this.#subscriptions = subscriptions;
    const subscribing = Array.from(this.messageHandlers.keys(), async (route) => {
      const hear = (message: TopicMessage<unknown>) => this.#hear(topics, route, message);
      const onGap = (gap: TopicGap) => this.#lost(route, gap);
      const subscription = await topics.subscribe(this.#packetTopics.of(route), hear, { onGap });
      subscriptions.push(subscription);
      if (this.#subscriptions !== subscriptions) await subscription.unsubscribe();
    });
    const outcomes = await Promise.allSettled(subscribing);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    if (this.#subscriptions === subscriptions) this.#state.watch(subscriptions);
  }

  /** Never rejects. @returns when what it began has ended */
  async #hear(topics: TopicService, route: string, message: TopicMessage<unknown>): Promise<void> {
    const { value, ...context } = message;
    let packet: Partial<IncomingRequest>;
    try {
      packet = await this.deserializer.deserialize(value, { channel: route });
    } catch (error) {
      return this.#drop(route, `the deserializer failed: ${describeError(error)}`);
    }
    const handler = this.messageHandlers.get(route);
    const metadata = packet.metadata;
    const rpcContext = new MomentoContext([context, route, metadata]);
    const { id } = packet;
    if (id === undefined) {
      if (handler !== undefined) await ended(this.#results(handler, packet.data, rpcContext));
      return;
    }
    const client = clientIn(id);
    if (client === undefined) return this.#drop(route, 'it has an id that no client of this library gives');
    const known = this.#running.get(id);
    if (fieldOf(packet, 'isDisposed') === true) return known?.stop();
    if (known !== undefined) return this.#drop(route, 'its id is that of a request that is running');
    await this.#answer(topics, { id, client, route }, (answers) => {
      if (handler === undefined || handler.isEventHandler === true) return answers.error(noMessageHandler);
      answers.follow(this.#results(handler, packet.data, rpcContext));
    });
  }

  async #answer(
    topics: TopicService,
    { id, client, route }: { readonly id: string; readonly client: string; readonly route: string },
    begin: (answers: Answers) => void,
  ): Promise<void> {
    const topic = this.#packetTopics.answersTo(client);
    const answerId = answerIdOf(id, this.#name);
    const answers = new Answers({
      publish: async (packet: WritePacket) =>
        topics.publish(topic, await this.serializer.serialize({ ...packet, id: answerId })),
      onFailure: (error) =>
        this.#state.warn('answer', `An answer to ${quoteName(route)} was not sent: ${describeError(error)}`),
    });
    this.#running.set(id, answers);
    begin(answers);
    await answers.done;
    this.#running.delete(id);
  }

  /** What a handler gives, with Nest's hooks around it, which its first versions of 11 do not have. */
  #results(handler: MessageHandler, data: unknown, context: MomentoContext): Observable<unknown> {
    const transportId = this.transportId;
    const begin: typeof this.onProcessingStartHook | undefined = this.onProcessingStartHook;
    return new Observable((subscriber) => {
      subscriber.add(() => this.onProcessingEndHook?.(transportId, context));
      const run = async () => {
        try {
          const result: unknown = await handler(data, context);
          if (!subscriber.closed) subscriber.add(this.transformToObservable(result).subscribe(subscriber));
        } catch (error) {
          subscriber.error(error);
        }
      };
      if (begin === undefined) void run();
      else begin(transportId, context, run);
    });
  }

  #lost(route: string, gap: TopicGap): void {
    const what = gap.missed === undefined ? 'An unknown number of packets' : `${gap.missed} packets`;
    this.#state.gap(
      gap,
      `${what} of ${quoteName(route)} were lost: nobody heard them for longer than Momento holds them.`,
    );
  }

  #drop(route: string, reason: string): void {
    this.#malformed += 1;
    this.#state.warn('malformed', `A packet of ${quoteName(route)} was dropped: ${reason}.`);
  }
}

/** Resolves at the end. What fails was logged by Nest, whose filters stand before it. */
function ended(results: Observable<unknown>): Promise<void> {
  return new Promise((resolve) => results.subscribe({ error: () => resolve(), complete: () => resolve() }));
}
