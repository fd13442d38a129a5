import type { TopicSubscribe } from '@gomomento/sdk';
import {
  isLiveSubscription,
  statusOf,
  type SubscriptionStatus,
} from '../../clients/streams/listeners/subscription-handle.js';
import { type Cursor, isBehind } from '../../clients/streams/topic-position.js';
import { RecentItems } from './recent-items.js';
import type { SubscriptionEvents } from './subscribing.js';
import type { TopicListener } from './topic-listener.js';

/** The one subscription for all. */
export interface CommonSubscription {
  /** How far it has come; undefined when it has heard nothing yet, or has ended. */
  readonly progress: RecentItems | undefined;
  /** Takes these listeners over: they are as far as it is, or farther. */
  take(listeners: Iterable<TopicListener>): void;
  /** Another subscription to the same topic. @throws MomentoTopicError */
  subscribe(
    events: SubscriptionEvents,
    after: Cursor | undefined,
    unwanted: AbortSignal,
  ): Promise<TopicSubscribe.Subscription>;
}

/**
 * Those who cannot begin with the one subscription for all, because it has gone too far for them, or still catches up with what they
 * did not ask for. They have subscriptions beside it until these have come as far.
 */
export class LateListeners {
  readonly #common: CommonSubscription;
  readonly #subscriptions = new Set<LateSubscription>();

  constructor(common: CommonSubscription) {
    this.#common = common;
  }

  /** How many subscriptions there are. */
  get size(): number {
    return this.#subscriptions.size;
  }

  /** Of those who have no other subscription. */
  get status(): SubscriptionStatus {
    const [first] = this.#subscriptions;
    return first?.status ?? 'closed';
  }

  /** @returns once its subscription stands @throws MomentoTopicError */
  async add(listener: TopicListener, after: Cursor | undefined): Promise<void> {
    for (const subscription of this.#subscriptions)
      if (subscription.takes(listener, after)) return subscription.opened;
    const subscription: LateSubscription = new LateSubscription(this.#common, listener, after, () =>
      this.#subscriptions.delete(subscription),
    );
    this.#subscriptions.add(subscription);
    await subscription.opened;
  }

  /** The app shuts down. */
  close(): void {
    for (const subscription of this.#subscriptions) subscription.close();
  }

  remove(listener: TopicListener): void {
    for (const subscription of this.#subscriptions) subscription.remove(listener);
  }
}

/** A subscription on its way to the one for all. */
class LateSubscription {
  readonly opened: Promise<void>;
  readonly #common: CommonSubscription;
  readonly #listeners = new Set<TopicListener>();
  readonly #progress: RecentItems;
  /** Who begins with the next message must not be told what others asked for. */
  readonly #beganWithNext: boolean;
  readonly #onOver: () => void;
  readonly #movesOfCommon: number;
  /** Aborted when it need not be opened any more. */
  readonly #unwanted = new AbortController();
  #subscription: TopicSubscribe.Subscription | undefined;
  #isOver = false;

  constructor(
    common: CommonSubscription,
    first: TopicListener,
    after: Cursor | undefined,
    onOver: () => void,
  ) {
    this.#common = common;
    this.#listeners.add(first);
    this.#progress = new RecentItems(after);
    this.#beganWithNext = after === undefined;
    this.#onOver = onOver;
    this.#movesOfCommon = common.progress?.moves ?? 0;
    this.opened = this.#open(after);
    this.opened.catch(() => undefined);
  }

  get status(): SubscriptionStatus {
    return this.#subscription === undefined ? 'connecting' : statusOf(this.#subscription);
  }

  /** Takes the listener, if it can begin here. @returns whether it does */
  takes(listener: TopicListener, after: Cursor | undefined): boolean {
    const missed = after === undefined ? [] : this.#progress.behind(after);
    if (missed === undefined || (after === undefined && !this.#beganWithNext)) return false;
    for (const { item, cursor } of missed) listener.item(item, cursor);
    this.#listeners.add(listener);
    return true;
  }

  close(): void {
    const listeners = [...this.#listeners];
    for (const listener of listeners) listener.close();
    if (listeners.every(({ isOver }) => isOver)) this.#unwanted.abort();
  }

  remove(listener: TopicListener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#end();
  }

  async #open(after: Cursor | undefined): Promise<void> {
    const events: SubscriptionEvents = {
      item: (item, cursor) => {
        this.#progress.add(item, cursor);
        for (const listener of this.#listeners) listener.item(item, cursor);
        this.#goOver();
      },
      gap: (gap) => {
        this.#progress.skip(gap);
        for (const listener of this.#listeners) listener.gap(gap);
        this.#goOver();
      },
      lost: () => {
        for (const listener of this.#listeners) listener.lost();
      },
      over: () => this.#noteEnd(),
    };
    try {
      const subscription = await this.#common.subscribe(events, after, this.#unwanted.signal);
      this.#subscription = subscription;
      // It came as far before it was known.
      if (this.#isOver) subscription.unsubscribe();
      else if (isLiveSubscription(subscription)) void subscription.ended.then(() => this.#noteEnd());
    } catch (error) {
      // Who wanted to listen is told by the rejection.
      this.#end();
      throw error;
    }
  }

  #goOver(): void {
    const { progress } = this.#common;
    const [at, common] = [this.#progress.last, progress?.last];
    if (this.#isOver || at === undefined || common === undefined || isBehind(at, common)) return;
    if (progress?.moves !== this.#movesOfCommon + this.#progress.moves) return;
    this.#common.take(this.#listeners);
    this.#end();
  }

  #noteEnd(): void {
    if (this.#isOver) return;
    for (const listener of this.#listeners) listener.end();
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listeners.clear();
    this.#subscription?.unsubscribe();
    this.#onOver();
  }
}
