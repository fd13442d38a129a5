import { CredentialProvider } from '@gomomento/sdk';
import { showName } from '../../foundation/text/redaction.js';
import type { MomentoEndpoints } from './endpoint.js';
import type { Secret } from './secret.js';

/**
 * The credential provider that the SDK's clients get. The SDK's own show their key through `JSON.stringify`,
 * `util.inspect` and `valueOf()`, and so does every client that holds one; this one keeps it in private fields.
 */
export class SealedCredentialProvider extends CredentialProvider {
  readonly #authToken: Secret;
  readonly #endpoints: Required<MomentoEndpoints>;
  readonly #overridden: boolean;

  constructor(authToken: Secret, endpoints: Required<MomentoEndpoints>, overridden: boolean) {
    super();
    this.#authToken = authToken;
    this.#endpoints = endpoints;
    this.#overridden = overridden;
  }

  /** Where the data goes, as it may be shown. */
  get host(): string {
    return showName(this.#endpoints.cacheEndpoint);
  }

  getAuthToken(): string {
    return this.#authToken.reveal();
  }

  getCacheEndpoint(): string {
    return this.#endpoints.cacheEndpoint;
  }

  getControlEndpoint(): string {
    return this.#endpoints.controlEndpoint;
  }

  getTokenEndpoint(): string {
    return this.#endpoints.tokenEndpoint;
  }

  isEndpointSecure(): boolean {
    return this.#endpoints.secureConnection;
  }

  isCacheEndpointSecure(): boolean {
    return this.isEndpointSecure();
  }

  isControlEndpointSecure(): boolean {
    return this.isEndpointSecure();
  }

  isTokenEndpointSecure(): boolean {
    return this.isEndpointSecure();
  }

  areEndpointsOverridden(): boolean {
    return this.#overridden;
  }

  withMomentoLocal(): CredentialProvider {
    return CredentialProvider.forMomentoLocal({});
  }

  /** The same key with other hosts in place of some. */
  withEndpoints(endpoints: Partial<MomentoEndpoints>): SealedCredentialProvider {
    return new SealedCredentialProvider(this.#authToken, { ...this.#endpoints, ...endpoints }, true);
  }

  /** The same key at the same hosts: nothing to replace. */
  equals(other: SealedCredentialProvider): boolean {
    const mine = this.#endpoints;
    const theirs = other.#endpoints;
    return (
      this.#authToken.equals(other.#authToken) &&
      mine.cacheEndpoint === theirs.cacheEndpoint &&
      mine.controlEndpoint === theirs.controlEndpoint &&
      mine.tokenEndpoint === theirs.tokenEndpoint &&
      mine.secureConnection === theirs.secureConnection
    );
  }
}
