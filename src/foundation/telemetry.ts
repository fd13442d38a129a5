/** What tells another system how a connection is used, as `openTelemetry()` of `nestjs-momento/telemetry` gives it. */
export interface MomentoTelemetry {
  /** Called once for each connection that is made. @internal */
  begin(connectionName: string): ConnectionTelemetry;
}

/** A call of an SDK client, as its caller made it. */
export interface SdkCall {
  /** The client's method, such as `get` or `getBatch`; of a leaderboard, such as `leaderboard.fetchByRank`. */
  readonly method: string;
  /** Most begin with the name of a cache, and a key, a list of keys or one of items. Callers without types give anything. */
  readonly args: readonly unknown[];
}

/** Where a topic is. */
export interface TopicPlace {
  readonly cacheName: string;
  readonly topic: string;
}

/** A message on its way to a handler. */
export interface ArrivedMessage extends TopicPlace {
  /** `"page:number"`. */
  readonly cursor: string;
}

/** A message as it is sent, by its codec. */
type Sent = string | Uint8Array;

/** A message without its envelope. */
export interface OpenedMessage {
  readonly value: Sent;
  /** Where it comes from, to be given to `link`; undefined: nobody said it. */
  readonly origin: object | undefined;
}

/** What the caches of a connection count; of each since the connection was made. */
export interface CacheFigures {
  readonly cacheName: string;
  readonly nearHits: number;
  readonly hits: number;
  readonly stale: number;
  readonly misses: number;
  readonly joined: number;
  readonly loads: number;
  readonly loadFailures: number;
  readonly savedRequests: number;
  readonly estimatedOperations: number;
  readonly nearItems: number;
  readonly nearBytes: number;
  readonly pendingEvictions: number;
}

interface HandlerFigures extends TopicPlace {
  /** Class and method. */
  readonly handler: string;
  readonly dropped: number;
  readonly waiting: number;
}

interface KeyFigures {
  readonly generation: number;
  readonly ageSeconds?: number;
  readonly expiresAt?: Date;
}

/** What is asked for its figures each time that metrics are collected. None of them throws. */
export interface TelemetrySources {
  readonly caches?: () => readonly CacheFigures[];
  readonly breaker?: () => 'closed' | 'open' | 'half-open';
  readonly handlers?: () => readonly HandlerFigures[];
  readonly key?: () => KeyFigures;
}

/**
 * What a connection tells of its doings. Whatever becomes of that, work is done once, and its outcome is the work's own: nothing here
 * throws or rejects by itself.
 */
export interface ConnectionTelemetry {
  /** Around a call to a cache, its repeat with another key included. */
  call<T>(call: SdkCall, work: () => Promise<T>): Promise<T>;
  /** Around each request that the SDK makes for `call` or `publish`. */
  request<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Around the sending of a message.
   *
   * @param maxBytes how long the message may be; one that would be longer in an envelope is sent without
   * @param send given the message, in its envelope where it has one
   */
  publish<T>(
    place: TopicPlace,
    message: Sent,
    maxBytes: number,
    send: (message: Sent) => Promise<T>,
  ): Promise<T>;
  /** A message has arrived in this process, for however many listeners. */
  received(place: TopicPlace): void;
  /** Takes a message out of its envelope. Undefined where messages are sent without. */
  readonly open: ((sent: Sent) => OpenedMessage) | undefined;
  /** Remembers where a message comes from, until it is handled. */
  link(message: object, origin: object): void;
  /** Around a handler of messages. */
  process<T>(message: ArrivedMessage, work: () => T | Promise<T>): Promise<T>;
  /** Asks these, too, from now on until it is closed. */
  observe(sources: TelemetrySources): void;
  /** Asks nobody any more. */
  close(): void;
}
