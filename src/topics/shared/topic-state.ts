import type { TopicSubscribe } from '@gomomento/sdk';
import {
  isLiveSubscription,
  type SubscriptionStatus,
} from '../../clients/streams/listeners/subscription-handle.js';
import type { TopicState } from '../definitions/topic.options.js';

/** Of what has ended before it has heard anything. */
export const closedState: TopicState = {
  status: 'closed',
  lastHeartbeatAt: undefined,
  lastMessageAt: undefined,
  lastCursor: undefined,
};

export function statusOf(subscription: TopicSubscribe.Subscription): SubscriptionStatus {
  if (isLiveSubscription(subscription)) return subscription.status;
  return subscription.isSubscribed ? 'live' : 'closed';
}

/** Whether nothing that is told has changed. */
export function isSameState(former: TopicState, latter: TopicState): boolean {
  return former.status === latter.status && former.lastHeartbeatAt === latter.lastHeartbeatAt;
}
