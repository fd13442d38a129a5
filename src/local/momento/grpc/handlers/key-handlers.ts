import { auth, token } from '@gomomento/generated-types';
import type { ApiKeys, GeneratedKey } from '../../keys/api-keys.js';
import { EngineError } from '../../engine/engine-error.js';
import type { UnaryHandlers } from '../calls/call-pipeline.js';
import { permissionsOf } from './permissions-of.js';

const {
  _GenerateApiTokenResponse: GenerateApiTokenResponse,
  _RefreshApiTokenResponse: RefreshApiTokenResponse,
} = auth.auth;
const { _GenerateDisposableTokenResponse: GenerateDisposableTokenResponse } = token.token;

/** The longest life of a disposable token: 25 hours. */
const MAX_DISPOSABLE_SECONDS = 90_000;
/** Of a disposable token. */
const MAX_DISPOSABLE_PERMISSIONS = 20;
const MAX_TOKEN_ID_CHARACTERS = 64;

/** Where the clients of a new key find the server. */
type EndpointOf = () => string;

export function authHandlers(keys: ApiKeys, endpoint: EndpointOf): UnaryHandlers<'auth'> {
  return {
    GenerateApiToken: (request) => {
      const permissions = permissionsOf(request);
      const lifetime = request.has_expires ? { validForSeconds: positiveSeconds(request.expires) } : {};
      if (!request.has_expires && !request.has_never) {
        throw new EngineError('invalid-argument', 'The request does not say when the key expires');
      }
      const { auth_token: granter, token_id: tokenId } = request;
      const key = keys.generate(granter, { permissions, tokenId, ...lifetime });
      return new GenerateApiTokenResponse({
        ...fieldsOf(key, endpoint),
        refresh_token: key.refreshToken,
      });
    },
    RefreshApiToken: (request) => {
      const key = keys.refresh(request.api_key, request.refresh_token);
      return new RefreshApiTokenResponse({ ...fieldsOf(key, endpoint), refresh_token: key.refreshToken });
    },
  };
}

export function tokenHandlers(keys: ApiKeys, endpoint: EndpointOf): UnaryHandlers<'token'> {
  return {
    GenerateDisposableToken: (request) => {
      const permissions = permissionsOf(request, MAX_DISPOSABLE_PERMISSIONS);
      const { auth_token: granter, token_id: tokenId } = request;
      const validForSeconds = positiveSeconds(request.has_expires ? request.expires : undefined);
      if (validForSeconds > MAX_DISPOSABLE_SECONDS) {
        throw new EngineError('invalid-argument', 'A disposable token is valid for at most 25 hours');
      }
      if (tokenId.length > MAX_TOKEN_ID_CHARACTERS) {
        throw new EngineError('invalid-argument', 'A token id has at most 64 characters');
      }
      const key = keys.generate(granter, { permissions, tokenId, validForSeconds });
      return new GenerateDisposableTokenResponse(fieldsOf(key, endpoint));
    },
  };
}

function positiveSeconds(expires: { readonly valid_for_seconds: number } | undefined): number {
  const seconds = expires?.valid_for_seconds ?? 0;
  if (seconds <= 0) {
    throw new EngineError('invalid-argument', 'A key must be valid for at least a second');
  }
  return seconds;
}

function fieldsOf(
  { token: apiKey, expiresAtMs }: GeneratedKey,
  endpoint: EndpointOf,
): { api_key: string; endpoint: string; valid_until: number } {
  // 0 stands for never.
  const validUntil = expiresAtMs === Infinity ? 0 : Math.floor(expiresAtMs / 1000);
  return { api_key: apiKey, endpoint: endpoint(), valid_until: validUntil };
}
