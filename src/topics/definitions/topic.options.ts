import type { Observable } from 'rxjs';
import type { SubscriptionStatus } from '../../clients/streams/listeners/subscription-handle.js';
import type { MomentoCodec } from '../../foundation/momento.codecs.js';

export interface TopicCallOptions {
  /** The cache that the topic belongs to. @default the connection's `cacheName` */
  readonly cacheName?: string;
}

/** A place in a topic: the page and the sequence number of a message, as `"page:number"`. */
export type TopicCursor = `${number}:${number}`;

/** Messages that were published while the subscription was away for longer than Momento holds them. */
export interface TopicGap {
  readonly topic: string;
  readonly cacheName: string;
  /** The last message before the gap. */
  readonly from: TopicCursor;
  /** The last message of the gap: what follows arrives. */
  readonly to: TopicCursor;
  /** How many messages were lost; not known when Momento began the topic anew. */
  readonly missed?: number;
}

/** A gap among the messages of an observable or a stream, where gaps are asked for. */
export interface TopicGapEvent extends TopicGap {
  readonly kind: 'gap';
}

export interface TopicListenOptions extends TopicCallOptions {
  /**
   * Begins behind this message instead of with the next one. What Momento no longer holds, for about five seconds, is a gap.
   */
  readonly after?: TopicCursor | undefined;
}

export interface TopicObserveOptions extends TopicListenOptions {
  /** Whether gaps come among the messages, as `{ kind: 'gap', … }`; else they are logged. @default false */
  readonly gaps?: boolean | undefined;
}

export interface TopicStreamOptions extends TopicObserveOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined;
  /** How many messages wait to be taken, 1 or more; then the oldest go, which is a gap. @default 1,000 */
  readonly bufferSize?: number | undefined;
}

export interface TopicSseOptions extends TopicCallOptions {
  /** What the browser came back with, in the header `Last-Event-ID`: it gets what it missed, as far as Momento holds it. */
  readonly lastEventId?: string | undefined;
}

export interface TopicSubscribeOptions extends TopicListenOptions {
  /** Called once for each gap, before the messages behind it. Without it, a gap is logged. */
  readonly onGap?: (gap: TopicGap) => void | Promise<void>;
  /**
   * Whether messages still come while the app shuts down, until its connections close: for answers that work waits for which is to
   * end first. @default false, nothing comes from the beginning of the shutdown
   */
  readonly untilClosed?: boolean | undefined;
}

/** One message, as a handler gets it. */
export interface TopicMessage<T> {
  readonly value: T;
  readonly topic: string;
  readonly cacheName: string;
  /** Where the message stands in its topic: `sequencePage` and `sequenceNumber`. */
  readonly cursor: TopicCursor;
  /** Counts a topic's messages from 1, by 1. */
  readonly sequenceNumber: number;
  /** Larger each time that Momento begins the topic anew, and counts from 1 again. */
  readonly sequencePage: number;
  /** The token id of the publisher, when it published with a disposable token that has one. */
  readonly publisherId?: string;
  /** When this process received it. */
  readonly receivedAt: Date;
}

/** Where a message stands and whom it is from: what is known of it, whether or not it can be read. */
export type TopicMessageContext = Omit<TopicMessage<unknown>, 'value'>;

export type TopicHandler<T> = (message: TopicMessage<T>) => void | Promise<void>;

/** How the subscription to a topic is, which all who listen to the topic in this process share. */
export interface TopicState {
  readonly status: SubscriptionStatus;
  /** When Momento last said that the stream is alive, about every 10 s; undefined: not yet. */
  readonly lastHeartbeatAt: Date | undefined;
  /** When the last message arrived; undefined: none has. */
  readonly lastMessageAt: Date | undefined;
  /** Where the last message stands. */
  readonly lastCursor: TopicCursor | undefined;
}

export interface TopicSubscription {
  /**
   * How it is at the moment: `connecting`, `live`, `reconnecting`, `gapped` (live, and the last thing that came was a
   * gap), `failed` (refused five times in a row, and still tried) or `closed`.
   */
  readonly status: SubscriptionStatus;
  /** The status, with when something was last heard. */
  readonly state: TopicState;
  /** The state now, and again with each change of the status and each heartbeat; completes when the subscription has ended. */
  readonly states: Observable<TopicState>;
  /** Resolves when it has ended: unsubscribed, or the app shut down. Never rejects. */
  readonly ended: Promise<void>;
  /** Ends it; no handler is called afterwards. Calling it again does nothing. */
  unsubscribe(): Promise<void>;
}

/** How the topics of a connection are written, where a topic does not say it. */
export interface TopicsOptions {
  /** @default jsonCodec */
  readonly codec?: MomentoCodec | undefined;
  /** Longer messages are refused before they are sent, in bytes, more than 0. @default 4,096, Momento's documented limit */
  readonly maxMessageBytes?: number | undefined;
  /**
   * Whether the app's global guards, interceptors, pipes and filters also stand around `@OnTopic` handlers; those of HTTP mostly
   * cannot. @default false
   */
  readonly globalEnhancers?: boolean | undefined;
}
