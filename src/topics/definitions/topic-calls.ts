import { MomentoErrorCode } from '@gomomento/sdk';
import type { Cursor } from '../../clients/streams/topic-position.js';
import { jsonCodec } from '../../foundation/momento.codecs.js';
import {
  MomentoConfigurationError,
  type MomentoOperation,
  MomentoTopicError,
} from '../../foundation/momento.errors.js';
import type { TopicCallOptions, TopicContext, TopicListenOptions } from './topic.options.js';
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

/** Checks what the calls of a topic service are given: the SDK checks no types at run time. */
export class TopicCalls {
  readonly #cacheName: string | undefined;
  readonly #context: TopicContext;

  constructor(cacheName: string | undefined, context: TopicContext) {
    this.#cacheName = cacheName;
    this.#context = context;
  }

  /** @throws MomentoConfigurationError `cache-name-missing`; MomentoTopicError */
  of(name: string, topic: Topic, options: TopicCallOptions & Pick<TopicListenOptions, 'after'>): TopicCall {
    const definition = typeof topic === 'string' ? undefined : topic;
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
    const { codec = jsonCodec, maxMessageBytes = defaultMaxMessageBytes } = this.#context;
    const form = new TopicForm({
      codec: definition?.codec ?? codec,
      schema: definition?.schema,
      maxMessageBytes,
    });
    return { operation, form, after: placeOf(operation, options) };
  }
}

function placeOf(operation: MomentoOperation, { after }: TopicListenOptions): Cursor | undefined {
  if (after === undefined) return undefined;
  const cursor = typeof after === 'string' ? cursorIn(after) : undefined;
  if (cursor === undefined)
    throw invalid(operation, 'after is not a cursor, "page:number" as messages have it');
  return cursor;
}

function invalid(operation: MomentoOperation, problem: string): MomentoTopicError {
  return new MomentoTopicError(operation, MomentoErrorCode.INVALID_ARGUMENT_ERROR, problem);
}
