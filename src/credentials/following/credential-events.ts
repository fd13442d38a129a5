import type { Listener } from '../../foundation/events/listeners.js';

/** What is known of a connection's key; holds no part of it. */
export interface CredentialStatus {
  /** The source in one line, such as `secret 'Momento_Auth_Token' in us-west-2`. */
  readonly source: string;
  /** The host of the cache that the key in use is for, with a port where it has one; absent before the first fetch. */
  readonly endpoint?: string;
  /** The version that the source gave with the key in use. */
  readonly versionId?: string;
  /** Counts the keys used so far: 0 before the first fetch, 1 with the first key, one more at each replacement. */
  readonly generation: number;
  /** When the source last confirmed the key in use. */
  readonly fetchedAt?: Date;
  /** Time since then, in seconds. */
  readonly ageSeconds?: number;
  /** When the key ends, where it says so. */
  readonly expiresAt?: Date;
  /** When the source is asked next; absent while it is being asked, and where nothing is planned. */
  readonly nextRefreshAt?: Date;
  /** Why the last fetch failed; absent once one succeeded. */
  readonly lastError?: string;
}

/**
 * - `refreshed`: the source was asked and answered
 * - `rotated`: with another key, which is in use now
 * - `refreshFailed`: it did not answer, or Momento does not accept its key; the key in use stays
 * - `stale`: the key was not confirmed for three intervals; said once until it is
 * - `expiring`: the key in use ends soon and the source has no other; said once a key
 * - `drained`: the last request on a replaced key is done, and its clients are closed
 */
export type CredentialEvent = 'refreshed' | 'rotated' | 'refreshFailed' | 'stale' | 'expiring' | 'drained';

export type CredentialListener = Listener<CredentialStatus>;
