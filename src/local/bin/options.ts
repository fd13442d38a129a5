import { parseArgs } from 'node:util';

/** What the command line and the environment ask for. */
export interface BinOptions {
  /** TCP ports; 0 takes a free one. */
  readonly port: number;
  readonly secretsPort: number;
  readonly hostname: string;
  readonly allowedHosts: readonly string[];
  readonly caches: readonly string[];
  /** A JSON file of items to start with. */
  readonly seedFile?: string;
  /** Most bytes of keys and values in each cache; without it there is no limit. */
  readonly maxBytes?: number;
  /** Which of Momento's limits are enforced: those on sizes, or all that are documented. */
  readonly limits: 'sizes' | 'documented';
  /** `'none'`: no key is issued, and every call is accepted. */
  readonly keyVersion: 1 | 2 | 'none';
  readonly secretId: string;
  readonly json: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The command line or the environment is wrong; the message says what. */
export class UsageError extends Error {}

export const HELP = `Usage: momento-local [options]

Runs a local Momento (cache and topics) and a local AWS Secrets Manager that holds a key for it, and prints the
environment to paste into the shell of an app that uses them. Nothing leaves this machine and nothing is kept: caches,
key and secret are gone when it stops.

Where it listens:
  --port <number>             port of Momento; 0 takes any free one         [MOMENTO_LOCAL_PORT, default 8080]
  --secrets-port <number>     port of Secrets Manager; 0 takes any free one [MOMENTO_LOCAL_SECRETS_PORT, default 8081]
  --hostname <address>        address of both                               [default 127.0.0.1]
  --allowed-host <name>       a further name by which clients reach Secrets Manager, as in a network of containers;
                              may be repeated                               [default none]

What it holds:
  --cache <name>              a cache to create; may be repeated            [default demo-cache]
  --seed <file>               items to start with, as JSON, see below       [MOMENTO_LOCAL_SEED]
  --max-bytes <number>        most bytes of keys and values in each cache;
                              beyond, the least recently used items go      [MOMENTO_LOCAL_MAX_BYTES, default no limit]
  --limits <sizes|documented> the limits that it enforces                   [MOMENTO_LOCAL_LIMITS, default sizes]
                                sizes:      of keys, values and elements
                                documented: also the rates, counts and TTLs of a Momento account without a support
                                            plan: 100 operations a second, 10 publishes a second, 24 hours and so on

Which key opens it:
  --key-version <1|2|none>    format of the key                             [MOMENTO_LOCAL_KEY_VERSION, default 1]
                                1, 2: made anew at each start; calls without it fail
                                none: every call is accepted, and what is printed as the key never changes
  --secret-id <name>          the secret that holds the key                 [default Momento_Auth_Token]

What it prints:
  --json                      one line of JSON when both servers listen and the seed is in, and nothing else
  --help                      this

A flag wins over the environment variable in brackets beside it.

The seed file holds items by cache: { "cache": { "key": value, ... }, ... }. A string is stored as it is, any other
value as its JSON. Caches that it names are created. The items stay until the server stops; with --limits documented,
for 24 hours.

Ctrl+C or SIGTERM stops both servers; subscriptions end with UNAVAILABLE, as when Momento restarts.
Exit codes: 0 stopped, 1 could not start, 2 wrong usage or wrong seed file.

Examples:
  momento-local --cache sessions --cache users
  momento-local --seed fixtures.json --key-version none
  MOMENTO_LOCAL_LIMITS=documented momento-local --max-bytes 50000000
  momento-local --port 0 --secrets-port 0 --json
`;

const CONFIG = {
  port: { type: 'string' },
  'secrets-port': { type: 'string' },
  hostname: { type: 'string' },
  'allowed-host': { type: 'string', multiple: true },
  cache: { type: 'string', multiple: true },
  seed: { type: 'string' },
  'max-bytes': { type: 'string' },
  limits: { type: 'string' },
  'key-version': { type: 'string' },
  'secret-id': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/**
 * Reads the options; `'help'` when they ask for it. A flag wins over the environment.
 * @throws UsageError
 */
export function readOptions(argv: readonly string[], env: Environment): BinOptions | 'help' {
  const flags = parseFlags(argv);
  if (flags.help) return 'help';
  const given = (flag: 'port' | 'secrets-port' | 'seed' | 'max-bytes' | 'limits' | 'key-version') =>
    givenText(flag, flags[flag], env);
  const seedFile = given('seed')?.text;
  const maxBytes = readMaxBytes(given('max-bytes'));
  const keyVersion = readChoice(given('key-version'), ['1', '2', 'none'], '1');
  return {
    port: readPort(given('port'), 8080),
    secretsPort: readPort(given('secrets-port'), 8081),
    hostname: flags.hostname ?? '127.0.0.1',
    allowedHosts: flags['allowed-host'] ?? [],
    caches: [...new Set(flags.cache ?? ['demo-cache'])],
    ...(seedFile !== undefined && { seedFile }),
    ...(maxBytes !== undefined && { maxBytes }),
    limits: readChoice(given('limits'), ['sizes', 'documented'], 'sizes'),
    keyVersion: keyVersion === 'none' ? keyVersion : keyVersion === '1' ? 1 : 2,
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

/** The text of an option, and the flag or variable it comes from. */
interface Given {
  readonly source: string;
  readonly text: string;
}

/** From the flag, or else from its variable; an empty variable counts as none. */
function givenText(flag: string, flagText: string | undefined, env: Environment): Given | undefined {
  if (flagText !== undefined) return { source: `--${flag}`, text: flagText };
  const source = `MOMENTO_LOCAL_${flag.toUpperCase().replaceAll('-', '_')}`;
  const text = env[source];
  return text ? { source, text } : undefined;
}

function readPort(given: Given | undefined, defaultPort: number): number {
  if (given === undefined) return defaultPort;
  const { source, text } = given;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new UsageError(`${source} must be a port from 0 to 65535, not '${text}'`);
  }
  return Number(text);
}

function readMaxBytes(given: Given | undefined): number | undefined {
  if (given === undefined) return undefined;
  const { source, text } = given;
  if (!/^[1-9]\d*$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw new UsageError(`${source} must be a number of bytes, at least 1, not '${text}'`);
  }
  return Number(text);
}

function readChoice<T extends string>(given: Given | undefined, choices: readonly T[], byDefault: T): T {
  if (given === undefined) return byDefault;
  const { source, text } = given;
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) {
    const names = `${choices.slice(0, -1).join(', ')} or ${choices.slice(-1).join('')}`;
    throw new UsageError(`${source} must be ${names}, not '${text}'`);
  }
  return choice;
}
