import type { TopicState } from '../definitions/topic.options.js';

/** Of what has ended before it has heard anything. */
export const closedState: TopicState = {
  status: 'closed',
  lastHeartbeatAt: undefined,
  lastMessageAt: undefined,
  lastCursor: undefined,
};

/** Whether nothing that is told has changed. */
export function isSameState(former: TopicState, latter: TopicState): boolean {
  return former.status === latter.status && former.lastHeartbeatAt === latter.lastHeartbeatAt;
}
