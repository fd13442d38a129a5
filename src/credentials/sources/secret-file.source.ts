import { readFile } from 'node:fs/promises';
import { fieldOf } from '../../foundation/text/describe-error.js';
import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { quoteName } from '../../foundation/text/redaction.js';
import type { CredentialSource, FetchedSecret } from '../fetched/credential-source.js';
import { parseSecretContent, sealContent } from '../fetched/secret-content.js';
import { SourceUnavailableError } from './source-unavailable.error.js';

export interface SecretFileSourceOptions {
  /** The file, as Docker, Kubernetes or a sidecar mounts it; plaintext or JSON. */
  readonly path: string;
  /** The JSON field that holds the key, when it is not `apiKey`, `authToken` or `api_key`. */
  readonly field?: string | undefined;
}

const advice = 'Check that the secret is mounted there and that the process may read it.';
/** What waiting does not change. */
const lasting: ReadonlySet<unknown> = new Set([
  'EACCES',
  'EPERM',
  'EISDIR',
  'ENOTDIR',
  'ERR_INVALID_ARG_VALUE',
]);
/**
 * The key in a mounted file, read anew at each refresh. A boot waits, within `bootTimeoutSeconds`, for a file that is
 * missing, empty or written in part: a sidecar may be about to write it.
 *
 * @throws MomentoConfigurationError at boot: `file-unreadable`, or what is wrong with the content when the time is over
 */
export function fromSecretFile(options: SecretFileSourceOptions): CredentialSource {
  const { path, field } = options;
  const description = `file ${quoteName(path)}`;
  return {
    describe: () => description,
    fetch: async ({ signal }) => {
      const content = await readFile(path, { signal }).catch((error: unknown) => {
        throw unreadable(description, fieldOf(error, 'code') ?? fieldOf(error, 'name'));
      });
      const found = { content: sealContent(content), ...(field !== undefined && { field }) };
      checkComplete(found, description);
      return found;
    },
  };
}

function unreadable(description: string, code: unknown): Error {
  const sentence = `The ${description} cannot be read (${String(code)}).`;
  return lasting.has(code)
    ? new MomentoConfigurationError('file-unreadable', sentence, advice)
    : new SourceUnavailableError(sentence, advice, 'file-unreadable');
}

/** @throws SourceUnavailableError when it holds no key: JSON without its end, or part of a key, may still be completed */
function checkComplete(found: FetchedSecret, description: string): void {
  try {
    parseSecretContent(found, description);
  } catch (error) {
    if (!(error instanceof MomentoConfigurationError)) throw error;
    const sentence = error.message.slice(0, -error.advice.length).trim();
    throw new SourceUnavailableError(sentence, error.advice, error.code);
  }
}
