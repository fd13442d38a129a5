export interface TopicCallOptions {
  /** The cache that the topic belongs to. @default the connection's `cacheName` */
  readonly cacheName?: string;
}

/** One message, as a handler gets it. */
export interface TopicMessage<T> {
  readonly value: T;
  readonly topic: string;
  readonly cacheName: string;
  /** Counts a topic's messages from 1, by 1. */
  readonly sequenceNumber: number;
  /** The token id of the publisher, when it published with a disposable token that has one. */
  readonly publisherId?: string;
  /** When this process received it. */
  readonly receivedAt: Date;
}

export type TopicHandler<T> = (message: TopicMessage<T>) => void | Promise<void>;

export interface TopicSubscription {
  /** Ends it; no handler is called afterwards. Calling it again does nothing. */
  unsubscribe(): Promise<void>;
}
