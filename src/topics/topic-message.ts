import type { TopicDiscontinuity, TopicItem } from '@gomomento/sdk';
import { cursorOf, gapOf } from '../clients/streams/stream-events.js';
import type { Cursor } from '../clients/streams/topic-position.js';
import { jsonCodec } from '../foundation/momento.codecs.js';
import type { MomentoOperation } from '../foundation/momento.errors.js';
import type { TopicCursor, TopicGap, TopicMessage } from './topic.options.js';

/** Undefined when it is not JSON: someone publishes to the topic without this library. */
export function toMessage<T>(operation: MomentoOperation, item: TopicItem): TopicMessage<T> | undefined {
  const publisherId = item.tokenId();
  const { target: topic = '', cacheName } = operation;
  const cursor = cursorOf(item);
  try {
    const value = jsonCodec.decode(Buffer.from(item.value())) as T;
    const base = {
      value,
      topic,
      cacheName,
      cursor: textOf(cursor),
      sequenceNumber: cursor.number,
      sequencePage: cursor.page,
      receivedAt: new Date(),
    };
    return publisherId === undefined ? base : { ...base, publisherId };
  } catch {
    return undefined;
  }
}

/** Undefined when nothing was lost that the subscription had a claim to. */
export function toGap(operation: MomentoOperation, discontinuity: TopicDiscontinuity): TopicGap | undefined {
  const gap = gapOf(discontinuity);
  if (gap === undefined) return undefined;
  const { target: topic = '', cacheName } = operation;
  const base = { topic, cacheName, from: textOf(gap.from), to: textOf(gap.to) };
  return gap.missed === undefined ? base : { ...base, missed: gap.missed };
}

function textOf({ page, number }: Cursor): TopicCursor {
  return `${page}:${number}`;
}
