import type { SubscribeCallOptions, TopicClient, TopicItem, TopicSubscribe } from '@gomomento/sdk';
import { distinctUntilChanged, map, type Observable, startWith, Subject } from 'rxjs';
import { callMomento } from '../../clients/sdk/sdk-answer.js';
import {
  isLiveSubscription,
  type SubscriptionStatus,
} from '../../clients/streams/listeners/subscription-handle.js';
import { beginningBehind, cursorOf, gapOf, wantedUntil } from '../../clients/streams/stream-events.js';
import { type Cursor, isBehind, type StreamGap } from '../../clients/streams/topic-position.js';
import { type MomentoOperation, MomentoTopicError } from '../../foundation/momento.errors.js';
import { textOf } from '../definitions/topic-message.js';
import type { TopicState } from '../definitions/topic.options.js';
import { CatchUp } from './catch-up.js';
import { RecentItems } from './recent-items.js';
import type { TopicListener } from './topic-listener.js';
import { isSameState, statusOf } from './topic-state.js';

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
  readonly #catchingUp = new Set<CatchUp>();
  readonly #recent = new RecentItems();
  readonly #opening: Promise<Subscription>;
  /** Aborted when nobody waits for it to open. */
  readonly #unwanted = new AbortController();
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
    const listeners = [...this.#listeners];
    for (const listener of [...listeners, ...this.#catchingUp]) listener.close();
    if (listeners.every(({ isOver }) => isOver)) this.#unwanted.abort();
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
    const catchUp = new CatchUp(listener, (one, cursor) => {
      const isBehindOthers = this.#last === undefined || isBehind(cursor, this.#last);
      if (isBehindOthers || this.#hasEnded) return false;
      this.#catchingUp.delete(catchUp);
      this.#listeners.add(one);
      return true;
    });
    this.#catchingUp.add(catchUp);
    const leave = () => {
      this.#catchingUp.delete(catchUp);
      catchUp.leave();
      this.#remove(listener);
    };
    const callbacks = this.#callbacks(
      (item, cursor) => catchUp.item(item, cursor),
      (gap) => catchUp.gap(gap),
    );
    try {
      catchUp.begin(await this.#subscribe(beginningBehind(after, callbacks), catchUp.unwanted));
    } catch (error) {
      this.#catchingUp.delete(catchUp);
      this.#closeLater();
      throw error;
    }
    return leave;
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
      (gap) => {
        for (const listener of this.#listeners) listener.gap(gap);
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
        this.#unwanted.signal,
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

  #subscribe(callbacks: SubscribeCallOptions, unwanted: AbortSignal): Promise<Subscription> {
    const { client, operation } = this.#options;
    const { cacheName, target = '' } = operation;
    const answer = client.subscribe(cacheName, target, wantedUntil(unwanted, callbacks));
    return callMomento(operation, answer, MomentoTopicError);
  }

  #callbacks(
    onItem: (item: TopicItem, cursor: Cursor) => void,
    onGap: (gap: StreamGap) => void,
  ): SubscribeCallOptions {
    const { operation, onStreamError } = this.#options;
    return {
      onItem: (item) => onItem(item, cursorOf(item)),
      onDiscontinuity: (discontinuity) => {
        const gap = gapOf(discontinuity);
        if (gap !== undefined) onGap(gap);
      },
      onError: (error, subscription) => {
        if (!isLiveSubscription(subscription))
          onStreamError(MomentoTopicError.fromSdk(operation, error.innerException()));
      },
    };
  }

  get #isHeard(): boolean {
    return this.#listeners.size + this.#catchingUp.size > 0;
  }

  #noteGap(isGapped: boolean): void {
    this.#isGapped = isGapped;
    this.#changes.next();
  }

  #remove(listener: TopicListener): void {
    this.#listeners.delete(listener);
    listener.end();
    this.#closeLater();
  }

  /** When nobody has come back by then. */
  #closeLater(): void {
    if (this.#isHeard || this.#hasEnded) return;
    clearTimeout(this.#linger);
    const isOurs = this.#subscription !== undefined && isLiveSubscription(this.#subscription);
    // One of another client does not hear when the app shuts down.
    if (!isOurs) return this.#close();
    this.#linger = setTimeout(() => this.#close(), this.#options.lingerMs).unref();
  }

  #close(): void {
    if (this.#isHeard) return;
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
