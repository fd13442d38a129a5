import type { TopicItem } from '@gomomento/sdk';
import type { Logger } from '@nestjs/common';
import { describeTopic } from '../clients/streams/listeners/subscription-log.js';
import type { Cursor, StreamGap } from '../clients/streams/topic-position.js';
import { connectionLogger } from '../foundation/connection-logger.js';
import { describeStack } from '../foundation/text/describe-error.js';
import { LogThrottle } from '../foundation/log-throttle.js';
import type { MomentoOperation } from '../foundation/momento.errors.js';
import { MomentoMessageError } from './definitions/message.error.js';
import type { TopicForm } from './definitions/topic-form.js';
import { toGap, toMessage } from './definitions/topic-message.js';
import type { TopicEvents } from './shared/topic-listener.js';
import type {
  TopicContext,
  TopicGap,
  TopicHandler,
  TopicMessage,
  TopicSubscribeOptions,
} from './definitions/topic.options.js';

/** What is heard of a topic, in its order. */
export interface MessageEvents<T> {
  message(message: TopicMessage<T>): void;
  gap(gap: TopicGap): void;
  ended(): void;
}

/** Hands messages and gaps to what users wrote. Nothing they throw reaches the stream or the process: it is logged. */
export class MessageHandling {
  readonly #context: TopicContext;
  readonly #logger: Logger;
  readonly #throttle = new LogThrottle();

  constructor(context: TopicContext) {
    this.#context = context;
    this.#logger = connectionLogger('TopicService', context.connectionName);
  }

  /** What becomes of what is told of a topic: messages are read, and what cannot be is dropped and said. */
  read<T>(operation: MomentoOperation, form: TopicForm, events: MessageEvents<T>): TopicEvents {
    /** What is still being read by a schema that needs time: what comes behind it waits. */
    let reading: Promise<void> | undefined;
    const inOrder = (work: () => void | Promise<void>): void => {
      const before = reading;
      const outcome = before === undefined ? work() : before.then(work);
      if (outcome === undefined) return;
      const mine: Promise<void> = outcome.finally(() => {
        if (reading === mine) reading = undefined;
      });
      reading = mine;
    };
    const dropped = (error: unknown) => this.#dropped(operation, error);
    return {
      item: (item, cursor) =>
        inOrder(() => {
          const message = this.#messageOf<T>(operation, form, item, cursor);
          if (message instanceof Promise) return message.then((read) => events.message(read), dropped);
          if (message !== undefined) events.message(message);
          return undefined;
        }),
      gap: (gap: StreamGap) => inOrder(() => events.gap(toGap(operation, gap))),
      ended: () => inOrder(() => events.ended()),
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
        this.#run(`The handler of ${topic} failed on message ${message.sequenceNumber}.`, () =>
          handler(message),
        ),
      gap: (gap) => {
        if (onGap === undefined) this.logGap(operation, gap);
        else this.#run(`The onGap of ${topic} failed.`, () => onGap(gap));
      },
    };
  }

  /** A gap that nobody wants to be told. */
  logGap(operation: MomentoOperation, { from, to, missed }: TopicGap): void {
    const topic = describe(operation);
    const lost = missed === undefined ? 'An unknown number of messages' : `${missed} messages`;
    const line =
      `${lost} of ${topic} were lost, behind ${from} and up to ${to}: Momento no longer holds them. ` +
      'Pass onGap to subscribe() to be told.';
    this.#throttle.say(`gap: ${topic}`, line, (said) => this.#logger.warn(said));
  }

  #messageOf<T>(
    operation: MomentoOperation,
    form: TopicForm,
    item: TopicItem,
    cursor: Cursor,
  ): TopicMessage<T> | Promise<TopicMessage<T>> | undefined {
    try {
      return toMessage<T>(operation, form, item, cursor);
    } catch (error) {
      this.#dropped(operation, error);
      return undefined;
    }
  }

  #dropped(operation: MomentoOperation, error: unknown): void {
    const what = error instanceof MomentoMessageError ? error.message : describeStack(error);
    const line = `${what} It is dropped.`;
    this.#throttle.say(`unreadable: ${describe(operation)}`, line, (said) => this.#logger.error(said));
  }

  #run(failed: string, work: () => void | Promise<void>): void {
    const report = (error: unknown) => this.#logger.error(failed, describeStack(error));
    void this.#context.inFlight.track(work).catch(report);
  }
}

function describe({ cacheName, target = '' }: MomentoOperation): string {
  return describeTopic(cacheName, target);
}
