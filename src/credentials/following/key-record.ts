import type { CredentialStatus } from './credential-events.js';
import type { Credential } from '../fetched/credential.js';

/** What is known of the key in use: which it is, since when, and what went wrong. */
export class KeyRecord {
  #current: Credential | undefined;
  /** The key before the one in use: to see it again is either a stale read or a rollback. */
  #previous: Credential | undefined;
  #generation = 0;
  #fetchedAt: Date | undefined;
  #confirmedAtMs = 0;
  #lastError: string | undefined;
  /** Whether the source gave the key before the one in use, since it last gave the one in use. */
  hasSeenPreviousAgain = false;
  /** Failed refreshes in a row. */
  failures = 0;

  get current(): Credential | undefined {
    return this.#current;
  }

  isPrevious(found: Credential): boolean {
    return this.#previous?.provider.equals(found.provider) === true;
  }

  /** The source gave this key, and it is in use. @returns whether it is another one than before */
  confirm(credential: Credential): boolean {
    const isOther = credential.provider !== this.#current?.provider;
    if (isOther) {
      this.#generation += 1;
      this.#previous = this.#current;
    }
    this.#current = credential;
    this.#fetchedAt = new Date();
    this.#confirmedAtMs = performance.now();
    this.#lastError = undefined;
    this.hasSeenPreviousAgain = false;
    return isOther;
  }

  fail(reason: string): void {
    this.#lastError = reason;
  }

  /** Time since the source last gave the key in use, in milliseconds. */
  get ageMs(): number {
    return this.#fetchedAt === undefined ? 0 : performance.now() - this.#confirmedAtMs;
  }

  /** How long the key is still valid, in milliseconds, by the time of day; undefined when it does not say. */
  get validityLeftMs(): number | undefined {
    const expiresAt = this.#current?.expiresAt;
    return expiresAt === undefined ? undefined : expiresAt.getTime() - Date.now();
  }

  status(source: string, nextRefreshAt: Date | undefined): CredentialStatus {
    const { versionId, expiresAt, provider } = this.#current ?? {};
    return {
      source,
      generation: this.#generation,
      ...(provider !== undefined && { endpoint: provider.getCacheEndpoint() }),
      ...(versionId !== undefined && { versionId }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(this.#fetchedAt !== undefined && { fetchedAt: this.#fetchedAt, ageSeconds: this.ageMs / 1000 }),
      ...(nextRefreshAt !== undefined && { nextRefreshAt }),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
    };
  }
}
