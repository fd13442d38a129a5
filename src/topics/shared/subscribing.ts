import type { SubscribeCallOptions, TopicClient, TopicItem, TopicSubscribe } from '@gomomento/sdk';
import { callMomento } from '../../clients/sdk/sdk-answer.js';
import { isLiveSubscription } from '../../clients/streams/listeners/subscription-handle.js';
import { beginningBehind, cursorOf, gapOf, wantedUntil } from '../../clients/streams/stream-events.js';
import type { Cursor, StreamGap } from '../../clients/streams/topic-position.js';
import { type MomentoOperation, MomentoTopicError } from '../../foundation/momento.errors.js';

/** What a subscription tells. */
export interface SubscriptionEvents {
  item(item: TopicItem, cursor: Cursor): void;
  gap(gap: StreamGap): void;
  /** Something may be lost, and nobody knows what. */
  lost(): void;
  heartbeat?(): void;
  /** It is over, of a client that is not this library's. */
  over(): void;
}

/** Where and how a topic is subscribed to. */
export interface SubscribingOptions {
  readonly client: TopicClient;
  readonly operation: MomentoOperation;
  /** An error of a stream of a client that is not this library's, which says so by itself. */
  readonly onStreamError: (error: MomentoTopicError) => void;
}

/**
 * Subscribes by the SDK.
 *
 * @param after the message that it begins behind; undefined: with the next one
 * @param unwanted aborted when nobody waits for it to open any more
 * @throws MomentoTopicError
 */
export function subscribeTo(
  { client, operation, onStreamError }: SubscribingOptions,
  events: SubscriptionEvents,
  after: Cursor | undefined,
  unwanted: AbortSignal,
): Promise<TopicSubscribe.Subscription> {
  const callbacks: SubscribeCallOptions = {
    onItem: (item) => events.item(item, cursorOf(item)),
    onDiscontinuity: (discontinuity) => {
      const gap = gapOf(discontinuity);
      if (gap === undefined) events.lost();
      else events.gap(gap);
    },
    onHeartbeat: () => events.heartbeat?.(),
    onConnectionLost: () => events.lost(),
    onError: (error, subscription) => {
      if (isLiveSubscription(subscription)) return;
      onStreamError(MomentoTopicError.fromSdk(operation, error.innerException()));
      if (!subscription.isSubscribed) events.over();
    },
  };
  const { cacheName, target = '' } = operation;
  const beginning = after === undefined ? callbacks : beginningBehind(after, callbacks);
  const answer = client.subscribe(cacheName, target, wantedUntil(unwanted, beginning));
  return callMomento(operation, answer, MomentoTopicError);
}
