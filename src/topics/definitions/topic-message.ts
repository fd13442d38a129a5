import type { TopicItem } from '@gomomento/sdk';
import type { Cursor, StreamGap } from '../../clients/streams/topic-position.js';
import type { MomentoOperation } from '../../foundation/momento.errors.js';
import type { TopicCursor, TopicGap, TopicMessage, TopicMessageContext } from './topic.options.js';

/** What is known of a message before it is read. */
export function contextOf(
  { target: topic = '', cacheName }: MomentoOperation,
  item: TopicItem,
  cursor: Cursor,
): TopicMessageContext {
  const publisherId = item.tokenId();
  const base = {
    topic,
    cacheName,
    cursor: textOf(cursor),
    sequenceNumber: cursor.number,
    sequencePage: cursor.page,
    receivedAt: new Date(),
  };
  // Momento says '' for a publisher without an id.
  return publisherId === undefined || publisherId === '' ? base : { ...base, publisherId };
}

/** Each property by its name: a spread behind another property costs eight times as much. */
export function messageOf<T>(value: T, context: TopicMessageContext): TopicMessage<T> {
  const { topic, cacheName, cursor, sequenceNumber, sequencePage, receivedAt, publisherId } = context;
  const base = { value, topic, cacheName, cursor, sequenceNumber, sequencePage, receivedAt };
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

export function textOf({ page, number }: Cursor): TopicCursor {
  return `${page}:${number}`;
}
