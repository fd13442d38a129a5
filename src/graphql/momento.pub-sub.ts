import { PubSubEngine } from 'graphql-subscriptions';
import { looseJsonCodec, type MomentoCodec } from '../foundation/momento.codecs.js';
import { checkOptions, expected, findProblems, hasMethods, type Rule } from '../foundation/options.rules.js';
import { defineTopic, type TopicDefinition } from '../topics/definitions/topic-definition.js';
import type { TopicSubscription } from '../topics/definitions/topic.options.js';
import type { TopicService } from '../topics/topic.service.js';
import { MergedStreams } from './merged-streams.js';

export interface MomentoPubSubOptions {
  /** The `TopicService` of the connection. */
  readonly topics: TopicService;
  /** What the names of the topics begin with, before the trigger. @default '' */
  readonly topicPrefix?: string | undefined;
  /** The cache that the topics belong to. @default the connection's `cacheName` */
  readonly cacheName?: string | undefined;
  /** How payloads are sent. @default JSON as `JSON.stringify` makes it: dates arrive as text, instances as plain objects */
  readonly codec?: MomentoCodec | undefined;
  /** How many payloads wait for each trigger of an iterator, 1 or more; then the oldest go, which is logged. @default 1,000 */
  readonly bufferSize?: number | undefined;
}

type PubSubIterator<T> = ReturnType<typeof PubSubEngine.prototype.asyncIterableIterator<T>>;

const rules: Readonly<Record<string, Rule>> = {
  topics: expected('a TopicService', hasMethods('publish', 'subscribe', 'stream')),
  topicPrefix: expected('a string', (value) => typeof value === 'string'),
  cacheName: expected('a filled string', (value) => typeof value === 'string' && value !== ''),
  codec: expected('a codec', hasMethods('encode', 'decode')),
  bufferSize: expected(
    'a whole number, 1 or more',
    (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  ),
};

/**
 * Subscriptions of GraphQL on Momento Topics: a trigger is a topic. Every instance of the app hears what any of them publishes, as
 * long as it is subscribed; nothing is kept for those who come later.
 *
 * @example
 * { provide: 'PUB_SUB', inject: [TopicService], useFactory: (topics: TopicService) => new MomentoPubSub({ topics }) }
 */
export class MomentoPubSub extends PubSubEngine {
  readonly #options: MomentoPubSubOptions;
  readonly #subscriptions = new Map<number, TopicSubscription>();
  #count = 0;

  /** @throws MomentoConfigurationError `invalid-options` */
  constructor(options: MomentoPubSubOptions) {
    super();
    checkOptions(
      'The options of MomentoPubSub',
      findProblems(options, rules, ['topics']),
      'Correct them where the MomentoPubSub is made; inject: [TopicService] gives topics.',
    );
    this.#options = options;
  }

  /** @throws MomentoTopicError, also for a payload that is longer than `maxMessageBytes` of the connection */
  async publish(triggerName: string, payload: unknown): Promise<void> {
    await this.#options.topics.publish(this.#topic(triggerName), payload);
  }

  /**
   * @returns the id to unsubscribe with, once the subscription stands
   * @throws MomentoTopicError
   */
  async subscribe(triggerName: string, onMessage: (payload: unknown) => unknown): Promise<number> {
    const subscription = await this.#options.topics.subscribe(this.#topic(triggerName), async ({ value }) => {
      await onMessage(value);
    });
    const id = ++this.#count;
    this.#subscriptions.set(id, subscription);
    void subscription.ended.then(() => this.#subscriptions.delete(id));
    return id;
  }

  /** Of an id that has ended, or never was, it does nothing. */
  async unsubscribe(subId: number): Promise<void> {
    await this.#subscriptions.get(subId)?.unsubscribe();
  }

  /**
   * The payloads of these triggers. It subscribes with the first `next()`, unsubscribes with `return()` at any time, and ends when
   * the app shuts down, before its server waits for connections.
   */
  override asyncIterableIterator<T>(triggers: string | readonly string[]): PubSubIterator<T> {
    const { topics, bufferSize } = this.#options;
    const names = new Set(typeof triggers === 'string' ? [triggers] : triggers);
    const streams = new MergedStreams<T>(() =>
      Array.from(names, (name) => topics.stream<T>(this.#topic<T>(name), { bufferSize })),
    );
    // The engine's own iterator leaves subscriptions behind when one of several fails, and does not end with the app.
    return Object.assign(super.asyncIterableIterator<T>(triggers), {
      next: () => streams.next(),
      return: () => streams.return(),
      throw: async (error: unknown): Promise<never> => {
        await streams.return();
        throw error;
      },
    });
  }

  #topic<T>(triggerName: string): TopicDefinition<T> {
    const { topicPrefix = '', cacheName, codec = looseJsonCodec } = this.#options;
    return defineTopic<T>(`${topicPrefix}${triggerName}`, { codec, cacheName });
  }
}
