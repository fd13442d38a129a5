import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import type { CredentialSource } from '../credential-source.js';
import { quoteName } from '../../foundation/redaction.js';

export interface EnvironmentSourceOptions {
  /** The variable that holds the key. @default 'MOMENTO_API_KEY' */
  readonly apiKey?: string | undefined;
  /** The variable that holds the region's endpoint, which a v2 key needs. @default 'MOMENTO_ENDPOINT' */
  readonly endpoint?: string | undefined;
}

/**
 * The key in an environment variable; the default when `credentials` is left out. The variables are read when the key is
 * first needed, so that `ConfigModule` can load a `.env` file before.
 *
 * @throws MomentoConfigurationError `environment-variable-missing` at boot
 */
export function fromEnvironment(options: EnvironmentSourceOptions = {}): CredentialSource {
  const { apiKey = 'MOMENTO_API_KEY', endpoint = 'MOMENTO_ENDPOINT' } = options;
  const description = `environment variable ${quoteName(apiKey)}`;
  return {
    isFixed: true,
    describe: () => description,
    fetch: async () => {
      const content = process.env[apiKey];
      if (content === undefined) {
        throw new MomentoConfigurationError(
          'environment-variable-missing',
          `The ${description} is not set.`,
          isName(apiKey)
            ? 'Set it to a Momento key, or say with the option credentials where the key is, such as fromSecretsManager().'
            : "Give the name of the variable, such as 'MOMENTO_API_KEY', not what it holds.",
        );
      }
      const host = process.env[endpoint]?.trim();
      return { content, ...(host !== undefined && host !== '' && { endpoint: host }) };
    },
  };
}

function isName(text: string): boolean {
  return /^[A-Za-z_]\w{0,63}$/.test(text);
}
