import type { Logger } from '@nestjs/common';
import type { CredentialEvent } from './credential-events.js';
import { quoteName } from '../../foundation/text/redaction.js';
import type { Credential } from '../fetched/credential.js';
import type { KeyRecord } from './key-record.js';

const intervalsUntilStale = 3;
const expiringMs = 600_000;

/** What is to be said of a key, once each: that it was replaced, was not confirmed for long, ends soon, that refreshing fails. */
export class KeyNews {
  readonly #logger: Logger;
  readonly #source: () => string;
  #saidStale = false;
  #saidExpiring = false;
  #saidFailing = false;

  constructor(logger: Logger, source: () => string) {
    this.#logger = logger;
    this.#source = source;
  }

  /** The key in use was confirmed. @param isOther whether it is another one than before */
  confirmed(isOther: boolean): void {
    this.#saidStale = false;
    this.#saidFailing = false;
    if (isOther) this.#saidExpiring = false;
  }

  /** A key that is for another host moves the app's data there, which somebody may not have meant. */
  replaced(before: Credential, now: Credential): void {
    const [hostBefore, host] = [before, now].map(({ provider }) => quoteName(provider.getCacheEndpoint()));
    const moved = host === hostBefore ? '' : ` It is for another host: ${host} in place of ${hostBefore}.`;
    const version = now.versionId === undefined ? 'no version' : quoteName(now.versionId);
    this.#logger.log(`Another key is in use: ${version} of ${this.#source()}.${moved}`);
  }

  refreshFailed(reason: string): void {
    if (!this.#saidFailing) this.#logger.warn(`The key in use stays, refreshing failed: ${reason}`);
    this.#saidFailing = true;
  }

  /** Says what is due. @param isFollowed whether the source is asked regularly @returns the events that are due with it */
  due(record: KeyRecord, intervalMs: number, isFollowed: boolean): CredentialEvent[] {
    const events: CredentialEvent[] = [];
    if (isFollowed && !this.#saidStale && record.ageMs > intervalsUntilStale * intervalMs) {
      this.#saidStale = true;
      const seconds = Math.round(record.ageMs / 1000);
      this.#logger.warn(`The key of ${this.#source()} was not confirmed for ${seconds} s; it stays in use.`);
      events.push('stale');
    }
    if (!this.#saidExpiring && (millisecondsUntilExpiring(record, intervalMs) ?? 1) <= 0) {
      this.#saidExpiring = true;
      const endsAt = record.current?.expiresAt?.toISOString();
      this.#logger.warn(`The key of ${this.#source()} ends at ${endsAt}: store another one there.`);
      events.push('expiring');
    }
    return events;
  }
}

/** When the end of a key is to be said, in milliseconds from now; undefined for a key that does not say when it ends. */
export function millisecondsUntilExpiring(record: KeyRecord, intervalMs: number): number | undefined {
  const { validityLeftMs } = record;
  return validityLeftMs === undefined ? undefined : validityLeftMs - Math.max(expiringMs, 2 * intervalMs);
}
