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
}

/** Where a client finds the server: the SDK's endpoint overrides. */
export interface MomentoLocalEndpoints {
  readonly cacheEndpoint: string;
  readonly controlEndpoint: string;
  readonly tokenEndpoint: string;
  readonly secureConnection: false;
}
