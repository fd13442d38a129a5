/** With what a {@link MomentoLocal} speaks TLS. */
export interface MomentoLocalTls {
  /** The private key, as PEM. */
  readonly key: string | Buffer;
  /** Its certificate, and those between it and what clients trust, as PEM. */
  readonly cert: string | Buffer;
  /**
   * The host that issued keys and {@link MomentoLocal.endpoints} name, as a region's endpoint in production: clients put `cache.`,
   * `control.` and `token.` before it, so these three names must lead here and stand in the certificate. Default none: the hosts are
   * all `hostname`.
   */
  readonly endpointHost?: string;
}

/** How a {@link MomentoLocal} is started. */
export interface MomentoLocalOptions {
  /** TCP port; 0, the default, takes a free one. */
  readonly port?: number;
  /** Address to listen on; default `127.0.0.1`. */
  readonly hostname?: string;
  /** Speak TLS, as Momento does; by default connections are in the clear. */
  readonly tls?: MomentoLocalTls;
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
  /** Whether over TLS. */
  readonly secureConnection: boolean;
}
