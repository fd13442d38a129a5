import type { TopicItem } from '@gomomento/sdk';
import type { Cursor, StreamGap } from '../../clients/streams/topic-position.js';
import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { SchemaMisfit } from '../../foundation/values/standard-schema.js';
import type { TopicCursor, TopicGap, TopicMessage } from './topic.options.js';
import { MomentoMessageError } from './message.error.js';
import type { TopicForm } from './topic-form.js';

/** The message that arrived; a promise only with a schema that needs time. @throws MomentoMessageError */
export function toMessage<T>(
  operation: MomentoOperation,
  form: TopicForm,
  item: TopicItem,
  cursor: Cursor,
): TopicMessage<T> | Promise<TopicMessage<T>> {
  const receivedAt = new Date();
  const around = (value: unknown) => messageOf(operation, item, cursor, receivedAt, value as T);
  const failed = (error: unknown): never => {
    const reason = error instanceof SchemaMisfit ? error.message : 'it is not what the codec writes';
    throw new MomentoMessageError(operation.target ?? '', textOf(cursor), reason);
  };
  try {
    const value = form.decode(item);
    return value instanceof Promise ? value.then(around, failed) : around(value);
  } catch (error) {
    return failed(error);
  }
}

function messageOf<T>(
  { target: topic = '', cacheName }: MomentoOperation,
  item: TopicItem,
  cursor: Cursor,
  receivedAt: Date,
  value: T,
): TopicMessage<T> {
  const publisherId = item.tokenId();
  const base = {
    value,
    topic,
    cacheName,
    cursor: textOf(cursor),
    sequenceNumber: cursor.number,
    sequencePage: cursor.page,
    receivedAt,
  };
  return publisherId === undefined ? base : { ...base, publisherId };
}

export function toGap({ target: topic = '', cacheName }: MomentoOperation, gap: StreamGap): TopicGap {
  const base = { topic, cacheName, from: textOf(gap.from), to: textOf(gap.to) };
  return gap.missed === undefined ? base : { ...base, missed: gap.missed };
}

/** @returns undefined: it is none, as what a browser sends back may be */
export function cursorIn(text: string): Cursor | undefined {
  const [, page, number] = /^(\d{1,15}):(\d{1,15})$/.exec(text) ?? [];
  return page === undefined ? undefined : { page: Number(page), number: Number(number) };
}

function textOf({ page, number }: Cursor): TopicCursor {
  return `${page}:${number}`;
}
