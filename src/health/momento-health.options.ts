/** What `MomentoHealthIndicator.isHealthy` asks for. */
export interface MomentoHealthOptions {
  /** The connection's name. @default the one without a name */
  readonly connection?: string | undefined;
  /** The cache that is asked. @default the connection's `cacheName` */
  readonly cacheName?: string | undefined;
  /** How long Momento may take to answer, in milliseconds, more than 0. @default 1_000 */
  readonly timeoutMs?: number | undefined;
  /**
   * When a key counts as stale that its source has not confirmed for so long, in seconds, more than 0.
   *
   * @default 900, three intervals, unless the source is never asked again
   */
  readonly staleAfterSeconds?: number | undefined;
  /** Also says where the key comes from, Momento's host, and what went wrong in words. For an endpoint that not everybody sees. */
  readonly verbose?: boolean | undefined;
}

/** Beside Terminus' `status`. None of it is secret; what tells of the set-up is there with `verbose` alone. */
export interface MomentoHealth extends Record<string, unknown> {
  /** Why it is down: the code of the error, such as `TIMEOUT_ERROR`, or `no-answer-in-time`. */
  readonly reason?: string;
  /** It is up, and the key has not been confirmed for `staleAfterSeconds`, or a subscription is refused again and again. */
  readonly degraded?: true;
  /** How long Momento took to answer, in milliseconds. */
  readonly answeredAfterMs?: number;
  readonly key?: {
    readonly versionId?: string;
    /** Counts the keys used so far. */
    readonly generation: number;
    /** Since its source confirmed it. */
    readonly ageSeconds?: number;
  };
  /** Whether `getOrSet` asks Momento at all. */
  readonly breaker?: 'closed' | 'open' | 'half-open';
  /** How many topics are listened to, and how many of them are refused again and again. */
  readonly subscriptions?: { readonly total: number; readonly failed: number };
  /** What the near cache of this process keeps. */
  readonly nearCache?: { readonly items: number; readonly bytes: number };
  readonly verbose?: {
    readonly source?: string;
    readonly endpoint?: string;
    /** Why the source was last asked in vain. */
    readonly lastError?: string;
    /** Why it is down. */
    readonly error?: string;
  };
}
