import type { Logger } from '@nestjs/common';
import { describeTopic } from '../../clients/streams/listeners/subscription-log.js';
import { connectionLogger } from '../../foundation/connection-logger.js';
import { LogThrottle } from '../../foundation/log-throttle.js';
import type { MomentoOperation } from '../../foundation/momento.errors.js';
import type { ConnectionTelemetry } from '../../foundation/telemetry.js';
import { describeError, describeStack } from '../../foundation/text/describe-error.js';
import type { InFlight } from '../../foundation/time/in-flight.js';
import type { MomentoMessageError } from '../definitions/message.error.js';
import { MessageReader, type Reading } from '../definitions/message-reader.js';
import type { TopicForm } from '../definitions/topic-form.js';
import { toGap } from '../definitions/topic-message.js';
import type {
  TopicGap,
  TopicHandler,
  TopicMessage,
  TopicMessageContext,
  TopicSubscribeOptions,
} from '../definitions/topic.options.js';
import type { TopicEvents } from '../shared/topic-listener.js';
import { ReadingOrder } from './reading-order.js';

/** What is heard of a topic, in its order. */
export interface MessageEvents<T> {
  message(message: TopicMessage<T>): void;
  gap(gap: TopicGap): void;
  /** A message that is not what the schema or codec says, beside that it is logged. */
  unreadable?(error: MomentoMessageError, context: TopicMessageContext): void;
  /** The app shuts down: nothing more is told but the end. Without it, this is the end. @returns whether this is the end all the same */
  closing?(): boolean;
  /** Whether the shutdown changes nothing until the connections close. @default false */
  readonly untilClosed?: boolean | undefined;
  ended(): void;
}

/** Hands messages and gaps to what users wrote. Nothing they throw reaches the stream or the process: it is logged. */
export class MessageHandling {
  readonly #inFlight: InFlight;
  readonly #logger: Logger;
  readonly #throttle = new LogThrottle();
  readonly #reader: MessageReader;
  readonly #telemetry: ConnectionTelemetry | undefined;

  /** @param inFlight counts the handlers that are running */
  constructor(inFlight: InFlight, connectionName?: string, telemetry?: ConnectionTelemetry) {
    this.#inFlight = inFlight;
    this.#reader = new MessageReader(telemetry);
    this.#telemetry = telemetry;
    this.#logger = connectionLogger('TopicService', connectionName);
  }

  /** What becomes of what is told of a topic: messages are read, and what cannot be is dropped and said. */
  read<T>(operation: MomentoOperation, form: TopicForm, events: MessageEvents<T>): TopicEvents {
    const order = new ReadingOrder({
      onGap: (gap) => events.gap(toGap(operation, gap)),
      onFull: (most) => this.#full(operation, most),
    });
    const tell = (read: Reading): void => {
      if (order.isOver) return;
      // Its type is what the schema and the codec make of it.
      if ('message' in read) return events.message(read.message as TopicMessage<T>);
      this.#dropped(operation, read.unreadable);
      events.unreadable?.(read.unreadable, read.context);
    };
    // A schema that never ends must not hold the shutdown, and nobody who has unsubscribed is told more.
    const closing = (): boolean => {
      order.end();
      if (events.closing !== undefined) return events.closing();
      events.ended();
      return true;
    };
    return {
      item: (item, cursor) =>
        order.message(cursor, () => {
          const read = this.#reader.read(operation, form, item, cursor);
          return read instanceof Promise ? read.then(tell) : tell(read);
        }),
      gap: (gap) => order.gap(gap),
      ...(events.untilClosed === true ? {} : { closing }),
      ended: () => {
        order.end();
        events.ended();
      },
    };
  }

  /** To a handler, which is not awaited before the next message. */
  handle<T>(
    operation: MomentoOperation,
    handler: TopicHandler<T>,
    onGap: TopicSubscribeOptions['onGap'],
  ): Omit<MessageEvents<T>, 'ended'> {
    const topic = describe(operation);
    return {
      message: (message) =>
        this.#run('handler', topic, ` on message ${message.sequenceNumber}`, () =>
          this.#telemetry === undefined
            ? handler(message)
            : this.#telemetry.process(message, () => handler(message)),
        ),
      gap: (gap) => {
        if (onGap === undefined) this.logGap(operation, gap, 'Pass onGap to subscribe() to be told.');
        else this.#run('onGap', topic, '', () => onGap(gap));
      },
      // It is seen to end with its subscription.
      closing: () => false,
    };
  }

  /** A gap that nobody wants to be told. @param advice how to be told */
  logGap(operation: MomentoOperation, { from, to, missed }: TopicGap, advice: string): void {
    const topic = describe(operation);
    const lost = missed === undefined ? 'An unknown number of messages' : `${missed} messages`;
    const line = `${lost} of ${topic} were lost, behind ${from} and up to ${to}. ${advice}`;
    this.#throttle.say(`gap: ${topic}`, line, (said) => this.#logger.warn(said));
  }

  /** A feed that Momento refused: the browser is not told why, and comes back. */
  logRefusedFeed(operation: MomentoOperation, error: unknown): void {
    const topic = describe(operation);
    const line = `A feed of ${topic} has ended: ${describeError(error)} Its browser comes back, behind where it was.`;
    this.#throttle.say(`refused: ${topic}`, line, (said) => this.#logger.warn(said));
  }

  #full(operation: MomentoOperation, most: number): void {
    const topic = describe(operation);
    const line = `A message of ${topic} was dropped: ${most} wait already for the schema of the topic, which is slower than they come.`;
    this.#throttle.say(`full: ${topic}`, line, (said) => this.#logger.warn(said));
  }

  #dropped(operation: MomentoOperation, { message }: MomentoMessageError): void {
    const line = `${message} It is dropped.`;
    this.#throttle.say(`unreadable: ${describe(operation)}`, line, (said) => this.#logger.error(said));
  }

  #run(what: 'handler' | 'onGap', topic: string, where: string, work: () => void | Promise<void>): void {
    const report = (error: unknown) =>
      this.#throttle.say(`${what}: ${topic}`, `The ${what} of ${topic} failed${where}.`, (said) =>
        this.#logger.error(said, describeStack(error)),
      );
    void this.#inFlight.track(work).catch(report);
  }
}

function describe({ cacheName, target = '' }: MomentoOperation): string {
  return describeTopic(cacheName, target);
}
