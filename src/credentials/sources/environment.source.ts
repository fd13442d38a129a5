import { MomentoConfigurationError } from '../../momento.errors.js';
import type { CredentialSource } from '../credential-source.js';

export interface EnvironmentSourceOptions {
  /** The variable that holds the key. @default 'MOMENTO_API_KEY' */
  readonly apiKey?: string;
  /** The variable that holds the region's endpoint, which a v2 key needs. @default 'MOMENTO_ENDPOINT' */
  readonly endpoint?: string;
}

/**
 * The key in an environment variable; the default when `credentials` is left out. The variables are read when the key is
 * first needed, so that `ConfigModule` can load a `.env` file before.
 *
 * @throws MomentoConfigurationError `environment-variable-missing` at boot
 */
export function fromEnvironment(options: EnvironmentSourceOptions = {}): CredentialSource {
  const { apiKey = 'MOMENTO_API_KEY', endpoint = 'MOMENTO_ENDPOINT' } = options;
  const description = `environment variable '${apiKey}'`;
  return {
    describe: () => description,
    fetch: async () => {
      const content = process.env[apiKey];
      if (content === undefined) {
        throw new MomentoConfigurationError(
          'environment-variable-missing',
          `The ${description} is not set.`,
          'Set it to a Momento key, or say with the option credentials where the key is, such as fromSecretsManager().',
        );
      }
      const host = process.env[endpoint];
      return { content, ...(host !== undefined && host !== '' && { endpoint: host }) };
    },
  };
}
