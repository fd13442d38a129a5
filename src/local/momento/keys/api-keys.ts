import { randomUUID } from 'node:crypto';
import { EngineError } from '../engine/engine-error.js';
import { type Demand, type Permissions, isPermitted } from './permissions.js';
import { claimsOf, keyTextOf, newToken, tokenIn } from './key-text.js';

export interface IssueApiKeyOptions {
  /** 1: base64 of JSON with the endpoint and the key, as the console hands it out; 2: a JWT that needs an endpoint beside it. Default 1. */
  readonly version?: 1 | 2;
  /** When the key stops being accepted; default never. */
  readonly expiresAt?: Date;
}

/** What is known of an issued key without the key itself. */
export interface IssuedKey {
  /** `key-1`, `key-2` and so on, in the order of issue. */
  readonly id: string;
  readonly version: 1 | 2;
}

/** What a key is to allow, and for how long. */
export interface KeyGrant {
  readonly permissions: Permissions;
  /** Default: the key never expires. */
  readonly validForSeconds?: number;
  /** What subscribers learn of who published with the key. */
  readonly tokenId?: string;
}

/** A key that a client has asked for. */
export interface GeneratedKey {
  readonly token: string;
  /** Exchanges the key for a new one of the same kind. */
  readonly refreshToken: string;
  readonly expiresAtMs: number;
}

interface KeyRecord extends IssuedKey {
  readonly permissions: Permissions;
  readonly tokenId: string;
  readonly expiresAtMs: number;
  revoked: boolean;
}

interface Renewal {
  readonly record: KeyRecord;
  readonly grant: KeyGrant;
}

/** From this many keys on, those that have expired are forgotten from time to time. */
const MANY_KEYS = 10_000;

/** Stands for every key that has expired and was forgotten. */
const FORGOTTEN: KeyRecord = {
  id: 'key-expired',
  version: 1,
  permissions: [],
  tokenId: '',
  expiresAtMs: 0,
  revoked: true,
};

/** The keys that one server has issued, and which of them it still accepts. */
export class ApiKeys {
  readonly #records = new Map<string, KeyRecord>();
  readonly #renewals = new Map<string, Renewal>();
  /** By this claim a server knows its own keys, also when it has forgotten them. */
  readonly #issuer = `momento-local/${randomUUID()}`;
  readonly #now: () => number;
  #required = false;
  #issuedCount = 0;
  #forgetAtCount = MANY_KEYS;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Keys that are remembered; among them some that have expired. */
  get heldCount(): number {
    return this.#records.size;
  }

  /** Issues a new key for this endpoint (`host:port`) and answers the text that a user would keep as a secret. From now on calls need a key. */
  issue(endpoint: string, { version = 1, expiresAt }: IssueApiKeyOptions = {}): string {
    const { token } = this.#add(version, expiresAt?.getTime() ?? Infinity, { permissions: 'super-user' });
    this.#required = true;
    return version === 1 ? keyTextOf(endpoint, token) : token;
  }

  /** Stops accepting a key, and answers which one it was. @throws Error when this server has not issued it. */
  revoke(text: string): IssuedKey {
    const record = this.#records.get(tokenIn(text));
    if (record === undefined) {
      throw new Error('Cannot revoke this API key: this server has not issued it');
    }
    record.revoked = true;
    return record;
  }

  /** Which key this is that a request carries; `undefined` when it was never issued. */
  find(token: string): KeyRecord | undefined {
    const record = this.#records.get(token);
    if (record !== undefined || token === '') {
      return record;
    }
    return claimsOf(token)['iss'] === this.#issuer ? FORGOTTEN : undefined;
  }

  /**
   * @param demands tells what the call needs; it is asked only when that matters
   * @throws EngineError `unauthenticated`, or `permission-denied` when the key does not allow what the call needs.
   */
  authorize(key: KeyRecord | undefined, demands: () => readonly Demand[]): void {
    const isAccepted = key === undefined ? !this.#required : !key.revoked && this.#now() < key.expiresAtMs;
    if (!isAccepted) {
      throw unauthenticated();
    }
    if (key !== undefined && !isPermitted(key.permissions, demands())) {
      throw permissionDenied();
    }
  }

  /**
   * Generates a key for whoever carries this token. A super user may grant anything but to be one; where no key is needed, that too.
   *
   * @throws EngineError `unauthenticated`, `permission-denied`.
   */
  generate(token: string, grant: KeyGrant): GeneratedKey {
    const granter = this.find(token);
    this.authorize(granter, () => [{ on: 'control' }]);
    if (granter !== undefined && grant.permissions === 'super-user') {
      throw permissionDenied();
    }
    return this.#generate(grant);
  }

  /**
   * Exchanges a key for a new one that allows the same for as long again. The old one stays valid until it expires.
   *
   * @throws EngineError `unauthenticated` when the key is not accepted, or the refresh token is not its own.
   */
  refresh(token: string, refreshToken: string): GeneratedKey {
    const key = this.find(token);
    this.authorize(key, () => []);
    const renewal = this.#renewals.get(refreshToken);
    if (renewal === undefined || renewal.record !== key) {
      throw unauthenticated();
    }
    return this.#generate(renewal.grant);
  }

  #generate(grant: KeyGrant): GeneratedKey {
    const { validForSeconds = Infinity } = grant;
    const { token, record } = this.#add(1, this.#now() + validForSeconds * 1000, grant);
    const refreshToken = randomUUID();
    this.#renewals.set(refreshToken, { record, grant });
    return { token, refreshToken, expiresAtMs: record.expiresAtMs };
  }

  #add(
    version: 1 | 2,
    expiresAtMs: number,
    { permissions, tokenId = '' }: KeyGrant,
  ): { readonly token: string; readonly record: KeyRecord } {
    this.#forgetExpired();
    this.#issuedCount += 1;
    const id = `key-${this.#issuedCount}`;
    const record = { id, version, permissions, tokenId, expiresAtMs, revoked: false };
    const token = newToken({
      iss: this.#issuer,
      ...(version === 1 ? { sub: id, ver: 1 } : { t: 'g' }),
      ...(expiresAtMs !== Infinity && { exp: Math.floor(expiresAtMs / 1000) }),
    });
    this.#records.set(token, record);
    return { token, record };
  }

  #forgetExpired(): void {
    if (this.#records.size < this.#forgetAtCount) {
      return;
    }
    const isExpired = ({ expiresAtMs }: KeyRecord) => expiresAtMs <= this.#now();
    for (const [token, record] of this.#records) {
      if (isExpired(record)) {
        this.#records.delete(token);
      }
    }
    for (const [refreshToken, { record }] of this.#renewals) {
      if (isExpired(record)) {
        this.#renewals.delete(refreshToken);
      }
    }
    // Twice as many as are left: so that forgetting costs each key the same, however many there are.
    this.#forgetAtCount = Math.max(MANY_KEYS, 2 * this.#records.size);
  }
}

/** What a call without a valid key is told. */
export function unauthenticated(): EngineError {
  return new EngineError(
    'unauthenticated',
    'The API key is not valid: it is missing, unknown, expired or revoked',
  );
}

/** What a call is told that its key does not allow, in the service's words. */
function permissionDenied(): EngineError {
  return new EngineError('permission-denied', 'Unauthorized: Token is not authorized to make this call');
}
