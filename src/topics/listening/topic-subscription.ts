import { concat, defer, distinctUntilChanged, from, map, type Observable, of, takeUntil } from 'rxjs';
import type { SubscriptionStatus } from '../../clients/streams/listeners/subscription-handle.js';
import type { TopicState, TopicSubscription } from '../definitions/topic.options.js';
import { isSameState } from '../shared/topic-state.js';
import type { Listening } from '../shared/shared-topics.js';

/** A listener's own subscription: it may end before the one that it shares with others. */
export class OwnSubscription implements TopicSubscription {
  readonly ended: Promise<void>;
  #end: () => void = () => undefined;
  #hasEnded = false;
  #listening: Listening | undefined;

  constructor() {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  get status(): SubscriptionStatus {
    if (this.#hasEnded) return 'closed';
    return this.#listening?.status ?? 'connecting';
  }

  get state(): TopicState {
    const unheard = { lastHeartbeatAt: undefined, lastMessageAt: undefined, lastCursor: undefined };
    return { ...(this.#listening?.state ?? unheard), status: this.status };
  }

  get states(): Observable<TopicState> {
    const shared: Observable<TopicState> = this.#listening?.states ?? of(this.state);
    const atTheEnd = defer(() => of(this.state));
    return concat(shared.pipe(takeUntil(from(this.ended))), atTheEnd).pipe(
      map(() => this.state),
      distinctUntilChanged(isSameState),
    );
  }

  async unsubscribe(): Promise<void> {
    this.#listening?.stop();
  }

  /** It stands. */
  begin(listening: Listening): this {
    this.#listening = listening;
    return this;
  }

  end(): void {
    this.#hasEnded = true;
    this.#end();
  }
}
