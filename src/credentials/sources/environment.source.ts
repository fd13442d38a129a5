import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import type { CredentialSource } from '../fetched/credential-source.js';
import { quoteName } from '../../foundation/text/redaction.js';
import { sealContent } from '../fetched/secret-content.js';

export interface EnvironmentSourceOptions {
  /** The variable that holds the key. @default 'MOMENTO_API_KEY' */
  readonly apiKeyVariable?: string | undefined;
  /** The variable that holds the region's endpoint, which a v2 key needs. @default 'MOMENTO_ENDPOINT' */
  readonly endpointVariable?: string | undefined;
}

/**
 * The key in an environment variable; the default when `credentials` is left out. The variables are read when the key is
 * first needed, so that `ConfigModule` can load a `.env` file before.
 *
 * @throws MomentoConfigurationError `environment-variable-missing` at boot
 */
export function fromEnvironment(options: EnvironmentSourceOptions = {}): CredentialSource {
  const { apiKeyVariable = 'MOMENTO_API_KEY', endpointVariable = 'MOMENTO_ENDPOINT' } = options;
  const description = `environment variable ${quoteName(apiKeyVariable)}`;
  return {
    isFixed: true,
    describe: () => description,
    fetch: async () => {
      const content = process.env[apiKeyVariable];
      if (content === undefined) {
        throw new MomentoConfigurationError(
          'environment-variable-missing',
          `The ${description} is not set.`,
          isName(apiKeyVariable)
            ? 'Set it to a Momento key, or say with the option credentials where the key is, such as fromSecretsManager().'
            : "Give the name of the variable, such as 'MOMENTO_API_KEY', not what it holds.",
        );
      }
      const host = process.env[endpointVariable]?.trim();
      return { content: sealContent(content), ...(host !== undefined && host !== '' && { endpoint: host }) };
    },
  };
}

function isName(text: string): boolean {
  return /^[A-Za-z_]\w{0,63}$/.test(text);
}
