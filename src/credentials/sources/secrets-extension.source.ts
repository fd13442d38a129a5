import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { parseJsonObject } from '../key/api-key.js';
import type { CredentialSource, FetchedCredential } from '../credential-source.js';
import { quoteName } from '../../foundation/redaction.js';
import { SourceUnavailableError } from './source-unavailable.error.js';
import { diagnose } from './secrets-manager.errors.js';

export interface SecretsExtensionSourceOptions {
  /** Name or ARN of the secret. @default 'Momento_Auth_Token' */
  readonly secretId?: string | undefined;
  /** The staging label to read. @default 'AWSCURRENT' */
  readonly versionStage?: string | undefined;
  /** The JSON field that holds the key, when it is not `apiKey`, `authToken` or `api_key`. */
  readonly field?: string | undefined;
  /** The loopback port that the extension or agent listens on. @default 2773 */
  readonly port?: number | undefined;
}

/**
 * The key by way of the AWS Parameters and Secrets Lambda extension, or of the Secrets Manager agent, on loopback. A
 * refresh asks it past its own cache (at most 300 s). Needs no AWS SDK.
 *
 * @throws MomentoConfigurationError at boot
 */
export function fromSecretsExtension(options: SecretsExtensionSourceOptions = {}): CredentialSource {
  const { secretId = 'Momento_Auth_Token', versionStage = 'AWSCURRENT', field, port = 2773 } = options;
  const stage = versionStage === 'AWSCURRENT' ? '' : ` (${versionStage})`;
  const description = `secret ${quoteName(secretId)} by the Secrets Manager extension on port ${port}${stage}`;
  return {
    describe: () => description,
    fetch: async ({ signal, refresh }): Promise<FetchedCredential> => {
      const url = new URL(`http://localhost:${port}/secretsmanager/get`);
      url.searchParams.set('secretId', secretId);
      url.searchParams.set('versionStage', versionStage);
      if (refresh) url.searchParams.set('refreshNow', 'true');
      const { status, text } = await get(url, signal).catch(() => {
        throw unreachable(description);
      });
      if (status !== 200) throw toFault(status, text, description);
      return toFetched(parseJsonObject(text), field, description);
    },
  };
}

async function get(url: URL, signal: AbortSignal): Promise<{ status: number; text: string }> {
  const headers = { 'X-Aws-Parameters-Secrets-Token': process.env['AWS_SESSION_TOKEN'] ?? '' };
  const answer = await fetch(url, { headers, signal });
  return { status: answer.status, text: await answer.text() };
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

/** AWS's own error is passed on as JSON; what the extension or the agent has to say itself comes as text. */
function toFault(status: number, text: string, description: string): Error {
  const body = parseJsonObject(text);
  const type = typeof body?.['__type'] === 'string' ? body['__type'].replace(/^.*#/, '') : '';
  if (/^\w{1,64}$/.test(type)) {
    const message = body?.['Message'] ?? body?.['message'];
    return diagnose({ name: type, message: typeof message === 'string' ? message : '' }, description);
  }
  // A token is refused with 400 by the Lambda extension and with 403 by the agent.
  if (status === 403 || text.trim() === 'Bad Token') return tokenRefused(status, description);
  return new SourceUnavailableError(`Reading the ${description} failed (HTTP ${status}).`);
}

function tokenRefused(status: number, description: string): MomentoConfigurationError {
  const isSet = (process.env['AWS_SESSION_TOKEN'] ?? '') !== '';
  const why = isSet ? 'the extension does not accept AWS_SESSION_TOKEN' : 'AWS_SESSION_TOKEN is not set';
  return new MomentoConfigurationError(
    'access-denied',
    `The ${description} was refused: ${why} (HTTP ${status}).`,
    'Lambda sets AWS_SESSION_TOKEN; with the Secrets Manager agent, set it to the token that the agent was started with.',
  );
}

function unreachable(description: string): SourceUnavailableError {
  return new SourceUnavailableError(
    `The ${description} cannot be reached.`,
    'Add the AWS Parameters and Secrets Lambda extension as a layer, or start the Secrets Manager agent, and check the option port.',
  );
}
