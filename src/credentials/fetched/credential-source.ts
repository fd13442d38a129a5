import type { CredentialProvider } from '@gomomento/sdk';
import type { Secret } from '../key/secret.js';

/** Where a key comes from. Every `from…()` function returns one; write your own to read keys from anywhere else. */
export interface CredentialSource {
  /** One line that says what this is, for logs and errors, such as `secret 'Momento_Auth_Token' in us-west-2`. Holds no key. */
  describe(): string;
  /**
   * Fetches the key's current value. Called once at boot and once a refresh, never twice at the same time.
   *
   * @throws MomentoConfigurationError when trying again cannot help; it ends the boot at once. Anything else that is thrown
   *   counts as transient and is tried again within `bootTimeoutSeconds`.
   */
  fetch(context: CredentialFetchContext): Promise<FetchedCredential>;
  /** True when it gives the same key every time, so that there is no point in asking again. @default false */
  readonly isFixed?: boolean;
  /** Releases what the source holds, once its connection is closed. */
  close?(): void | Promise<void>;
}

export interface CredentialFetchContext {
  /** Aborted when the time allowed is over, or when the app shuts down. */
  readonly signal: AbortSignal;
  /** True when a cached answer will not do, because the key in use is due to be replaced. */
  readonly refresh: boolean;
}

/** What a source found: a secret's content to be read as a key, or an SDK `CredentialProvider` that is ready to use. */
export type FetchedCredential = FetchedSecret | FetchedProvider;

export interface FetchedSecret {
  /**
   * The content as it is stored: a key in plaintext, or JSON with the key in `apiKey`, `authToken` or `api_key` (and
   * optionally `endpoint` and `validUntil`). Bytes are read as UTF-8.
   */
  readonly content: string | Uint8Array | Secret;
  /** The JSON field that holds the key, when it is none of those. */
  readonly field?: string;
  /** The endpoint to use when the content names none. */
  readonly endpoint?: string;
  /** Identifies the version; an equal one means an equal key. Shown in logs and errors. */
  readonly versionId?: string;
}

export interface FetchedProvider {
  readonly provider: CredentialProvider;
  readonly versionId?: string;
}
