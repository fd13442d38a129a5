import { TopicSubscribe } from '@gomomento/sdk';
import type { Observable } from 'rxjs';

/**
 * How a subscription is.
 *
 * - `connecting`: the first stream is asked for.
 * - `live`: messages arrive.
 * - `gapped`: live, and the last thing that came was a gap.
 * - `reconnecting`: the stream was lost, another one is asked for.
 * - `failed`: it was refused five times in a row. It is still tried.
 * - `closed`: it has ended.
 */
export type SubscriptionStatus = 'connecting' | 'live' | 'reconnecting' | 'gapped' | 'failed' | 'closed';

/** What the SDK calls a subscription, with what this library knows of it. */
export interface LiveSubscription extends TopicSubscribe.Subscription {
  readonly status: SubscriptionStatus;
  /** How many streams it has had: with the next one something may have been lost. */
  readonly streams: number;
  /** Resolves when it has ended: unsubscribed, or the connection closed. Never rejects. */
  readonly ended: Promise<void>;
  /** Says that `status` or `streams` may have changed; completes at the end. */
  readonly changes: Observable<void>;
}

export interface HandleSource {
  readonly status: SubscriptionStatus;
  readonly streams: number;
  readonly ended: Promise<void>;
  readonly changes: Observable<void>;
  end(): void;
}

/** An `instanceof` the SDK's class, whose constructor takes the SDK's own stream. */
export function createHandle(source: HandleSource): LiveSubscription {
  return Object.create(TopicSubscribe.Subscription.prototype, {
    type: { value: 'Subscription', enumerable: true },
    is_subscribed: { value: true },
    isSubscribed: { get: () => source.status !== 'closed', enumerable: true },
    status: { get: () => source.status, enumerable: true },
    streams: { get: () => source.streams, enumerable: true },
    ended: { value: source.ended },
    changes: { value: source.changes },
    unsubscribe: { value: () => source.end() },
  }) as LiveSubscription;
}

/** Whether it is of this library's injected client, not of another one that a test or a user put in its place. */
export function isLiveSubscription(
  subscription: TopicSubscribe.Subscription,
): subscription is LiveSubscription {
  return 'status' in subscription && 'ended' in subscription;
}

/** Of any client's. */
export function statusOf(subscription: TopicSubscribe.Subscription): SubscriptionStatus {
  if (isLiveSubscription(subscription)) return subscription.status;
  return subscription.isSubscribed ? 'live' : 'closed';
}
