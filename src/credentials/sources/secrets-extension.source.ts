import { MomentoConfigurationError } from '../../momento.errors.js';
import { parseJsonObject } from '../api-key.js';
import type { CredentialSource, FetchedCredential } from '../credential-source.js';
import { SourceUnavailableError } from '../source-unavailable.error.js';

export interface SecretsExtensionSourceOptions {
  /** Name or ARN of the secret. @default 'Momento_Auth_Token' */
  readonly secretId?: string;
  /** The staging label to read. @default 'AWSCURRENT' */
  readonly versionStage?: string;
  /** The JSON field that holds the key, when it is not `apiKey`, `authToken` or `api_key`. */
  readonly field?: string;
  /** The loopback port that the extension or agent listens on. @default 2773 */
  readonly port?: number;
}

/**
 * The key by way of the AWS Parameters and Secrets Lambda extension, or of the Secrets Manager agent, on loopback. A
 * refresh asks it past its own cache (at most 300 s). Needs no AWS SDK.
 *
 * @throws MomentoConfigurationError at boot
 */
export function fromSecretsExtension(options: SecretsExtensionSourceOptions = {}): CredentialSource {
  const { secretId = 'Momento_Auth_Token', versionStage = 'AWSCURRENT', field, port = 2773 } = options;
  const description = `secret '${secretId}' by the Secrets Manager extension on port ${port}`;
  return {
    describe: () => description,
    fetch: async ({ signal, refresh }): Promise<FetchedCredential> => {
      const url = new URL(`http://localhost:${port}/secretsmanager/get`);
      url.searchParams.set('secretId', secretId);
      url.searchParams.set('versionStage', versionStage);
      if (refresh) url.searchParams.set('refreshNow', 'true');
      const headers = { 'X-Aws-Parameters-Secrets-Token': process.env['AWS_SESSION_TOKEN'] ?? '' };
      const answer = await fetch(url, { headers, signal }).catch(() => {
        throw new SourceUnavailableError(`The ${description} cannot be reached.`);
      });
      const body = parseJsonObject(await answer.text());
      if (!answer.ok) throw toFault(answer.status, body, description);
      return toFetched(body, field, description);
    },
  };
}

function toFetched(
  body: Record<string, unknown> | undefined,
  field: string | undefined,
  description: string,
): FetchedCredential {
  const text = body?.['SecretString'];
  const binary = body?.['SecretBinary'];
  const versionId = body?.['VersionId'];
  const content =
    typeof text === 'string' ? text : typeof binary === 'string' ? Buffer.from(binary, 'base64') : undefined;
  if (content === undefined) throw new SourceUnavailableError(`The ${description} answered without a value.`);
  return {
    content,
    ...(field !== undefined && { field }),
    ...(typeof versionId === 'string' && { versionId }),
  };
}

/** The extension passes AWS's own error on, and answers 400 itself while its init is not done. */
function toFault(status: number, body: Record<string, unknown> | undefined, description: string): Error {
  const type = String(body?.['__type'] ?? body?.['message'] ?? '');
  const reason = `HTTP ${status}${/^[\w.#: ']{1,200}$/.test(type) ? `, ${type}` : ''}`;
  if (status === 403 || /ResourceNotFound|AccessDenied/.test(type)) {
    return new MomentoConfigurationError(
      type.includes('ResourceNotFound') ? 'secret-not-found' : 'access-denied',
      `The ${description} was refused (${reason}).`,
      'Check the secret’s name, that the role may call secretsmanager:GetSecretValue on it, and that AWS_SESSION_TOKEN is set.',
    );
  }
  return new SourceUnavailableError(`Reading the ${description} failed (${reason}).`);
}
