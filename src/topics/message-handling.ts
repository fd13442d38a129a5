import type { TopicDiscontinuity, TopicItem } from '@gomomento/sdk';
import type { Logger } from '@nestjs/common';
import { describeTopic } from '../clients/streams/listeners/subscription-log.js';
import { connectionLogger } from '../foundation/connection-logger.js';
import { describeStack } from '../foundation/text/describe-error.js';
import { LogThrottle } from '../foundation/log-throttle.js';
import type { MomentoOperation } from '../foundation/momento.errors.js';
import { toGap, toMessage } from './topic-message.js';
import type { TopicContext, TopicGap, TopicHandler, TopicSubscribeOptions } from './topic.options.js';

/** Hands messages and gaps to what users wrote. Nothing they throw reaches the stream or the process: it is logged. */
export class MessageHandling {
  readonly #context: TopicContext;
  readonly #logger: Logger;
  readonly #throttle = new LogThrottle();

  constructor(context: TopicContext) {
    this.#context = context;
    this.#logger = connectionLogger('TopicService', context.connectionName);
  }

  handle<T>(operation: MomentoOperation, item: TopicItem, handler: TopicHandler<T>): void {
    const message = toMessage<T>(operation, item);
    const topic = describe(operation);
    if (message === undefined) {
      const number = item.sequenceNumber();
      const line = `Message ${number} of ${topic} is not JSON; it is dropped.`;
      this.#throttle.say(`not JSON: ${topic}`, line, (said) => this.#logger.error(said));
      return;
    }
    const number = message.sequenceNumber;
    this.#run(`The handler of ${topic} failed on message ${number}.`, () => handler(message));
  }

  tellGap(
    operation: MomentoOperation,
    discontinuity: TopicDiscontinuity,
    onGap: TopicSubscribeOptions['onGap'],
  ): void {
    const gap = toGap(operation, discontinuity);
    const topic = describe(operation);
    if (gap === undefined) return;
    if (onGap === undefined) this.#logGap(topic, gap);
    else this.#run(`The onGap of ${topic} failed.`, () => onGap(gap));
  }

  #logGap(topic: string, { from, to, missed }: TopicGap): void {
    const lost = missed === undefined ? 'An unknown number of messages' : `${missed} messages`;
    const line =
      `${lost} of ${topic} were lost, behind ${from} and up to ${to}: Momento no longer holds them. ` +
      'Pass onGap to subscribe() to be told.';
    this.#throttle.say(`gap: ${topic}`, line, (said) => this.#logger.warn(said));
  }

  #run(failed: string, work: () => void | Promise<void>): void {
    const report = (error: unknown) => this.#logger.error(failed, describeStack(error));
    void this.#context.inFlight.track(work).catch(report);
  }
}

function describe({ cacheName, target = '' }: MomentoOperation): string {
  return describeTopic(cacheName, target);
}
