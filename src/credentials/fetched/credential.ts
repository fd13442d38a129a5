import { type CredentialProvider, SdkError } from '@gomomento/sdk';
import { textOf } from '../../foundation/text/describe-error.js';
import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { showName } from '../../foundation/text/redaction.js';
import { canBeSent, unsendable } from '../key/api-key.js';
import type { FetchedCredential, FetchedProvider, FetchedSecret } from './credential-source.js';
import { type MomentoEndpoint, type MomentoEndpoints, resolveEndpoints } from '../key/endpoint.js';
import { refuseProxyWithoutTls } from '../key/proxy.js';
import { SealedCredentialProvider } from '../key/sealed-credential-provider.js';
import { Secret } from '../key/secret.js';
import { parseSecretContent } from './secret-content.js';

const theOption = 'the option endpoint';

/** A key that was fetched, parsed and accepted. */
export interface Credential {
  readonly provider: SealedCredentialProvider;
  /** Host of the cache plane, as it may be shown: another one means that the secret moved the connection. */
  readonly endpoint: string;
  /** As it may be shown. */
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
  const version = fetched.versionId === undefined ? {} : { versionId: showName(fetched.versionId) };
  if ('provider' in fetched) return { ...sealProvider(fetched.provider, endpoint, from), ...version };

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
  const hosts = resolveEndpoints(where, endpoint === undefined ? from : theOption);
  // Otherwise whoever can write the secret has the next key sent, in clear, to what listens on this machine.
  if (!hosts.secureConnection && endpoint === undefined && fetched.endpoint !== where)
    throw localRefused(from);
  return {
    ...seal(key.authToken, hosts, endpoint !== undefined),
    ...(key.expiresAt !== undefined && { expiresAt: key.expiresAt }),
    ...version,
  };
}

function sealProvider(
  provider: CredentialProvider,
  endpoint: MomentoEndpoint | undefined,
  from: string,
): Credential {
  const authToken = provider.getAuthToken().trim();
  // A local Momento needs none.
  if (authToken !== '' && !canBeSent(authToken)) throw unsendable(from);
  const own = {
    cacheEndpoint: provider.getCacheEndpoint(),
    controlEndpoint: provider.getControlEndpoint(),
    tokenEndpoint: provider.getTokenEndpoint(),
    secureConnection: provider.isEndpointSecure(),
  };
  return seal(
    new Secret(authToken),
    resolveEndpoints(endpoint ?? own, endpoint === undefined ? from : theOption),
    endpoint !== undefined || provider.areEndpointsOverridden(),
  );
}

function seal(authToken: Secret, hosts: Required<MomentoEndpoints>, overridden: boolean): Credential {
  refuseProxyWithoutTls(hosts);
  const provider = new SealedCredentialProvider(authToken, hosts, overridden);
  return { provider, endpoint: provider.host };
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
  return error instanceof SdkError || textOf(error, 'name') === 'InvalidTokenError';
}

export function keyRefused(from: string): MomentoConfigurationError {
  return sourceFailed(from, 'the Momento SDK did not accept what it found');
}

function localRefused(from: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'endpoint-refused',
    `The value of ${from} says that Momento is on this machine, without TLS; a secret may not say so.`,
    "If a local Momento is meant, set the option endpoint, such as '127.0.0.1:8080'; else correct the endpoint in the secret.",
  );
}

function sourceFailed(from: string, why: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'source-failed',
    `No key was found in ${from}: ${why}.`,
    'Return { content } with the text of the key, or { provider } with a CredentialProvider, from its fetch().',
  );
}
