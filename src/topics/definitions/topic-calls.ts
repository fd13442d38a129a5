import { MomentoErrorCode } from '@gomomento/sdk';
import type { Cursor } from '../../clients/streams/topic-position.js';
import { jsonCodec } from '../../foundation/momento.codecs.js';
import {
  MomentoConfigurationError,
  type MomentoOperation,
  MomentoTopicError,
} from '../../foundation/momento.errors.js';
import { quoteName } from '../../foundation/text/redaction.js';
import { defaultConnectionName } from '../../foundation/tokens.js';
import type { TopicCallOptions, TopicListenOptions, TopicsOptions } from './topic.options.js';
import type { AnyTopicDefinition } from './topic-definition.js';
import { TopicForm } from './topic-form.js';
import { cursorIn } from './topic-message.js';

/** A topic by its name, or as it was defined. */
export type Topic = string | AnyTopicDefinition;

/** What a call is about, checked. */
export interface TopicCall {
  readonly operation: MomentoOperation;
  readonly form: TopicForm;
  /** The message that it begins behind; undefined: with the next one. */
  readonly after: Cursor | undefined;
}

/** Of Momento's documentation. */
const defaultMaxMessageBytes = 4_096;

/** What the calls of a connection leave out. */
export interface TopicDefaults extends TopicsOptions {
  /** @default 'default' */
  readonly connectionName?: string;
}

/** Checks what the calls of a topic service are given: the SDK checks no types at run time. */
export class TopicCalls {
  readonly #cacheName: string | undefined;
  readonly #defaults: TopicDefaults;

  constructor(cacheName: string | undefined, defaults: TopicDefaults) {
    this.#cacheName = cacheName;
    this.#defaults = defaults;
  }

  /** @throws MomentoConfigurationError `cache-name-missing`, `other-connection`; MomentoTopicError */
  of(name: string, topic: Topic, options: TopicCallOptions & Pick<TopicListenOptions, 'after'>): TopicCall {
    const definition = typeof topic === 'string' ? undefined : topic;
    const { connectionName = defaultConnectionName } = this.#defaults;
    if (definition?.connection !== undefined && definition.connection !== connectionName)
      throw otherConnection(definition, connectionName);
    const target = definition?.name ?? topic;
    const cacheName = options.cacheName ?? definition?.cacheName ?? this.#cacheName;
    if (cacheName === undefined) {
      throw new MomentoConfigurationError(
        'cache-name-missing',
        'TopicService does not know which cache the topic belongs to.',
        'Set the option cacheName of MomentoModule, of the topic, or of the call.',
      );
    }
    if (typeof target !== 'string' || target === '')
      throw invalid({ name, cacheName }, 'the topic is not a filled string');
    const operation = { name, cacheName, target };
    const { codec = jsonCodec, maxMessageBytes = defaultMaxMessageBytes } = this.#defaults;
    const form = new TopicForm({
      codec: definition?.codec ?? codec,
      schema: definition?.schema,
      maxMessageBytes,
    });
    return { operation, form, after: placeOf(operation, options) };
  }
}

function otherConnection(
  { name, connection = '' }: AnyTopicDefinition,
  used: string,
): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'other-connection',
    `The topic ${quoteName(name)} belongs to the Momento connection ${quoteName(connection)}, and is used with ${quoteName(used)}.`,
    'Use the TopicService of its connection, which @InjectTopicService(name) injects, or define it without connection.',
  );
}

function placeOf(operation: MomentoOperation, { after }: TopicListenOptions): Cursor | undefined {
  if (after === undefined) return undefined;
  const cursor = typeof after === 'string' ? cursorIn(after) : undefined;
  if (cursor === undefined)
    throw invalid(operation, 'after is not a cursor, "page:number" as messages have it');
  return cursor;
}

/** Something that a call was given. */
export function invalid(operation: MomentoOperation, problem: string): MomentoTopicError {
  return new MomentoTopicError(operation, MomentoErrorCode.INVALID_ARGUMENT_ERROR, problem);
}
