import { type Address, addressOf } from './address.js';
import type { BinOptions } from './options.js';

/** The two servers as they listen, the caches of one, and the key that the other holds for it. */
export interface Running {
  readonly momento: Address;
  readonly secretsManager: Address;
  readonly apiKey: string;
  readonly caches: readonly string[];
}

/** The environment that points an app at the servers. The AWS credentials are no secret: any are accepted. */
function environmentOf({ momento, secretsManager, apiKey }: Running, { secretId }: BinOptions) {
  return {
    MOMENTO_ENDPOINT: addressOf(momento),
    MOMENTO_API_KEY: apiKey,
    MOMENTO_SECRET_ID: secretId,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://${addressOf(secretsManager)}`,
    AWS_REGION: 'us-west-2',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}

export function announceAsText(running: Running, options: BinOptions): string {
  const environment = environmentOf(running, options);
  const { MOMENTO_ENDPOINT, AWS_ENDPOINT_URL_SECRETS_MANAGER } = environment;
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`);
  const aboutKey =
    options.keyVersion === 'none'
      ? 'The key is the same each time; any other is accepted as well.'
      : 'The key was made just now and works nowhere else.';
  return `Momento          ${MOMENTO_ENDPOINT} (plaintext; caches: ${running.caches.join(', ')})
Secrets Manager  ${AWS_ENDPOINT_URL_SECRETS_MANAGER} (the key is in ${options.secretId})

Paste this into the shell of your app. ${aboutKey}

${lines.join('\n')}

Ctrl+C stops both.
`;
}

export function announceAsJson(running: Running, options: BinOptions): string {
  const { secretId } = options;
  return `${JSON.stringify({ ...running, secretId, environment: environmentOf(running, options) })}\n`;
}

/** For a POSIX shell. */
const quoted = (value: string) =>
  /^[\w./:=+@-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
