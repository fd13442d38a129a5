import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  CacheClient,
  CacheGet,
  CacheSet,
  Configurations,
  CredentialProvider,
  MomentoErrorCode,
  NoopMomentoLoggerFactory,
  TopicClient,
  TopicConfigurations,
  TopicSubscribe,
} from '@gomomento/sdk';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { runMomentoLocal } from './run.js';

interface Ready {
  readonly momento: { readonly hostname: string; readonly port: number };
  readonly secretsManager: { readonly hostname: string; readonly port: number };
  readonly apiKey: string;
  readonly caches: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const FREE_PORTS = ['--port', '0', '--secrets-port', '0'];

const running: { readonly stop: AbortController; readonly exitCode: Promise<number> }[] = [];

/** Runs the command; what it writes is kept, and it stops with the test. */
function run(argv: readonly string[], env: Record<string, string> = {}) {
  const written = { stdout: '', stderr: '' };
  const stop = new AbortController();
  const exitCode = runMomentoLocal(argv, env, {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    signal: stop.signal,
  });
  running.push({ stop, exitCode });
  return { written, stop, exitCode };
}

async function runReady(argv: readonly string[] = [], env: Record<string, string> = {}) {
  const command = run([...argv, '--json'], env);
  await expect.poll(() => command.written.stdout, { timeout: 8_000 }).toMatch(/\n$/);
  const ready: Ready = JSON.parse(command.written.stdout);
  return { ...command, ready };
}

afterEach(async () => {
  for (const { stop } of running) stop.abort();
  await Promise.all(running.splice(0).map(({ exitCode }) => exitCode));
});

const readSecret = async (endpoint: string | undefined, SecretId: string) => {
  const client = new SecretsManagerClient({
    ...(endpoint !== undefined && { endpoint }),
    region: 'us-west-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId }))).SecretString;
  } finally {
    client.destroy();
  }
};

describe('momento-local', () => {
  it('starts both servers; the secret holds a key that opens the cache', async () => {
    const { ready, stop, exitCode, written } = await runReady([
      ...FREE_PORTS,
      '--cache',
      'a',
      '--cache',
      'b',
    ]);
    expect(ready.caches).toEqual(['a', 'b']);
    expect(ready.environment).toEqual({
      MOMENTO_ENDPOINT: `127.0.0.1:${ready.momento.port}`,
      MOMENTO_API_KEY: ready.apiKey,
      MOMENTO_SECRET_ID: 'Momento_Auth_Token',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${ready.secretsManager.port}`,
      AWS_REGION: 'us-west-2',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    });
    const { AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint } = ready.environment;
    expect(await readSecret(endpoint, 'Momento_Auth_Token')).toBe(ready.apiKey);
    expect(await useCache(ready, 'a')).toBe('value');
    await expect(useCache({ ...ready, apiKey: forged(ready.apiKey) }, 'b')).rejects.toThrow(/auth/i);
    stop.abort();
    expect(await exitCode).toBe(0);
    expect(written.stderr).toBe('');
    await expect(readSecret(endpoint, 'Momento_Auth_Token')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('prints the addresses and lines to paste into a shell', async () => {
    const { written } = run([...FREE_PORTS, '--secret-id', 'team!key', '--key-version', '2']);
    await expect.poll(() => written.stdout).toContain('Ctrl+C');
    expect(written.stdout).toMatch(/^Momento +127\.0\.0\.1:\d+ .*demo-cache/m);
    expect(written.stdout).toMatch(/^Secrets Manager +http:\/\/127\.0\.0\.1:\d+ .*team!key/m);
    expect(written.stdout).toMatch(/^export MOMENTO_API_KEY=ey[\w-]+\.[\w-]+\.[\w-]+$/m);
    expect(written.stdout).toContain("\nexport MOMENTO_SECRET_ID='team!key'\n");
    expect(written.stdout).toContain('\nexport AWS_REGION=us-west-2\n');
  });

  it('takes its ports from the environment, and a flag before it', async () => {
    const port = await freePort();
    const env = { MOMENTO_LOCAL_PORT: String(port), MOMENTO_LOCAL_SECRETS_PORT: '1' };
    const { ready } = await runReady(['--secrets-port', '0'], env);
    expect(ready.momento.port).toBe(port);
    expect(ready.secretsManager.port).not.toBe(1);
  });

  it('names the loopback address when it listens on all', async () => {
    const { ready } = await runReady([...FREE_PORTS, '--hostname', '0.0.0.0']);
    expect(ready.environment['MOMENTO_ENDPOINT']).toBe(`127.0.0.1:${ready.momento.port}`);
    const { AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint } = ready.environment;
    expect(await readSecret(endpoint, 'Momento_Auth_Token')).toBe(ready.apiKey);
  });

  it.each(['--port', '--secrets-port'])('fails in one line when the port of %s is in use', async (flag) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const { exitCode, written } = run([...FREE_PORTS, flag, port]);
    expect(await exitCode).toBe(1);
    expect(written).toEqual({
      stdout: '',
      stderr: `momento-local: port ${port} on 127.0.0.1 is in use: choose another with ${flag} (0 takes any free one)\n`,
    });
    taken.close();
  });

  it.each([
    ['an unknown flag', ['--prot', '1'], {}, '--prot'],
    ['a word', ['start'], {}, 'start'],
    ['a port that is none', ['--port', '70000'], {}, "--port must be a port from 0 to 65535, not '70000'"],
    ['a port of the environment', [], { MOMENTO_LOCAL_PORT: 'x' }, 'MOMENTO_LOCAL_PORT must be a port'],
    ['a key version', ['--key-version', '3'], {}, "--key-version must be 1, 2 or none, not '3'"],
    ['limits', ['--limits', 'all'], {}, "--limits must be sizes or documented, not 'all'"],
    ['limits of the environment', [], { MOMENTO_LOCAL_LIMITS: 'x' }, 'MOMENTO_LOCAL_LIMITS must be sizes or'],
    ['no bytes', ['--max-bytes', '0'], {}, "--max-bytes must be a number of bytes, at least 1, not '0'"],
    [
      'bytes of the environment',
      [],
      { MOMENTO_LOCAL_MAX_BYTES: '1e6' },
      'MOMENTO_LOCAL_MAX_BYTES must be a number',
    ],
  ])('refuses %s', async (_, argv, env, message) => {
    const { exitCode, written } = run(argv, env);
    expect(await exitCode).toBe(2);
    expect(written.stderr).toContain(message);
    expect(written.stderr).toContain('Try momento-local --help');
    expect(written.stdout).toBe('');
  });

  it('says what is wrong with a name, and stops both servers', async () => {
    const { exitCode, written } = run([...FREE_PORTS, '--secret-id', 'a b']);
    expect(await exitCode).toBe(1);
    expect(written.stderr).toMatch(/^momento-local: Invalid name.*\n$/);
  });

  it('--help explains each flag and starts nothing', async () => {
    const { exitCode, written } = run(['--help', ...FREE_PORTS]);
    expect(await exitCode).toBe(0);
    for (const flag of [
      '--port',
      '--secrets-port',
      '--hostname',
      '--cache',
      '--seed',
      '--max-bytes',
      '--limits',
      '--key-version',
      '--secret-id',
      '--json',
      '--help',
    ]) {
      expect(written.stdout).toContain(`${flag} `);
    }
    for (const name of ['PORT', 'SECRETS_PORT', 'SEED', 'MAX_BYTES', 'LIMITS', 'KEY_VERSION']) {
      expect(written.stdout).toContain(`[MOMENTO_LOCAL_${name}`);
    }
    for (const line of written.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });
});

describe('momento-local --key-version', () => {
  it('none: accepts every call, and prints the same key each time', async () => {
    const port = String(await freePort());
    const argv = ['--port', port, '--secrets-port', '0', '--key-version', 'none'];
    const first = await runReady(argv);
    expect(await useCache(first.ready, 'demo-cache')).toBe('value');
    expect(await useCache({ ...first.ready, apiKey: forged(first.ready.apiKey) }, 'demo-cache')).toBe(
      'value',
    );
    const { AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint } = first.ready.environment;
    expect(await readSecret(endpoint, 'Momento_Auth_Token')).toBe(first.ready.apiKey);
    first.stop.abort();
    await first.exitCode;
    const second = await runReady(argv);
    expect(second.ready.apiKey).toBe(first.ready.apiKey);
  });

  it('says in the text for people that any key is accepted', async () => {
    const { written } = run(FREE_PORTS, { MOMENTO_LOCAL_KEY_VERSION: 'none' });
    await expect.poll(() => written.stdout).toContain('any other is accepted as well');
  });
});

describe('momento-local --max-bytes', () => {
  it.each([
    ['the flag', ['--max-bytes', '20'], {}],
    ['the environment', [], { MOMENTO_LOCAL_MAX_BYTES: '20' }],
  ])('by %s, lets the least recently used items go', async (_, argv, env) => {
    const { ready } = await runReady([...FREE_PORTS, ...argv], env);
    const client = cacheClientFor(ready);
    await client.set('demo-cache', 'first', '0123456789');
    await client.set('demo-cache', 'second', '0123456789');
    expect(valueOf(await client.get('demo-cache', 'first'))).toBeUndefined();
    expect(valueOf(await client.get('demo-cache', 'second'))).toBe('0123456789');
  });
});

describe('momento-local --limits', () => {
  const twoDaysSeconds = 2 * 24 * 60 * 60;

  it.each([
    ['documented, by the flag', ['--limits', 'documented'], {}, CacheSet.Error],
    ['documented, by the environment', [], { MOMENTO_LOCAL_LIMITS: 'documented' }, CacheSet.Error],
    [
      'sizes, by a flag that wins',
      ['--limits', 'sizes'],
      { MOMENTO_LOCAL_LIMITS: 'documented' },
      CacheSet.Success,
    ],
    ['sizes, by an empty variable', [], { MOMENTO_LOCAL_LIMITS: '' }, CacheSet.Success],
  ])('%s', async (_, argv, env, answer) => {
    const { ready } = await runReady([...FREE_PORTS, ...argv], env);
    const set = cacheClientFor(ready).set('demo-cache', 'key', 'value', { ttl: twoDaysSeconds });
    expect(await set).toBeInstanceOf(answer);
  });
});

describe('momento-local --seed', () => {
  it('holds the items when it says that it is ready, and creates their caches', async () => {
    const seed = await temporaryFile(
      JSON.stringify({
        'demo-cache': { text: 'as it is', ' ': 'under a space' },
        users: { 'user:1': { name: 'Ada' }, count: 3, nothing: null, flags: [true], ü: 'ñ' },
        empty: {},
      }),
    );
    const { ready, written } = await runReady([...FREE_PORTS, '--seed', seed]);
    expect(ready.caches).toEqual(['demo-cache', 'users', 'empty']);
    const client = cacheClientFor(ready);
    const values = async (cacheName: string, ...keys: string[]) =>
      Promise.all(keys.map(async (key) => valueOf(await client.get(cacheName, key))));
    expect(await values('demo-cache', 'text', ' ')).toEqual(['as it is', 'under a space']);
    expect(await values('users', 'user:1', 'count', 'nothing', 'flags', 'ü')).toEqual([
      '{"name":"Ada"}',
      '3',
      'null',
      '[true]',
      'ñ',
    ]);
    expect(await useCache(ready, 'empty')).toBe('value');
    await expect(useCache({ ...ready, apiKey: forged(ready.apiKey) }, 'users')).rejects.toThrow(/auth/i);
    expect(written.stderr).toBe('');
  });

  it('is in at once, however many items a second the documented limits allow', async () => {
    const items = Object.fromEntries(Array.from({ length: 1_050 }, (_, index) => [`key-${index}`, index]));
    const caches = { one: items, two: {}, three: {}, four: {} };
    const env = { MOMENTO_LOCAL_SEED: await temporaryFile(JSON.stringify(caches)) };
    const startedAt = performance.now();
    const { ready } = await runReady([...FREE_PORTS, '--limits', 'documented'], env);
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    const client = cacheClientFor(ready);
    expect(valueOf(await client.get('one', 'key-0'))).toBe('0');
    expect(valueOf(await client.get('one', 'key-1049'))).toBe('1049');
    expect(await client.set('four', 'key', 'value')).toBeInstanceOf(CacheSet.Success);
  });

  it.each([
    ['no JSON', 'a: 1\nb: 2\n', /not JSON: .+/],
    ['a list', '[]', /it must hold \{ "cache": \{ "key": value, \.\.\. \}, \.\.\. \}/],
    ['items in no cache', '{"key":"value"}', /cache 'key' is no object of items/],
    ['a list of items', '{"a":{},"b":["value"]}', /cache 'b' is no object of items/],
    ['a key without a name', '{"a":{"good":1,"":2}}', /key '' of cache 'a': .*must not be empty/],
    ['a cache without a name', '{" ":{}}', /cache ' ': The cache name must not be empty/],
    [
      'an item that is too large',
      JSON.stringify({ a: { big: 'x'.repeat(11_000_000) } }),
      /key 'big' of cache 'a': /,
    ],
  ])('refuses %s in one line', async (_, content, reason) => {
    const file = await temporaryFile(content);
    const { exitCode, written } = run([...FREE_PORTS, '--seed', file]);
    expect(await exitCode).toBe(2);
    expect(written.stdout).toBe('');
    expect(written.stderr).toMatch(/^momento-local: cannot seed from [^\n]+\n$/);
    expect(written.stderr).toContain(file);
    expect(written.stderr).toMatch(reason);
  });

  it('refuses a file that cannot be read', async () => {
    const { exitCode, written } = run([...FREE_PORTS, '--seed', '/nowhere/seed.json']);
    expect(await exitCode).toBe(2);
    expect(written.stdout).toBe('');
    expect(written.stderr).toMatch(/^momento-local: cannot seed from \/nowhere\/seed.json: ENOENT[^\n]+\n$/);
  });
});

describe('momento-local, at SIGTERM', () => {
  it('ends subscriptions with UNAVAILABLE and exits 0', async () => {
    const { ready, stop, exitCode } = await runReady(FREE_PORTS);
    const configuration = TopicConfigurations.Default.latest(new NoopMomentoLoggerFactory());
    // So that the client tells how the subscription ended, instead of resuming it.
    vi.spyOn(configuration.getSubscriptionRetryStrategy(), 'determineWhenToResubscribe').mockReturnValue(
      null,
    );
    const client = new TopicClient({ credentialProvider: credentialsFor(ready), configuration });
    const endings: MomentoErrorCode[] = [];
    const subscription = await client.subscribe('demo-cache', 'topic', {
      onError: (error) => void endings.push(error.errorCode()),
    });
    expect(subscription).toBeInstanceOf(TopicSubscribe.Subscription);

    stop.abort();

    expect(await exitCode).toBe(0);
    await expect.poll(() => endings).toEqual([MomentoErrorCode.SERVER_UNAVAILABLE]);
  });
});

const forged = (apiKey: string) => {
  const content: object = JSON.parse(Buffer.from(apiKey, 'base64').toString());
  return Buffer.from(JSON.stringify({ ...content, api_key: 'forged' })).toString('base64');
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

function credentialsFor({ apiKey, environment }: Ready): CredentialProvider {
  const endpoint = environment['MOMENTO_ENDPOINT'] ?? '';
  return CredentialProvider.fromString({
    apiKey,
    endpointOverrides: {
      cacheEndpoint: endpoint,
      controlEndpoint: endpoint,
      tokenEndpoint: endpoint,
      secureConnection: false,
    },
  });
}

/** The SDK's client, closed when the test ends. */
function cacheClientFor(ready: Ready): CacheClient {
  const client = new CacheClient({
    configuration: Configurations.Lambda.latest(),
    credentialProvider: credentialsFor(ready),
    defaultTtlSeconds: 60,
  });
  onTestFinished(() => client.close());
  return client;
}

/** Writes and reads one item with the SDK's client. */
async function useCache(ready: Ready, cacheName: string): Promise<string | undefined> {
  const client = cacheClientFor(ready);
  const written = await client.set(cacheName, 'key', 'value');
  if (written instanceof CacheSet.Error) throw written.innerException();
  return valueOf(await client.get(cacheName, 'key'));
}

const valueOf = (answer: CacheGet.Response) =>
  answer instanceof CacheGet.Hit ? answer.valueString() : undefined;

/** A file for the length of the test. */
async function temporaryFile(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'momento-local-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'seed.json');
  await writeFile(file, content);
  return file;
}
