import type { TopicItem } from '@gomomento/sdk';
import type { Cursor } from '../../clients/streams/topic-position.js';
import type { MomentoOperation } from '../../foundation/momento.errors.js';
import type { ConnectionTelemetry } from '../../foundation/telemetry.js';
import { SchemaMisfit } from '../../foundation/values/standard-schema.js';
import { MomentoMessageError } from './message.error.js';
import type { TopicMessage, TopicMessageContext } from './topic.options.js';
import type { TopicForm } from './topic-form.js';
import { contextOf, messageOf } from './topic-message.js';

/** A message, or why it cannot be read. */
export type Reading =
  | { readonly message: TopicMessage<unknown> }
  | { readonly unreadable: MomentoMessageError; readonly context: TopicMessageContext };

interface KnownReading {
  readonly form: TopicForm;
  readonly reading: Reading | Promise<Reading>;
}

/** Reads each message once for all who listen: they are told one after the other, and share what was read. */
export class MessageReader {
  /** The one that is being told. */
  #item: TopicItem | undefined;
  #known: KnownReading[] = [];
  readonly #telemetry: ConnectionTelemetry | undefined;

  constructor(telemetry?: ConnectionTelemetry) {
    this.#telemetry = telemetry;
  }

  /** A promise only with a schema that needs time. Neither throws nor rejects. */
  read(
    operation: MomentoOperation,
    form: TopicForm,
    item: TopicItem,
    cursor: Cursor,
  ): Reading | Promise<Reading> {
    if (item !== this.#item) {
      this.#item = item;
      this.#known = [];
      const { cacheName, target: topic = '' } = operation;
      this.#telemetry?.received({ cacheName, topic });
    }
    const known = this.#known.find((one) => one.form === form || one.form.readsLike(form));
    if (known !== undefined) return known.reading;
    const reading = readingOf(contextOf(operation, item, cursor), form, item, this.#telemetry);
    this.#known.push({ form, reading });
    return reading;
  }
}

function readingOf(
  context: TopicMessageContext,
  form: TopicForm,
  item: TopicItem,
  telemetry: ConnectionTelemetry | undefined,
): Reading | Promise<Reading> {
  const { value: sent, origin } = telemetry?.open?.(item.value()) ?? { value: item.value() };
  const read = (value: unknown): Reading => {
    const message = messageOf(value, context);
    if (origin !== undefined) telemetry?.link(message, origin);
    return { message };
  };
  const failed = (error: unknown): Reading => {
    const reason = error instanceof SchemaMisfit ? error.message : 'it is not what the codec writes';
    return { unreadable: new MomentoMessageError(context.topic, context.cursor, reason), context };
  };
  try {
    const value = form.decode(sent);
    return value instanceof Promise ? value.then(read, failed) : read(value);
  } catch (error) {
    return failed(error);
  }
}
