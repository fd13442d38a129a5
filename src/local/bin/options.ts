import { parseArgs } from 'node:util';

/** What the command line and the environment ask for. */
export interface BinOptions {
  readonly port: number;
  readonly secretsPort: number;
  readonly hostname: string;
  readonly caches: readonly string[];
  readonly keyVersion: 1 | 2;
  readonly secretId: string;
  readonly json: boolean;
}

/** The command line or the environment is wrong; the message says what. */
export class UsageError extends Error {}

export const HELP = `Usage: momento-local [options]

Runs a local Momento (cache and topics) and a local AWS Secrets Manager that holds a key for it, and prints the
environment to paste into the shell of an app that uses them. Nothing leaves this machine and nothing is kept: caches,
key and secret are gone when it stops.

Options:
  --port <number>           port of Momento; 0 takes any free one         [MOMENTO_LOCAL_PORT, default 8080]
  --secrets-port <number>   port of Secrets Manager; 0 takes any free one [MOMENTO_LOCAL_SECRETS_PORT, default 8081]
  --hostname <address>      address to listen on                          [default 127.0.0.1]
  --cache <name>            a cache to create; may be repeated            [default demo-cache]
  --key-version <1|2>       format of the key                             [default 1]
  --secret-id <name>        the secret that holds the key                 [default Momento_Auth_Token]
  --json                    print one line of JSON when both servers listen, and nothing else
  --help                    print this

Ctrl+C or SIGTERM stops both servers. Exit codes: 0 stopped, 1 could not start, 2 wrong usage.

Examples:
  momento-local --cache sessions --cache users
  momento-local --port 0 --secrets-port 0 --json
`;

const CONFIG = {
  port: { type: 'string' },
  'secrets-port': { type: 'string' },
  hostname: { type: 'string' },
  cache: { type: 'string', multiple: true },
  'key-version': { type: 'string' },
  'secret-id': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/**
 * Reads the options; `'help'` when they ask for it. A flag wins over the environment.
 * @throws UsageError
 */
export function readOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): BinOptions | 'help' {
  const flags = parseFlags(argv);
  if (flags.help) return 'help';
  const keyVersion = flags['key-version'] ?? '1';
  if (keyVersion !== '1' && keyVersion !== '2') {
    throw new UsageError(`--key-version must be 1 or 2, not '${keyVersion}'`);
  }
  return {
    port: readPort('--port', flags.port, 'MOMENTO_LOCAL_PORT', env, 8080),
    secretsPort: readPort('--secrets-port', flags['secrets-port'], 'MOMENTO_LOCAL_SECRETS_PORT', env, 8081),
    hostname: flags.hostname ?? '127.0.0.1',
    caches: [...new Set(flags.cache ?? ['demo-cache'])],
    keyVersion: keyVersion === '1' ? 1 : 2,
    secretId: flags['secret-id'] ?? 'Momento_Auth_Token',
    json: flags.json ?? false,
  };
}

function parseFlags(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: CONFIG, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readPort(
  flag: string,
  flagText: string | undefined,
  variable: string,
  env: Readonly<Record<string, string | undefined>>,
  defaultPort: number,
): number {
  const [source, text] = flagText === undefined ? [variable, env[variable]] : [flag, flagText];
  if (text === undefined || (text === '' && source === variable)) return defaultPort;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new UsageError(`${source} must be a port from 0 to 65535, not '${text}'`);
  }
  return Number(text);
}
