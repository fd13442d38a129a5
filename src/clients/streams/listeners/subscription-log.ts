import type { TopicSubscribe } from '@gomomento/sdk';
import type { Logger } from '@nestjs/common';
import { LogThrottle } from '../../../foundation/log-throttle.js';
import { MomentoTopicError } from '../../../foundation/momento.errors.js';
import { quoteName } from '../../../foundation/text/redaction.js';

/** Says that subscriptions are in trouble and out of it, at most every 10 s a kind: all of them may be at once. */
export class SubscriptionLog {
  readonly #logger: Logger;
  readonly #throttle = new LogThrottle();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  refused(cacheName: string, topicName: string, error: TopicSubscribe.Error): void {
    const operation = { name: 'subscribe', cacheName, target: topicName };
    const { message } = MomentoTopicError.fromSdk(operation, error.innerException());
    const line = `${message} It is tried again until it is unsubscribed.`;
    this.#throttle.say(error.errorCode(), line, (said) => this.#logger.error(said));
  }

  restored(cacheName: string, topicName: string): void {
    const line = `The subscription to ${describeTopic(cacheName, topicName)} is live again.`;
    this.#throttle.say('restored', line, (said) => this.#logger.log(said));
  }
}

/** For log lines. The names are the caller's, and may be no text at all. */
export function describeTopic(cacheName: unknown, topicName: unknown): string {
  return `topic ${quoteName(topicName)} in cache ${quoteName(cacheName)}`;
}
