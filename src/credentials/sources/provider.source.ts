import { CredentialProvider } from '@gomomento/sdk';
import type { CredentialSource } from '../credential-source.js';

/** An SDK `CredentialProvider` as a source; it gives the same key for ever. */
export function toCredentialSource(credentials: CredentialSource | CredentialProvider): CredentialSource {
  return isSource(credentials)
    ? credentials
    : {
        isFixed: true,
        describe: () => 'the given CredentialProvider',
        fetch: async () => ({ provider: credentials }),
      };
}

function isSource(credentials: CredentialSource | CredentialProvider): credentials is CredentialSource {
  return 'fetch' in credentials && 'describe' in credentials;
}
