import type { TopicSubscribe } from '@gomomento/sdk';
import { distinctUntilChanged, map, type Observable, startWith, Subject } from 'rxjs';
import {
  isLiveSubscription,
  statusOf,
  type SubscriptionStatus,
} from '../../clients/streams/listeners/subscription-handle.js';
import type { Cursor } from '../../clients/streams/topic-position.js';
import { textOf } from '../definitions/topic-message.js';
import type { TopicState } from '../definitions/topic.options.js';
import { type CommonSubscription, LateListeners } from './late-listeners.js';
import { type RecentItem, RecentItems } from './recent-items.js';
import { subscribeTo, type SubscribingOptions, type SubscriptionEvents } from './subscribing.js';
import type { TopicListener } from './topic-listener.js';
import { isSameState } from './topic-state.js';

type Subscription = TopicSubscribe.Subscription;

/** The first one answers, and comes before what was missed; the next one comes behind. */
const heartbeatsUntilLive = 2;
const lost: readonly SubscriptionStatus[] = ['reconnecting', 'failed'];

export interface SharedTopicOptions extends SubscribingOptions {
  /** How long it is kept after its last listener, in milliseconds. */
  readonly lingerMs: number;
  /** It has ended, or could not be opened: the next listener needs another one. */
  readonly onEnd: () => void;
}

/** One subscription of the SDK for all who listen to a topic in this process. */
export class SharedTopic {
  readonly #options: SharedTopicOptions;
  readonly #listeners = new Set<TopicListener>();
  readonly #recent: RecentItems;
  readonly #late: LateListeners;
  readonly #beganBehind: boolean;
  readonly #opening: Promise<Subscription>;
  /** Aborted when nobody waits for it to open. */
  readonly #unwanted = new AbortController();
  #subscription: Subscription | undefined;
  #linger: NodeJS.Timeout | undefined;
  /** Says that the state may have changed. */
  readonly #changes = new Subject<void>();
  #heartbeats = 0;
  #lastHeartbeatAt: Date | undefined;
  #lastMessageAtMs: number | undefined;
  #isGapped = false;
  #hasEnded = false;

  /** @param after where the first listener begins */
  constructor(options: SharedTopicOptions, after: Cursor | undefined) {
    this.#options = options;
    this.#recent = new RecentItems(after);
    this.#beganBehind = after !== undefined;
    this.#late = new LateListeners(this.#toLate());
    this.#opening = this.#open(after);
    this.#opening.catch(() => undefined);
  }

  get status(): SubscriptionStatus {
    // Late listeners outlive one that was refused.
    if (this.#hasEnded) return this.#late.status;
    if (this.#subscription === undefined) return 'connecting';
    return statusOf(this.#subscription);
  }

  /** How many streams it has had: with the next one something may have been lost. */
  get streams(): number {
    const subscription = this.#subscription;
    return subscription !== undefined && isLiveSubscription(subscription) ? subscription.streams : 0;
  }

  get state(): TopicState {
    const { last } = this.#recent;
    return {
      status: this.status,
      lastHeartbeatAt: this.#lastHeartbeatAt,
      lastMessageAt: this.#lastMessageAtMs === undefined ? undefined : new Date(this.#lastMessageAtMs),
      lastCursor: last && textOf(last),
    };
  }

  /** The state now, and again with each change of the status and each heartbeat; completes at the end. */
  get states(): Observable<TopicState> {
    return this.#changes.pipe(
      startWith(undefined),
      map(() => this.state),
      distinctUntilChanged(isSameState),
    );
  }

  /** The app shuts down: only who wants to hear until the end is told anything. */
  close(): void {
    const listeners = [...this.#listeners];
    for (const listener of listeners) listener.close();
    if (listeners.every(({ isOver }) => isOver)) this.#unwanted.abort();
    this.#late.close();
  }

  /**
   * @param after where it begins, when that is behind
   * @returns once the subscription stands; what ends the listener's part in it
   * @throws MomentoTopicError
   */
  async add(listener: TopicListener, after: Cursor | undefined): Promise<() => void> {
    clearTimeout(this.#linger);
    const missed = after === undefined ? this.#missedByNobody() : this.#recent.behind(after);
    try {
      if (missed === undefined) await this.#late.add(listener, after);
      else await this.#join(listener, missed);
    } catch (error) {
      this.#closeUnlessUsed();
      throw error;
    }
    return () => {
      this.#late.remove(listener);
      this.#remove(listener);
    };
  }

  async #join(listener: TopicListener, missed: readonly RecentItem[]): Promise<void> {
    for (const { item, cursor } of missed) listener.item(item, cursor);
    this.#listeners.add(listener);
    await this.#opening;
  }

  /**
   * While it brings what its first listener missed, it is not for those who begin with the next message; nor while it is lost and
   * does not know where to go on, because the next message may be lost as well.
   */
  #missedByNobody(): [] | undefined {
    const catchesUp = this.#beganBehind && this.#heartbeats < heartbeatsUntilLive;
    const isLost = this.#recent.last === undefined && lost.includes(this.status);
    return catchesUp || isLost ? undefined : [];
  }

  /** As those see it who are on their way to it. */
  #toLate(): CommonSubscription {
    const progress = () => (this.#recent.hasHeard && !this.#hasEnded ? this.#recent : undefined);
    return {
      get progress() {
        return progress();
      },
      take: (listeners) => {
        for (const listener of listeners) this.#listeners.add(listener);
      },
      subscribe: (events, after, unwanted) => subscribeTo(this.#options, events, after, unwanted),
    };
  }

  async #open(after: Cursor | undefined): Promise<Subscription> {
    const events: SubscriptionEvents = {
      item: (item, cursor) => {
        this.#recent.add(item, cursor);
        this.#lastMessageAtMs = Date.now();
        for (const listener of this.#listeners) listener.item(item, cursor);
        if (this.#isGapped) this.#noteGap(false);
      },
      gap: (gap) => {
        this.#recent.skip(gap);
        for (const listener of this.#listeners) listener.gap(gap);
        this.#noteGap(true);
      },
      lost: () => {
        for (const listener of this.#listeners) listener.lost();
      },
      heartbeat: () => {
        this.#heartbeats += 1;
        this.#lastHeartbeatAt = new Date();
        this.#changes.next();
      },
      over: () => this.#end(),
    };
    try {
      const subscription = await subscribeTo(this.#options, events, after, this.#unwanted.signal);
      this.#subscription = subscription;
      if (isLiveSubscription(subscription)) {
        void subscription.ended.then(() => this.#end());
        subscription.changes.subscribe(() => this.#changes.next());
      }
      this.#changes.next();
      return subscription;
    } catch (error) {
      // Who wanted to listen is told by the rejection.
      this.#listeners.clear();
      this.#end();
      throw error;
    }
  }

  #noteGap(isGapped: boolean): void {
    this.#isGapped = isGapped;
    this.#changes.next();
  }

  #remove(listener: TopicListener): void {
    this.#listeners.delete(listener);
    listener.end();
    this.#closeUnlessUsed();
  }

  #closeUnlessUsed(): void {
    if (this.#listeners.size + this.#late.size > 0 || this.#hasEnded) return;
    clearTimeout(this.#linger);
    const isOurs = this.#subscription !== undefined && isLiveSubscription(this.#subscription);
    // One of another client does not hear when the app shuts down.
    if (!isOurs) return this.#close();
    this.#linger = setTimeout(() => this.#close(), this.#options.lingerMs).unref();
  }

  #close(): void {
    if (this.#listeners.size + this.#late.size > 0) return;
    this.#subscription?.unsubscribe();
    this.#end();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#linger);
    this.#options.onEnd();
    for (const listener of this.#listeners) this.#remove(listener);
    this.#changes.next();
    this.#changes.complete();
  }
}
