import type { BinOptions } from './options.js';

/** The two servers as they listen, and the key that one holds for the other. */
export interface Running {
  readonly momento: { readonly hostname: string; readonly port: number };
  readonly secretsManager: { readonly hostname: string; readonly port: number };
  readonly apiKey: string;
}

/** The environment that points an app at the servers. The AWS credentials are no secret: any are accepted. */
function environmentOf({ momento, secretsManager, apiKey }: Running, { secretId }: BinOptions) {
  return {
    MOMENTO_ENDPOINT: address(momento),
    MOMENTO_API_KEY: apiKey,
    MOMENTO_SECRET_ID: secretId,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://${address(secretsManager)}`,
    AWS_REGION: 'us-west-2',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}

export function announceAsText(running: Running, options: BinOptions): string {
  const environment = environmentOf(running, options);
  const { MOMENTO_ENDPOINT, AWS_ENDPOINT_URL_SECRETS_MANAGER } = environment;
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return `Momento          ${MOMENTO_ENDPOINT} (plaintext; caches: ${options.caches.join(', ')})
Secrets Manager  ${AWS_ENDPOINT_URL_SECRETS_MANAGER} (the key is in ${options.secretId})

Paste this into the shell of your app. The key was made just now and works nowhere else.

${lines.join('\n')}

Ctrl+C stops both.
`;
}

export function announceAsJson(running: Running, options: BinOptions): string {
  const { caches, secretId } = options;
  return `${JSON.stringify({ ...running, caches, secretId, environment: environmentOf(running, options) })}\n`;
}

/** Where to reach a server from this machine: one that listens on every address is at the loopback one. */
function address({ hostname, port }: { readonly hostname: string; readonly port: number }): string {
  const host = hostname === '0.0.0.0' || hostname === '::' ? '127.0.0.1' : hostname;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** For a POSIX shell. */
const quoted = (value: string) =>
  /^[\w./:=+@-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
