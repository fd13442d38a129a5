import type { Logger } from '@nestjs/common';
import { describeTopic } from '../../clients/streams/listeners/subscription-log.js';
import type { LogThrottle } from '../../foundation/log-throttle.js';
import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { describeStack } from '../../foundation/text/describe-error.js';
import { quoteName } from '../../foundation/text/redaction.js';
import type { TopicGap } from '../definitions/topic.options.js';
import type { MessageHandling } from '../listening/message-handling.js';

export interface HandlerLogOptions {
  readonly logger: Logger;
  /** Of the connection. */
  readonly throttle: LogThrottle;
  readonly handling: MessageHandling;
  readonly operation: MomentoOperation;
  /** Of the handler: class and method. */
  readonly name: string;
}

/** What is said of one handler, at most a line every 10 s a kind. */
export class HandlerLog {
  readonly #options: HandlerLogOptions;
  readonly #handler: string;
  readonly #topic: string;

  constructor(options: HandlerLogOptions) {
    const { cacheName, target } = options.operation;
    this.#options = options;
    this.#handler = quoteName(options.name);
    this.#topic = describeTopic(cacheName, target);
  }

  failed(cursor: string, error: unknown): void {
    this.#error(`The handler ${this.#handler} failed on message ${cursor} of ${this.#topic}.`, error);
  }

  gapFailed(name: string, { from, to }: TopicGap, error: unknown): void {
    this.#error(
      `The handler ${quoteName(name)} failed on the gap from ${from} to ${to} of ${this.#topic}.`,
      error,
    );
  }

  overflowed(buffer: number): void {
    const line =
      `A message of ${this.#topic} was dropped: ${buffer} wait already for the handler ${this.#handler}, which is slower than ` +
      'they come. Make it faster, or give it more concurrency or buffer.';
    this.#say('overflow', line);
  }

  leftOver(count: number): void {
    const line = `${count} messages of ${this.#topic} waited for the handler ${this.#handler} when the app shut down. They are dropped.`;
    this.#options.logger.warn(line);
  }

  untoldGap(gap: TopicGap): void {
    const { handling, operation } = this.#options;
    handling.logGap(operation, gap, 'Declare @OnTopicGap beside the handler to be told.');
  }

  #error(line: string, error: unknown): void {
    const { logger, throttle, name } = this.#options;
    throttle.say(`failed: ${name}`, line, (said) => logger.error(said, describeStack(error)));
  }

  #say(kind: string, line: string): void {
    const { logger, throttle, name } = this.#options;
    throttle.say(`${kind}: ${name}`, line, (said) => logger.warn(said));
  }
}
