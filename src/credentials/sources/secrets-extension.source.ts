import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { parseJsonObject } from '../key/api-key.js';
import type { CredentialSource, FetchedCredential } from '../fetched/credential-source.js';
import { quoteName, showName } from '../../foundation/text/redaction.js';
import { sealContent } from '../fetched/secret-content.js';
import { getFromLoopback } from './loopback-request.js';
import { checkSecretId } from './secret-id.js';
import { diagnose } from './secrets-manager.errors.js';
import { SourceUnavailableError } from './source-unavailable.error.js';

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
  const stage = versionStage === 'AWSCURRENT' ? '' : ` (${showName(versionStage)})`;
  const description = `secret ${quoteName(secretId)} by the Secrets Manager extension on port ${showPort(port)}${stage}`;
  return {
    describe: () => description,
    fetch: async ({ signal, refresh }): Promise<FetchedCredential> => {
      checkSecretId(secretId, versionStage);
      if (!isPort(port)) throw portInvalid(description);
      const query = new URLSearchParams({ secretId, versionStage, ...(refresh && { refreshNow: 'true' }) });
      const path = `/secretsmanager/get?${query.toString()}`;
      const headers = { 'X-Aws-Parameters-Secrets-Token': process.env['AWS_SESSION_TOKEN'] ?? '' };
      const { status, text } = await getFromLoopback(port, path, headers, signal).catch(() => {
        throw unreachable(description);
      });
      if (status !== 200) throw toFault(status, text, description);
      return toFetched(parseJsonObject(text), field, description);
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
    content: sealContent(content),
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

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** Without types it may be anything. */
function showPort(port: number): string {
  return isPort(port) ? String(port) : '(not a port)';
}

function portInvalid(description: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'secret-request-invalid',
    `The ${description} cannot be read: the option port is not a port.`,
    'Give a whole number from 1 to 65535, or leave it out: the extension listens on 2773.',
  );
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
