import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import {
  fromEnvironment,
  fromSecretFile,
  fromSecretsExtension,
  fromSecretsManager,
  type MomentoConfigurationCode,
  type MomentoModuleOptions,
  type SecretsManagerSourceOptions,
} from 'nestjs-momento';
import { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { afterEach, beforeEach, onTestFinished } from 'vitest';
import {
  stubEnvironment,
  useIsolatedEnvironment,
  withoutAwsCredentials,
} from '../../support/stubbed-environment.js';
import { makeJwt, makeV1Key, makeV2Key } from '../../support/keys.js';

export const secretId = 'prod/momento';
export const cacheName = 'demo-cache';

/** How the message calls the secret. */
const secretInRegion = `secret '${secretId}' in us-west-2`;

/** The embedded servers, with a key that the one keeps and the other accepts. */
export interface Account {
  momento: MomentoLocal;
  secrets: SecretsManagerLocal;
  key: string;
}

/** Starts both servers for each test, in an environment that is the test's own. */
export function useAccount(): Account {
  const account: Partial<Account> = {};
  useIsolatedEnvironment();
  beforeEach(async () => {
    const momento = await MomentoLocal.start({ caches: [cacheName] });
    const secrets = await SecretsManagerLocal.start({ sessionToken: 'session' });
    const key = momento.issueApiKey();
    secrets.putSecret(secretId, key);
    Object.assign(account, { momento, secrets, key });
  });
  afterEach(async () => {
    await Promise.all([account.momento?.stop(), account.secrets?.stop()]);
  });
  return account as Account;
}

/** What the app is set up with when all is well. */
export const options = (
  { secrets, momento }: Account,
  source: SecretsManagerSourceOptions = {},
): MomentoModuleOptions => ({
  credentials: fromSecretsManager({ secretId, endpoint: secrets.endpoint, ...source }),
  endpoint: `127.0.0.1:${momento.port}`,
  cacheName,
  bootTimeoutSeconds: 5,
});

/** A set-up that is wrong in one way, and what its boot must say. */
export interface WrongSetUp {
  readonly what: string;
  readonly code: MomentoConfigurationCode;
  /** What the message says, the secret included. */
  readonly says: string | RegExp;
  /** What the advice says. */
  readonly advises: string | RegExp;
  /** Spoils the set-up, and gives the options to boot with. */
  readonly arrange: (account: Account) => MomentoModuleOptions | Promise<MomentoModuleOptions>;
}

/** Puts another content into the secret. */
const stored =
  (content: (key: string) => string | Uint8Array, more: MomentoModuleOptions = {}) =>
  (account: Account): MomentoModuleOptions => {
    account.secrets.putSecret(secretId, content(account.key));
    return { ...options(account), ...more };
  };

/** An HTTP server for one test. @returns its URL */
async function answerEverythingWith(body: string): Promise<string> {
  const server = createServer((_request, response) => response.end(body));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

/** What a boot is allowed that is bound to wait to its end, in seconds. */
const shortly = 0.5;

export const wrongSetUps: readonly WrongSetUp[] = [
  {
    what: 'the secret does not exist',
    code: 'secret-not-found',
    says: "The secret 'prod/momentum' in us-west-2 does not exist (ResourceNotFoundException",
    advises: 'Check the secret’s name, the region and the AWS account, or create the secret',
    arrange: (account) => options(account, { secretId: 'prod/momentum' }),
  },
  {
    what: 'the secret is in another region',
    code: 'secret-not-found',
    says: `The secret '${secretId}' in eu-west-1 does not exist (ResourceNotFoundException`,
    advises: 'Check the secret’s name, the region',
    arrange: (account) => options(account, { region: 'eu-west-1' }),
  },
  {
    what: 'the secret has no value for the stage',
    code: 'secret-version-not-found',
    says: `The ${secretInRegion} (AWSPREVIOUS) has no value for the staging label (ResourceNotFoundException`,
    advises: 'correct the option versionStage',
    arrange: (account) => options(account, { versionStage: 'AWSPREVIOUS' }),
  },
  {
    what: 'the secret is marked for deletion',
    code: 'secret-marked-for-deletion',
    says: `The ${secretInRegion} is marked for deletion (InvalidRequestException`,
    advises: 'aws secretsmanager restore-secret',
    arrange: (account) => {
      account.secrets.deleteSecret(secretId);
      return options(account);
    },
  },
  {
    what: 'IAM does not allow the secret',
    code: 'access-denied',
    says: `The ${secretInRegion} may not be read by the role of this process (AccessDeniedException`,
    advises: 'Allow secretsmanager:GetSecretValue on the secret’s ARN in the role’s IAM policy.',
    arrange: (account) => {
      account.secrets.faults.accessDenied({ times: Infinity });
      return options(account);
    },
  },
  {
    what: 'KMS does not allow the secret’s key',
    code: 'kms-access-denied',
    says: `The ${secretInRegion} cannot be decrypted with the role of this process (AccessDeniedException`,
    advises: 'Allow kms:Decrypt on the secret’s KMS key',
    arrange: (account) => {
      account.secrets.faults.kmsDenied({ times: Infinity });
      return options(account);
    },
  },
  {
    what: 'there are no AWS credentials',
    code: 'aws-credentials-missing',
    says: `The ${secretInRegion} cannot be read without AWS credentials (CredentialsProviderError)`,
    advises: 'Run with an IAM role, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    arrange: (account) => {
      stubEnvironment(withoutAwsCredentials);
      return options(account);
    },
  },
  {
    what: 'the region contradicts the ARN',
    code: 'region-mismatch',
    says: /^The ARN of secret 'arn:aws:secretsmanager:eu-west-1:\d{12}:secret:[\w/-]+' is in eu-west-1, but the option region is us-east-1\./,
    advises: 'Leave the option region out',
    arrange: (account) => {
      const { arn } = account.secrets.putSecret(secretId, account.key, { region: 'eu-west-1' });
      return options(account, { secretId: arn, region: 'us-east-1' });
    },
  },
  {
    what: 'the secret is empty',
    code: 'secret-empty',
    says: `The value of ${secretInRegion} is empty.`,
    advises: 'Store a Momento key in it, in plaintext.',
    arrange: stored(() => ''),
  },
  {
    what: 'the secret is JSON without a known field',
    code: 'secret-field-missing',
    says: `The value of ${secretInRegion} has no text in 'apiKey', 'authToken', 'api_key': it has the fields 'momento', (another).`,
    advises: "Store the key in plaintext or in the field 'apiKey', or name its field with the option field.",
    arrange: stored((key) => JSON.stringify({ momento: key, [key]: true })),
  },
  {
    what: 'the secret is JSON without the field that is asked for',
    code: 'secret-field-missing',
    says: `The value of ${secretInRegion} has no text in 'cacheKey': it has the fields 'apiKey'.`,
    advises: 'name its field with the option field',
    arrange: (account) => {
      account.secrets.putSecret(secretId, JSON.stringify({ apiKey: account.key }));
      return options(account, { field: 'cacheKey' });
    },
  },
  {
    what: 'the secret is not a key at all',
    code: 'key-malformed',
    says: `The value of ${secretInRegion} is not a Momento key: it is neither a JWT nor base64 of JSON.`,
    advises: 'Store the key as the Momento console shows it',
    arrange: stored((key) => key.slice(0, -40)),
  },
  {
    what: 'the secret is a key in broken lines',
    code: 'key-malformed',
    says: `The value of ${secretInRegion} is not a Momento key: it has spaces, line breaks`,
    advises: 'Store the key as the Momento console shows it',
    arrange: stored((key) => Buffer.from(key.replace(/.{64}/g, '$&\n'))),
  },
  {
    what: 'the secret is base64 of something else',
    code: 'key-malformed',
    says: `The value of ${secretInRegion} is not a Momento key: it is base64 of JSON, but without the fields api_key and endpoint.`,
    advises: 'Store the key as the Momento console shows it',
    arrange: stored((key) => Buffer.from(JSON.stringify({ key })).toString('base64')),
  },
  {
    what: 'a v2 key comes without an endpoint',
    code: 'endpoint-missing',
    says: `The key of ${secretInRegion} is a v2 key, which does not say where Momento is.`,
    advises:
      "Set the option endpoint to the region's endpoint, or store JSON with the fields apiKey and endpoint.",
    arrange: stored(() => makeV2Key(), { endpoint: undefined }),
  },
  {
    what: 'the option endpoint has a scheme',
    code: 'endpoint-malformed',
    says: 'The Momento endpoint in the option endpoint is not a host name: it has a scheme.',
    advises: 'Give the host alone, without scheme, path or spaces',
    arrange: stored(() => makeV2Key(), { endpoint: 'https://cell-0.example.com' }),
  },
  {
    what: 'the secret’s endpoint has a path',
    code: 'endpoint-malformed',
    says: `The Momento endpoint in ${secretInRegion} is not a host name: it has a path.`,
    advises: 'Give the host alone, without scheme, path or spaces',
    arrange: stored((key) => JSON.stringify({ apiKey: key, endpoint: 'cell-0.example.com/cache' }), {
      endpoint: undefined,
    }),
  },
  {
    what: 'the key is expired',
    code: 'key-expired',
    says: `The key of ${secretInRegion} expired at 2020-09-13T12:26:40.000Z.`,
    advises: 'Make a new key in the Momento console and store it there.',
    arrange: stored(() => makeV1Key(makeJwt({ exp: 1_600_000_000 }))),
  },
  {
    what: 'the key is expired by the secret’s validUntil',
    code: 'key-expired',
    says: `The key of ${secretInRegion} expired at 2020-09-13T12:26:40.000Z.`,
    advises: 'Make a new key in the Momento console and store it there.',
    arrange: stored((key) => JSON.stringify({ authToken: key, validUntil: '1600000000' })),
  },
  {
    what: 'Secrets Manager refuses connections',
    code: 'source-unreachable',
    says: `No key came from ${secretInRegion} within ${shortly} s.`,
    advises:
      'Check that the process can reach it (network, VPC endpoint, security group), or raise the option bootTimeoutSeconds.',
    arrange: async (account) => {
      await account.secrets.faults.down();
      return { ...options(account), bootTimeoutSeconds: shortly };
    },
  },
  {
    what: 'Secrets Manager never answers',
    code: 'source-unreachable',
    says: `No key came from ${secretInRegion} within ${shortly} s. It did not answer.`,
    advises: 'Check that the process can reach it (network, VPC endpoint, security group)',
    arrange: (account) => {
      account.secrets.faults.noAnswer({ times: Infinity });
      return { ...options(account), bootTimeoutSeconds: shortly };
    },
  },
  {
    what: 'Secrets Manager answers garbage',
    code: 'source-unreachable',
    says: `No key came from ${secretInRegion} within ${shortly} s. Reading ${secretInRegion} from Secrets Manager failed (SyntaxError`,
    advises: 'Check that the process can reach it',
    arrange: (account) => {
      account.secrets.faults.garbage({ times: Infinity });
      return { ...options(account), bootTimeoutSeconds: shortly };
    },
  },
  {
    what: 'what answers for Secrets Manager gives the key without JSON',
    code: 'source-unreachable',
    says: `No key came from ${secretInRegion} within ${shortly} s. Reading ${secretInRegion} from Secrets Manager failed (SyntaxError`,
    advises: 'Check that the process can reach it',
    arrange: async (account) => {
      const endpoint = await answerEverythingWith(account.key);
      return { ...options(account, { endpoint }), bootTimeoutSeconds: shortly };
    },
  },
  {
    what: 'Secrets Manager throttles all the time',
    code: 'source-unreachable',
    says: `Reading ${secretInRegion} from Secrets Manager failed (ThrottlingException`,
    advises: 'Look for what else calls Secrets Manager that often',
    arrange: (account) => {
      account.secrets.faults.throttle({ times: Infinity });
      return { ...options(account), bootTimeoutSeconds: 2 };
    },
  },
  {
    what: 'the environment variable is not set',
    code: 'environment-variable-missing',
    says: "The environment variable 'MOMENTO_API_KEY' is not set.",
    advises: 'Set it to a Momento key, or say with the option credentials where the key is',
    arrange: () => ({ cacheName }),
  },
  {
    what: 'the key is given in the place of the environment variable’s name',
    code: 'environment-variable-missing',
    says: "The environment variable '[REDACTED]' is not set.",
    advises: "Give the name of the variable, such as 'MOMENTO_API_KEY', not what it holds.",
    arrange: ({ key }) => ({ cacheName, credentials: fromEnvironment({ apiKeyVariable: key }) }),
  },
  {
    what: 'the file is not there',
    code: 'file-unreadable',
    says: /^No key .* file '.+no-such-folder.momento' within 0.5 s. The file '.+' cannot be read \(ENOENT\)\./,
    advises: 'Check that the secret is mounted there',
    arrange: () => ({
      cacheName,
      bootTimeoutSeconds: shortly,
      credentials: fromSecretFile({ path: join(tmpdir(), 'no-such-folder', 'momento') }),
    }),
  },
  {
    what: 'the extension does not accept the token',
    code: 'access-denied',
    says: `The secret '${secretId}' by the Secrets Manager extension on port`,
    advises: 'Lambda sets AWS_SESSION_TOKEN',
    arrange: ({ secrets }) => {
      stubEnvironment({ AWS_SESSION_TOKEN: 'another' });
      return { cacheName, credentials: fromSecretsExtension({ secretId, port: secrets.port }) };
    },
  },
  {
    what: 'there is no extension',
    code: 'source-unreachable',
    says: `No key came from secret '${secretId}' by the Secrets Manager extension on port`,
    advises: 'Add the AWS Parameters and Secrets Lambda extension as a layer',
    arrange: async ({ secrets }) => {
      await secrets.faults.down();
      const credentials = fromSecretsExtension({ secretId, port: secrets.port });
      return { cacheName, credentials, bootTimeoutSeconds: shortly };
    },
  },
  {
    what: 'a source of one’s own returns the key itself',
    code: 'source-failed',
    says: 'No key was found in the vault: it returned something else.',
    advises: 'Return { content } with the text of the key',
    arrange: ({ key }) => {
      const credentials = { describe: () => 'the vault', fetch: async () => ({ content: '' }) };
      Reflect.set(credentials, 'fetch', async () => key);
      return { cacheName, credentials };
    },
  },
  {
    what: 'a source of one’s own fails with the key in its message',
    code: 'source-unreachable',
    says: 'No key came from the vault within 0.5 s. Sealed: [REDACTED].',
    advises: 'Check that the process can reach it',
    arrange: ({ key }) => ({
      cacheName,
      bootTimeoutSeconds: shortly,
      credentials: { describe: () => 'the vault', fetch: () => Promise.reject(new Error(`Sealed: ${key}`)) },
    }),
  },
  {
    what: 'a source of one’s own fails with passwords and lines in its message',
    code: 'source-unreachable',
    says: 'No key came from the vault within 0.5 s. GET https://[REDACTED]@vault.test/v1?token=[REDACTED] failed: X-Vault-Token: [REDACTED] Authorization: Bearer [REDACTED].',
    advises: 'Check that the process can reach it',
    arrange: () => ({
      cacheName,
      bootTimeoutSeconds: shortly,
      credentials: {
        describe: () => 'the vault',
        fetch: async () => {
          throw new Error(
            'GET https://me:hunter2@vault.test/v1?token=s.1234 failed:\n  X-Vault-Token: root\n  Authorization: Bearer hvs.CAES1\n',
          );
        },
      },
    }),
  },
  {
    what: 'the secret names a server on this machine',
    code: 'endpoint-refused',
    says: `The value of ${secretInRegion} says that Momento is on this machine, without TLS`,
    advises: 'set the option endpoint',
    arrange: (account) => ({ ...options(account), endpoint: undefined }),
  },
  {
    what: 'a proxy stands before a local Momento',
    code: 'proxy-without-tls',
    says: "The connection to '127.0.0.1' has no TLS, and the variable http_proxy leads it through a proxy",
    advises: 'Add 127.0.0.1 to the variable no_proxy',
    arrange: (account) => {
      stubEnvironment({ http_proxy: 'http://127.0.0.1:1' });
      return options(account);
    },
  },
  {
    what: 'the ARN leads elsewhere',
    code: 'secret-request-invalid',
    says: 'is neither a name nor an ARN of a secret.',
    advises: 'Give the name of the secret',
    arrange: (account) =>
      options(account, {
        secretId: 'arn:aws:secretsmanager:@evil.example/#:123456789012:secret:momento-AbCdEf',
      }),
  },
  {
    what: 'the key is given in the place of the secret’s name',
    code: 'secret-request-invalid',
    says: 'The option secretId looks like a Momento key.',
    advises: 'not the key',
    arrange: (account) => options(account, { secretId: account.key }),
  },
  {
    what: 'the key is given in the place of the region',
    code: 'secret-request-invalid',
    says: "The AWS region '[REDACTED]' is not valid.",
    advises: 'Give a region as AWS writes it',
    arrange: (account) => options(account, { region: account.key }),
  },
  {
    what: 'the key is given in the place of the cache’s name',
    code: 'cache-not-found',
    says: "The cache '[REDACTED]' does not exist.",
    advises: 'correct the option cacheName',
    arrange: (account) => ({ ...options(account), cacheName: account.key }),
  },
  {
    what: 'the key is given in the place of an option’s name',
    code: 'invalid-options',
    says: '[REDACTED]: is not an option',
    advises: 'Correct them',
    arrange: (account) => ({ ...options(account), [account.key]: true }),
  },
  {
    what: 'the key is revoked',
    code: 'key-rejected',
    says: `Momento does not accept the key of ${secretInRegion}.`,
    advises: 'Check that the key is not revoked and belongs to the region of the endpoint',
    arrange: (account) => {
      account.momento.revokeApiKey(account.key);
      return options(account);
    },
  },
  {
    what: 'the key is of another region',
    code: 'key-rejected',
    says: `Momento does not accept the key of ${secretInRegion}.`,
    advises: 'belongs to the region of the endpoint',
    arrange: (account) => stored(() => makeV1Key())(account),
  },
  {
    what: 'Momento refuses connections',
    code: 'momento-unreachable',
    says: `Momento could not be reached within ${shortly} s (ECONNREFUSED).`,
    advises: "Check the network and the endpoint, or set onConnectError: 'degrade' to boot without it.",
    arrange: async (account) => {
      await account.momento.faults.down();
      return { ...options(account), bootTimeoutSeconds: shortly };
    },
  },
  {
    what: 'Momento never answers',
    code: 'momento-unreachable',
    says: `Momento could not be reached within ${shortly} s (TIMEOUT_ERROR).`,
    advises: 'Check the network and the endpoint',
    arrange: (account) => {
      account.momento.faults.hang('keys-exist');
      return { ...options(account), bootTimeoutSeconds: shortly };
    },
  },
  {
    what: 'the cache does not exist',
    code: 'cache-not-found',
    says: "The cache 'demo-cash' does not exist.",
    advises: 'Create it in the Momento console, correct the option cacheName, or set createCaches: true.',
    arrange: (account) => ({ ...options(account), cacheName: 'demo-cash' }),
  },
  {
    what: 'several options are wrong',
    code: 'invalid-options',
    says: /^The options of the Momento connection 'default' are not valid:\n {2}- credentials: must be a source such as .*, not a string\n {2}- endpoint: .*\n {2}- cacheName: must be a filled string, not an empty string\n {2}- ttl: is not an option\n {2}- defaultTtlSeconds: must be a number of seconds above 0 \(Momento .* 24 hours.*\), not 0\n {2}- onConnectError: must be 'fail' or 'degrade', not a string\n/,
    advises: 'Correct them where MomentoModule is imported.',
    arrange: ({ key }) => {
      const wrong: MomentoModuleOptions = {};
      const given = {
        credentials: key,
        endpoint: { baseEndpoint: 1 },
        cacheName: '',
        ttl: 60,
        defaultTtlSeconds: 0,
        onConnectError: key,
      };
      return Object.assign(wrong, given);
    },
  },
];
