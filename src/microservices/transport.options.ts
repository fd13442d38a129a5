import type {
  ConsumerDeserializer,
  ConsumerSerializer,
  ProducerDeserializer,
  ProducerSerializer,
} from '@nestjs/microservices';
import { checkOptions, expected, findProblems, hasMethods, type Rule } from '../foundation/options.rules.js';
import { longestTimerMs } from '../foundation/time/time-limit.js';
import type { TopicService } from '../topics/topic.service.js';

interface TransportOptions {
  /**
   * What the names of all topics begin with: servers and clients with the same one talk to each other. At most 256 bytes, without
   * control characters; `''` for topics that are called as the patterns are. @default 'rpc/'
   */
  readonly topicPrefix?: string | undefined;
  /** The cache that the topics belong to. @default the connection's `cacheName` */
  readonly cacheName?: string | undefined;
}

export interface MomentoServerOptions extends TransportOptions {
  /** The `TopicService` of the connection; or what gives it when the server begins to listen, where the app is not there before. */
  readonly topics: TopicService | (() => TopicService);
  /** What becomes of answers before they are JSON. @default Nest's own, which changes nothing */
  readonly serializer?: ConsumerSerializer | undefined;
  /** What becomes of JSON that arrives. @default Nest's own, which takes what is no packet for the data of an event */
  readonly deserializer?: ConsumerDeserializer | undefined;
}

export interface MomentoClientOptions extends TransportOptions {
  readonly topics: TopicService;
  /**
   * How long a request waits for its first answer, and then for each further one, in milliseconds, 1 to 2,147,483,647. @default 10,000
   */
  readonly timeoutMs?: number | undefined;
  /** What becomes of requests and events before they are JSON. @default Nest's own, which changes nothing */
  readonly serializer?: ProducerSerializer | undefined;
  /** What becomes of JSON that arrives. @default Nest's own, which changes nothing */
  readonly deserializer?: ProducerDeserializer | undefined;
}

export const defaultTopicPrefix = 'rpc/';
export const defaultTimeoutMs = 10_000;

const isTopics = hasMethods('publish', 'subscribe');
const common: Readonly<Record<string, Rule>> = {
  topics: expected('a TopicService', isTopics),
  topicPrefix: expected(
    'a string of at most 256 bytes without control characters',
    (value) => typeof value === 'string' && Buffer.byteLength(value) <= 256 && !/[\p{Cc}\p{Cs}]/u.test(value),
  ),
  cacheName: expected('a filled string', (value) => typeof value === 'string' && value !== ''),
  serializer: expected('a serializer', hasMethods('serialize')),
  deserializer: expected('a deserializer', hasMethods('deserialize')),
};

/** @throws MomentoConfigurationError `invalid-options` */
export function checkServerOptions(options: MomentoServerOptions): void {
  const topics = expected(
    'a TopicService, or a function that gives it',
    (value) => typeof value === 'function' || isTopics(value),
  );
  check('MomentoServer', options, { ...common, topics });
}

/** @throws MomentoConfigurationError `invalid-options` */
export function checkClientOptions(options: MomentoClientOptions): void {
  const timeoutMs = expected(
    'a whole number of milliseconds, 1 to 2,147,483,647',
    (value) => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= longestTimerMs,
  );
  check('MomentoClientProxy', options, { ...common, timeoutMs });
}

function check(className: string, options: unknown, rules: Readonly<Record<string, Rule>>): void {
  checkOptions(
    `The options of ${className}`,
    findProblems(options, rules, ['topics']),
    `Correct them where the ${className} is made; app.get(TopicService), or inject: [TopicService], gives topics.`,
  );
}
