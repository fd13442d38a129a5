import { type CredentialProvider, SdkError } from '@gomomento/sdk';
import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { canBeSent, unsendable } from './api-key.js';
import type { FetchedCredential, FetchedProvider, FetchedSecret } from '../credential-source.js';
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
  if (!isFetched(fetched)) throw sourceFailed(from, 'it returned something else');
  const version = fetched.versionId === undefined ? {} : { versionId: fetched.versionId };
  if ('provider' in fetched) return { provider: seal(fetched.provider, endpoint, from), ...version };

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

function seal(
  provider: CredentialProvider,
  endpoint: MomentoEndpoint | undefined,
  from: string,
): SealedCredentialProvider {
  const authToken = provider.getAuthToken().trim();
  // A local Momento needs none.
  if (authToken !== '' && !canBeSent(authToken)) throw unsendable(from);
  const own = {
    cacheEndpoint: provider.getCacheEndpoint(),
    controlEndpoint: provider.getControlEndpoint(),
    tokenEndpoint: provider.getTokenEndpoint(),
    secureConnection: provider.isEndpointSecure(),
  };
  return new SealedCredentialProvider(
    new Secret(authToken),
    resolveEndpoints(endpoint ?? own, endpoint === undefined ? from : 'the option endpoint'),
    endpoint !== undefined || provider.areEndpointsOverridden(),
  );
}

/** A source of the user's may have no types: a `TypeError` further on would quote the key that it returned. */
function isFetched(fetched: unknown): fetched is FetchedSecret | FetchedProvider {
  if (typeof fetched !== 'object' || fetched === null) return false;
  if ('provider' in fetched) return isProvider(fetched.provider);
  if (!('content' in fetched)) return false;
  const { content } = fetched;
  return typeof content === 'string' || content instanceof Uint8Array || content instanceof Secret;
}

function isProvider(provider: unknown): boolean {
  return (
    typeof provider === 'object' &&
    provider !== null &&
    'getAuthToken' in provider &&
    typeof provider.getAuthToken === 'function'
  );
}

/** What the SDK throws, itself or by the JWT parser it uses, when it is given what is no key; the messages hold the decoded key. */
export function isRefusedBySdk(error: unknown): boolean {
  return error instanceof SdkError || (error instanceof Error && error.name === 'InvalidTokenError');
}

export function keyRefused(from: string): MomentoConfigurationError {
  return sourceFailed(from, 'the Momento SDK did not accept what it found');
}

function sourceFailed(from: string, why: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'source-failed',
    `No key could be had from ${from}: ${why}.`,
    'Return { content } with the text of the key, or { provider } with a CredentialProvider, from its fetch().',
  );
}
