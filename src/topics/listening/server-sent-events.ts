import type { MessageEvent } from '@nestjs/common';
import {
  catchError,
  concat,
  EMPTY,
  endWith,
  ignoreElements,
  interval,
  map,
  merge,
  type Observable,
  of,
  share,
  takeUntil,
} from 'rxjs';
import type { TopicCursor, TopicGapEvent, TopicMessage } from '../definitions/topic.options.js';

const commentEveryMs = 15_000;
const retryMs = 3_000;

/**
 * Messages as Nest's `@Sse()` sends them: the id is the cursor, with which a browser comes back. What was lost is an event `resync`.
 *
 * @param lastEventId that the browser came with
 * @param onError told why it has ended, which browsers are not: as an event it would have an id of Nest's, with which they come back
 */
export function toServerSentEvents<T>(
  events: Observable<TopicMessage<T> | TopicGapEvent>,
  lastEventId: TopicCursor | undefined,
  onError: (error: unknown) => void,
): Observable<MessageEvent> {
  let id = lastEventId;
  const messages = events.pipe(
    map((event): MessageEvent => {
      id = 'kind' in event ? event.to : event.cursor;
      if ('kind' in event)
        return { id, type: 'resync', data: { from: event.from, to: event.to, missed: event.missed } };
      // A text would be sent in lines of its own.
      return { id, data: JSON.stringify(event.value) };
    }),
    catchError((error: unknown) => {
      onError(error);
      return EMPTY;
    }),
    // The comments end with them, and need no listener of their own for that.
    share(),
  );
  // Without an id of ours Nest numbers the event, and a browser would come back with that.
  const comments = interval(commentEveryMs).pipe(
    map((): MessageEvent => ({ comment: '', ...(id !== undefined && { id }) })),
    takeUntil(messages.pipe(ignoreElements(), endWith(undefined))),
  );
  const hello: MessageEvent = { retry: retryMs, ...(id !== undefined && { id }) };
  return concat(of(hello), merge(messages, comments));
}
