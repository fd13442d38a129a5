import type {
  SubscribeCallOptions,
  TopicClient,
  TopicDiscontinuity,
  TopicItem,
  TopicSubscribe,
} from '@gomomento/sdk';
import { distinctUntilChanged, map, type Observable, startWith, Subject } from 'rxjs';
import { callMomento } from '../../clients/sdk/sdk-answer.js';
import {
  isLiveSubscription,
  type SubscriptionStatus,
} from '../../clients/streams/listeners/subscription-handle.js';
import { beginningBehind, cursorOf, gapOf } from '../../clients/streams/stream-events.js';
import { type Cursor, isBehind } from '../../clients/streams/topic-position.js';
import { type MomentoOperation, MomentoTopicError } from '../../foundation/momento.errors.js';
import { textOf } from '../definitions/topic-message.js';
import type { TopicState } from '../definitions/topic.options.js';
import { RecentItems } from './recent-items.js';
import type { TopicListener } from './topic-listener.js';

type Subscription = TopicSubscribe.Subscription;

export interface SharedTopicOptions {
  readonly client: TopicClient;
  readonly operation: MomentoOperation;
  /** How long it is kept after its last listener, in milliseconds. */
  readonly lingerMs: number;
  /** An error of a stream of a client that is not this library's, which says so by itself. */
  readonly onStreamError: (error: MomentoTopicError) => void;
  /** It has ended, or could not be opened: the next listener needs another one. */
  readonly onEnd: () => void;
}

/** One subscription of the SDK for all who listen to a topic in this process. */
export class SharedTopic {
  readonly #options: SharedTopicOptions;
  readonly #listeners = new Set<TopicListener>();
  readonly #recent = new RecentItems();
  readonly #opening: Promise<Subscription>;
  #subscription: Subscription | undefined;
  #linger: NodeJS.Timeout | undefined;
  #last: Cursor | undefined;
  /** Says that the state may have changed. */
  readonly #changes = new Subject<void>();
  #lastHeartbeatAt: Date | undefined;
  #lastMessageAt: number | undefined;
  #isGapped = false;
  #hasEnded = false;

  /** @param after where the first listener begins */
  constructor(options: SharedTopicOptions, after: Cursor | undefined) {
    this.#options = options;
    this.#last = after;
    this.#opening = this.#open(after);
    this.#opening.catch(() => undefined);
  }

  get status(): SubscriptionStatus {
    if (this.#hasEnded) return 'closed';
    if (this.#subscription === undefined) return 'connecting';
    return statusOf(this.#subscription);
  }

  /** How many streams it has had: with the next one something may have been lost. */
  get streams(): number {
    const subscription = this.#subscription;
    return subscription !== undefined && isLiveSubscription(subscription) ? subscription.streams : 0;
  }

  get state(): TopicState {
    return {
      status: this.status,
      lastHeartbeatAt: this.#lastHeartbeatAt,
      lastMessageAt: this.#lastMessageAt === undefined ? undefined : new Date(this.#lastMessageAt),
      lastCursor: this.#last && textOf(this.#last),
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
    for (const listener of this.#listeners) listener.close();
  }

  /**
   * @param after where it begins, when that is behind
   * @returns once the subscription stands; what ends the listener's part in it
   * @throws MomentoTopicError
   */
  async add(listener: TopicListener, after: Cursor | undefined): Promise<() => void> {
    clearTimeout(this.#linger);
    // Of one that has heard nothing yet it is not known what was published before.
    const isMissing = after !== undefined && (this.#last === undefined || isBehind(after, this.#last));
    const missed = isMissing ? this.#recent.behind(after) : [];
    if (missed === undefined && after !== undefined) return this.#catchUp(listener, after);
    for (const { item, cursor } of missed ?? []) listener.item(item, cursor);
    this.#listeners.add(listener);
    await this.#opening;
    return () => this.#remove(listener);
  }

  /** Listens by a subscription of its own, until that has come as far as the one for all. */
  async #catchUp(listener: TopicListener, after: Cursor): Promise<() => void> {
    let own: Subscription | undefined;
    let hasLeft = false;
    const callbacks = this.#callbacks(
      (item, cursor) => {
        listener.item(item, cursor);
        if (hasLeft || this.#last === undefined || isBehind(cursor, this.#last)) return;
        hasLeft = true;
        this.#listeners.add(listener);
        own?.unsubscribe();
      },
      (discontinuity) => tellGap(listener, discontinuity),
    );
    own = await this.#subscribe(beginningBehind(after, callbacks));
    // It came as far before it was known.
    if (hasLeft) own.unsubscribe();
    else if (isLiveSubscription(own)) void own.ended.then(() => (hasLeft ? undefined : listener.end()));
    return () => {
      hasLeft = true;
      own.unsubscribe();
      this.#remove(listener);
    };
  }

  async #open(after: Cursor | undefined): Promise<Subscription> {
    const callbacks = this.#callbacks(
      (item, cursor) => {
        this.#last = cursor;
        this.#lastMessageAt = Date.now();
        this.#recent.add(item, cursor);
        for (const listener of this.#listeners) listener.item(item, cursor);
        if (this.#isGapped) this.#noteGap(false);
      },
      (discontinuity) => {
        for (const listener of this.#listeners) tellGap(listener, discontinuity);
        this.#noteGap(true);
      },
    );
    callbacks.onHeartbeat = () => {
      this.#lastHeartbeatAt = new Date();
      this.#changes.next();
    };
    callbacks.onConnectionLost = () => {
      for (const listener of this.#listeners) listener.lost();
    };
    try {
      const subscription = await this.#subscribe(
        after === undefined ? callbacks : beginningBehind(after, callbacks),
      );
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

  #subscribe(callbacks: SubscribeCallOptions): Promise<Subscription> {
    const { client, operation } = this.#options;
    const { cacheName, target = '' } = operation;
    return callMomento(operation, client.subscribe(cacheName, target, callbacks), MomentoTopicError);
  }

  #callbacks(
    onItem: (item: TopicItem, cursor: Cursor) => void,
    onDiscontinuity: (discontinuity: TopicDiscontinuity) => void,
  ): SubscribeCallOptions {
    const { operation, onStreamError } = this.#options;
    return {
      onItem: (item) => onItem(item, cursorOf(item)),
      onDiscontinuity,
      onError: (error, subscription) => {
        if (!isLiveSubscription(subscription))
          onStreamError(MomentoTopicError.fromSdk(operation, error.innerException()));
      },
    };
  }

  #noteGap(isGapped: boolean): void {
    this.#isGapped = isGapped;
    this.#changes.next();
  }

  #remove(listener: TopicListener): void {
    this.#listeners.delete(listener);
    listener.end();
    if (this.#listeners.size > 0 || this.#hasEnded) return;
    clearTimeout(this.#linger);
    const isOurs = this.#subscription !== undefined && isLiveSubscription(this.#subscription);
    // One of another client does not hear when the app shuts down.
    if (!isOurs) return this.#close();
    this.#linger = setTimeout(() => this.#close(), this.#options.lingerMs).unref();
  }

  #close(): void {
    if (this.#listeners.size > 0) return;
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

function statusOf(subscription: Subscription): SubscriptionStatus {
  if (isLiveSubscription(subscription)) return subscription.status;
  return subscription.isSubscribed ? 'live' : 'closed';
}

/** Whether nothing that is told has changed. */
export function isSameState(former: TopicState, latter: TopicState): boolean {
  return former.status === latter.status && former.lastHeartbeatAt === latter.lastHeartbeatAt;
}

function tellGap(listener: TopicListener, discontinuity: TopicDiscontinuity): void {
  const gap = gapOf(discontinuity);
  if (gap === undefined) listener.lost();
  else listener.gap(gap);
}
