import type { SubscribeCallOptions, TopicDiscontinuity, TopicItem } from '@gomomento/sdk';
import type { Cursor, StreamGap } from './topic-position.js';

const cursors = new WeakMap<TopicItem, Cursor>();
const gaps = new WeakMap<TopicDiscontinuity, StreamGap>();
const beginnings = new WeakMap<SubscribeCallOptions, Cursor>();
const unwanted = new WeakMap<SubscribeCallOptions, AbortSignal>();

/** Remembers what the SDK's item does not say. */
export function noteCursor(item: TopicItem, cursor: Cursor): void {
  cursors.set(item, cursor);
}

/** Where a message stands; of a client that is not this library's its page is unknown, and 0. */
export function cursorOf(item: TopicItem): Cursor {
  return cursors.get(item) ?? { page: 0, number: item.sequenceNumber() };
}

export function noteGap(discontinuity: TopicDiscontinuity, gap: StreamGap): void {
  gaps.set(discontinuity, gap);
}

/** What the subscription lost; undefined when it had seen nothing yet, or the client is not this library's. */
export function gapOf(discontinuity: TopicDiscontinuity): StreamGap | undefined {
  return gaps.get(discontinuity);
}

/** Lets a subscription begin behind a message, for which the SDK's `subscribe()` has no argument. */
export function beginningBehind(cursor: Cursor, callbacks: SubscribeCallOptions): SubscribeCallOptions {
  beginnings.set(callbacks, cursor);
  return callbacks;
}

export function beginningOf(callbacks: SubscribeCallOptions | undefined): Cursor | undefined {
  return callbacks === undefined ? undefined : beginnings.get(callbacks);
}

/** Lets a subscription be given up before it is answered, for which the SDK's `subscribe()` has no argument. */
export function wantedUntil(signal: AbortSignal, callbacks: SubscribeCallOptions): SubscribeCallOptions {
  unwanted.set(callbacks, signal);
  return callbacks;
}

/** Aborted when nobody waits for the answer any more. */
export function unwantedSignalOf(callbacks: SubscribeCallOptions | undefined): AbortSignal | undefined {
  return callbacks === undefined ? undefined : unwanted.get(callbacks);
}
