import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CacheClient, CacheGet, CacheSet, Configurations, CredentialProvider } from '@gomomento/sdk';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
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
  await expect.poll(() => command.written.stdout).toMatch(/\n$/);
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
    ['a key version', ['--key-version', '3'], {}, '--key-version must be 1 or 2'],
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
      '--key-version',
      '--secret-id',
      '--json',
    ]) {
      expect(written.stdout).toContain(`${flag} `);
    }
    for (const line of written.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
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

/** Writes and reads one item with the SDK's client. */
async function useCache({ apiKey, environment }: Ready, cacheName: string): Promise<string | undefined> {
  const endpoint = environment['MOMENTO_ENDPOINT'] ?? '';
  const credentialProvider = CredentialProvider.fromString({
    apiKey,
    endpointOverrides: {
      cacheEndpoint: endpoint,
      controlEndpoint: endpoint,
      tokenEndpoint: endpoint,
      secureConnection: false,
    },
  });
  const client = new CacheClient({
    configuration: Configurations.Lambda.latest(),
    credentialProvider,
    defaultTtlSeconds: 60,
  });
  try {
    const written = await client.set(cacheName, 'key', 'value');
    if (written instanceof CacheSet.Error) throw written.innerException();
    const answer = await client.get(cacheName, 'key');
    return answer instanceof CacheGet.Hit ? answer.valueString() : undefined;
  } finally {
    client.close();
  }
}
