import type { CredentialProvider } from '@gomomento/sdk';
import { MomentoConfigurationError } from '../momento.errors.js';
import type { FetchedCredential } from './credential-source.js';
import { type MomentoEndpoint, resolveEndpoints } from './endpoint.js';
import { SealedCredentialProvider } from './sealed-credential-provider.js';
import { Secret } from './secret.js';
import { parseSecretContent } from './secret-content.js';

/** A key that was fetched, parsed and accepted. */
export interface Credential {
  readonly provider: SealedCredentialProvider;
  readonly versionId?: string;
  readonly expiresAt?: Date;
}

/**
 * Turns what a source found into a credential.
 *
 * @param endpoint the connection's `endpoint` option; wins over what the key says
 * @param from what the source is, for the errors
 * @throws MomentoConfigurationError when it holds no usable key
 */
export function toCredential(
  fetched: FetchedCredential,
  endpoint: MomentoEndpoint | undefined,
  from: string,
): Credential {
  const version = fetched.versionId === undefined ? {} : { versionId: fetched.versionId };
  if ('provider' in fetched) return { provider: seal(fetched.provider, endpoint), ...version };

  const key = parseSecretContent(fetched, from);
  if (key.expiresAt !== undefined && key.expiresAt.getTime() <= Date.now()) {
    throw new MomentoConfigurationError(
      'key-expired',
      `The key of ${from} expired at ${key.expiresAt.toISOString()}.`,
      'Make a new key in the Momento console and store it there.',
    );
  }
  const where = endpoint ?? key.endpoint;
  if (where === undefined) {
    throw new MomentoConfigurationError(
      'endpoint-missing',
      `The key of ${from} is a v2 key, which does not say where Momento is.`,
      "Set the option endpoint to the region's endpoint, or store JSON with the fields apiKey and endpoint.",
    );
  }
  return {
    provider: new SealedCredentialProvider(
      key.authToken,
      resolveEndpoints(where, endpoint === undefined ? from : 'the option endpoint'),
      endpoint !== undefined,
    ),
    ...(key.expiresAt !== undefined && { expiresAt: key.expiresAt }),
    ...version,
  };
}

function seal(provider: CredentialProvider, endpoint: MomentoEndpoint | undefined): SealedCredentialProvider {
  const endpoints =
    endpoint === undefined
      ? {
          cacheEndpoint: provider.getCacheEndpoint(),
          controlEndpoint: provider.getControlEndpoint(),
          tokenEndpoint: provider.getTokenEndpoint(),
          secureConnection: provider.isEndpointSecure(),
        }
      : resolveEndpoints(endpoint, 'the option endpoint');
  return new SealedCredentialProvider(
    new Secret(provider.getAuthToken()),
    endpoints,
    endpoint !== undefined || provider.areEndpointsOverridden(),
  );
}
