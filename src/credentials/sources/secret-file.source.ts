import { readFile } from 'node:fs/promises';
import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import type { CredentialSource } from '../credential-source.js';
import { quoteName } from '../../foundation/redaction.js';

export interface SecretFileSourceOptions {
  /** The file, as Docker, Kubernetes or a sidecar mounts it; plaintext or JSON. */
  readonly path: string;
  /** The JSON field that holds the key, when it is not `apiKey`, `authToken` or `api_key`. */
  readonly field?: string | undefined;
}

/**
 * The key in a mounted file, read anew at each refresh.
 *
 * @throws MomentoConfigurationError `file-unreadable` at boot
 */
export function fromSecretFile(options: SecretFileSourceOptions): CredentialSource {
  const { path, field } = options;
  const description = `file ${quoteName(path)}`;
  return {
    describe: () => description,
    fetch: async ({ signal }) => {
      const content = await readFile(path, { signal }).catch((error: NodeJS.ErrnoException) => {
        throw new MomentoConfigurationError(
          'file-unreadable',
          `The ${description} cannot be read (${error.code ?? error.name}).`,
          'Check that the secret is mounted there and that the process may read it.',
        );
      });
      return { content, ...(field !== undefined && { field }) };
    },
  };
}
