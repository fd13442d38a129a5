/** How a {@link MomentoLocal} is started. */
export interface MomentoLocalOptions {
  /** TCP port; 0, the default, takes a free one. */
  readonly port?: number;
  /** Address to listen on; default `127.0.0.1`. */
  readonly hostname?: string;
  /** Caches that exist from the start. */
  readonly caches?: readonly string[];
  /** Create a cache when a request names one that does not exist; default false: such a request fails, as at Momento. */
  readonly autoCreateCaches?: boolean;
  /** The clock that TTLs, topic history and keys follow, in milliseconds since 1970; default `Date.now`. */
  readonly now?: () => number;
  /** Milliseconds between two heartbeats of a subscription; default 1000. */
  readonly heartbeatIntervalMs?: number;
  /** Seconds for which a topic's messages can be resumed from; default 5, as at Momento. */
  readonly topicHistorySeconds?: number;
  /**
   * Most bytes that one cache may hold: items, the messages and names of topics, and leaderboards. Beyond, messages that wait to be
   * resumed from go first, then the least recently used items; leaderboards that alone would take more are refused. Default no limit:
   * then an item goes when it expires.
   */
  readonly maxBytes?: number;
  /**
   * `'documented'`: also the limits on rates, counts, message sizes and TTLs that Momento documents for an account without a support
   * plan. By default only those on the sizes of items and elements are enforced.
   */
  readonly limits?: 'documented';
}

/** Where a client finds the server: the SDK's endpoint overrides. */
export interface MomentoLocalEndpoints {
  readonly cacheEndpoint: string;
  readonly controlEndpoint: string;
  readonly tokenEndpoint: string;
  readonly secureConnection: false;
}
