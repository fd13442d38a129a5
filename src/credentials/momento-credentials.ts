import { printed, printing } from '../foundation/text/printed.js';
import type { CredentialEvent, CredentialListener, CredentialStatus } from './following/credential-events.js';
import type { KeyFollower } from './following/key-follower.js';

/**
 * What the key comes from, for who stands on the same key; undefined of something else that took the place of the credentials.
 *
 * @internal
 */
export let followerOf: (credentials: MomentoCredentials) => KeyFollower | undefined;

/**
 * What an app sees of its connection's key: its state, and a way to have the source asked now, for instance from an
 * EventBridge rotation event. The key itself is nowhere to be seen, and nothing of the library stands on this object: a test
 * may replace it by any other.
 */
export class MomentoCredentials {
  readonly #follower: KeyFollower;

  static {
    followerOf = (credentials) => (#follower in credentials ? credentials.#follower : undefined);
  }

  /** @internal */
  constructor(follower: KeyFollower) {
    this.#follower = follower;
  }

  /**
   * Asks the source now, past its caches. Joins a refresh that is under way. When it has another key, that comes into use
   * without a failed request; when it fails, the key in use stays.
   *
   * @returns the status afterwards
   * @throws MomentoConfigurationError when the source fails, has no usable key, or has one that Momento does not accept;
   *   MomentoClosedError after shutdown
   */
  refreshNow(): Promise<CredentialStatus> {
    return this.#follower.refreshNow();
  }

  /** What is known of the key in use. Holds no part of it, so that it can be logged or shown by a health check. */
  status(): CredentialStatus {
    return this.#follower.status();
  }

  /** Calls the listener at each such event, with the status as it then is. A listener that throws is logged. */
  on(event: CredentialEvent, listener: CredentialListener): this {
    this.#follower.on(event, listener);
    return this;
  }

  /** Ends what `on` began. */
  off(event: CredentialEvent, listener: CredentialListener): this {
    this.#follower.off(event, listener);
    return this;
  }

  /** @internal */
  [printing](_depth: number, options: object): string {
    return printed('MomentoCredentials', () => this.status(), options);
  }
}
