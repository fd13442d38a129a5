import { randomBytes, randomUUID } from 'node:crypto';

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

interface KeyRecord extends IssuedKey {
  readonly expiresAtMs: number;
  revoked: boolean;
}

const SIGNATURE_BYTES = 32;

/** The keys that one server has issued, and which of them it still accepts. */
export class ApiKeys {
  readonly #recordsByText = new Map<string, KeyRecord>();
  readonly #recordsByToken = new Map<string, KeyRecord>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether calls need a key: from the first one issued. */
  get required(): boolean {
    return this.#recordsByText.size > 0;
  }

  /** Issues a new key for this endpoint (`host:port`) and answers the text that a user would keep as a secret. */
  issue(endpoint: string, { version = 1, expiresAt }: IssueApiKeyOptions = {}): string {
    const id = `key-${this.#recordsByText.size + 1}`;
    const expiry = expiresAt === undefined ? {} : { exp: Math.floor(expiresAt.getTime() / 1000) };
    const token = jsonWebToken({
      ...(version === 1 ? { sub: id, ver: 1 } : { t: 'g' }),
      jti: randomUUID(),
      ...expiry,
    });
    const text = version === 1 ? encodeJson({ endpoint, api_key: token }, 'base64') : token;
    const record = { id, version, expiresAtMs: expiresAt?.getTime() ?? Infinity, revoked: false };
    this.#recordsByText.set(text, record);
    this.#recordsByToken.set(token, record);
    return text;
  }

  /** Stops accepting a key, and answers which one it was. @throws Error when this server has not issued it. */
  revoke(text: string): IssuedKey {
    const record = this.#recordsByText.get(text);
    if (record === undefined) {
      throw new Error('Cannot revoke this API key: this server has not issued it');
    }
    record.revoked = true;
    return record;
  }

  /** Which key this is that a request carries in its `authorization` header; `undefined` when it was never issued. */
  find(token: string): KeyRecord | undefined {
    return this.#recordsByToken.get(token);
  }

  /** Whether a key was issued, has not expired and was not revoked. */
  accepts(key: KeyRecord | undefined): boolean {
    return key !== undefined && !key.revoked && this.#now() < key.expiresAtMs;
  }
}

/** Looks like a JWT to every reader. Its signature is random: a server knows its own keys by heart. */
function jsonWebToken(claims: object): string {
  const header = encodeJson({ alg: 'HS256', typ: 'JWT' }, 'base64url');
  return `${header}.${encodeJson(claims, 'base64url')}.${randomBytes(SIGNATURE_BYTES).toString('base64url')}`;
}

function encodeJson(value: object, encoding: 'base64' | 'base64url'): string {
  return Buffer.from(JSON.stringify(value)).toString(encoding);
}
