import {
  AuthClient,
  AuthClientConfigurations,
  CredentialProvider,
  ExpiresIn,
  GenerateApiKey,
  NoopMomentoLoggerFactory,
  type PermissionScope,
} from '@gomomento/sdk';
import { auth } from '@gomomento/generated-types';
import { credentials, status } from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import type { MomentoLocal } from '../../src/local/momento/momento-local.js';
import { credentialsFor, topicClientFor } from '../local/momento.fixture.js';
import { clientOf } from './conformance.fixture.js';

const { AuthClient: AuthService, _GenerateApiTokenRequest: GenerateApiTokenRequest } = auth.auth;

/** The SDK's credentials for a key that the service has answered. */
export function credentialsWith(momento: MomentoLocal, apiKey: string): CredentialProvider {
  return CredentialProvider.fromString({ authToken: apiKey, endpointOverrides: momento.endpoints });
}

/** Asks for keys with this key, or without one. */
export function authClientFor(momento: MomentoLocal, apiKey?: string): AuthClient {
  return new AuthClient({
    configuration: AuthClientConfigurations.Default.latest(new NoopMomentoLoggerFactory()),
    credentialProvider: apiKey === undefined ? credentialsFor(momento) : credentialsWith(momento, apiKey),
  });
}

/** A key with these permissions, valid for an hour. */
export async function keyFor(momento: MomentoLocal, scope: PermissionScope): Promise<string> {
  const generated = await authClientFor(momento).generateApiKey(scope, ExpiresIn.hours(1));
  if (!(generated instanceof GenerateApiKey.Success)) {
    throw new TypeError(`No key: ${generated.toString()}`);
  }
  return generated.apiKey;
}

/** The clients of who carries this key, closed when the test ends. */
export function clientsWith(momento: MomentoLocal, apiKey: string) {
  const cache = clientOf(momento, credentialsWith(momento, apiKey));
  onTestFinished(() => cache.close());
  return { cache, topics: topicClientFor(momento, credentialsWith(momento, apiKey)) };
}

/** Asks for a key that may do everything, which the SDK has no public way to do; answers the status. */
export async function askToBeSuperUser(momento: MomentoLocal, apiKey?: string): Promise<string> {
  const service = new AuthService(momento.endpoints.tokenEndpoint, credentials.createInsecure());
  onTestFinished(() => service.close());
  const authToken = apiKey === undefined ? '' : credentialsWith(momento, apiKey).getAuthToken();
  const request = GenerateApiTokenRequest.fromObject({
    auth_token: authToken,
    permissions: { super_user: 0 },
    never: {},
  });
  return new Promise((resolve) => {
    service.GenerateApiToken(request, (error) => resolve(status[error?.code ?? status.OK]));
  });
}
