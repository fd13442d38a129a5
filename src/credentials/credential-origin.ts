import type { CredentialSource } from './fetched/credential-source.js';
import type { MomentoEndpoint } from './key/endpoint.js';

/** Where a connection gets its key, and where it connects with it. */
export interface CredentialOrigin {
  readonly source: CredentialSource;
  /** Wins over what the key says. */
  readonly endpoint?: MomentoEndpoint;
  /** Whether the boot waits for the key and for Momento; otherwise the first call does. */
  readonly awaitedAtBoot: boolean;
}

/** One token for all connections, so that `overrideMomento` can replace every origin at once. */
export const CREDENTIAL_ORIGIN = 'nestjs-momento/CredentialOrigin';
