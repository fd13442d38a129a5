import type { Topic } from '../definitions/topic-calls.js';

/** What the holder of a token may do: `both` is subscribe and publish. */
export type TopicTokenPermissions = 'subscribe' | 'publish' | 'both';

interface TopicTokenLife {
  /** For all that the token is for. A holder who may do one thing here and another there needs two tokens. */
  readonly permissions: TopicTokenPermissions;
  /** How long the token is to be accepted, in whole seconds, 1 to 90,000 (25 hours). */
  readonly expiresInSeconds: number;
  /**
   * Who it is for, 1 to 64 characters: subscribers learn it as the `publisherId` of each message that is published with the token.
   * Each has a token of its own, while a token without an id is shared by all who ask for the same.
   */
  readonly tokenId?: string | undefined;
}

/** A token for some topics. */
export interface TopicsTokenRequest extends TopicTokenLife {
  /** By their names, in the connection's `cacheName`, or as they were defined; 1 to 20. */
  readonly topics: readonly Topic[];
  readonly caches?: undefined;
}

/** A token for every topic of some caches. */
export interface CachesTokenRequest extends TopicTokenLife {
  /** By their names; 1 to 20. It is for their topics alone, not for what they store. */
  readonly caches: readonly string[];
  readonly topics?: undefined;
}

export type TopicTokenRequest = TopicsTokenRequest | CachesTokenRequest;

/** What a browser needs to reach Momento by itself; as JSON, `expiresAt` is a text. */
export interface TopicToken {
  /** For `CredentialProvider.fromDisposableToken` of Momento's web SDK. Whoever has it may do what it permits, until it ends. */
  readonly token: string;
  /** The host that the token is for; the token holds it too. */
  readonly endpoint: string;
  readonly expiresAt: Date;
}

/** What the token service shares with its connection. */
export interface TopicTokenContext {
  /** For errors. */
  readonly connectionName: string;
  /** Aborted when calls are refused. */
  readonly signal: AbortSignal;
  /** Counts the keys that the connection has had. */
  readonly keyGeneration: () => number;
}
