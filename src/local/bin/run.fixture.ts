import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CacheClient, CacheGet, CacheSet, Configurations, CredentialProvider } from '@gomomento/sdk';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished } from 'vitest';
import { runMomentoLocal } from './run.js';

export interface Ready {
  readonly momento: { readonly hostname: string; readonly port: number };
  readonly secretsManager: { readonly hostname: string; readonly port: number };
  readonly apiKey: string;
  readonly caches: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export const FREE_PORTS = ['--port', '0', '--secrets-port', '0'];

const running: { readonly stop: AbortController; readonly exitCode: Promise<number> }[] = [];

/** Runs the command; what it writes is kept, and it stops with the test. */
export function run(argv: readonly string[], env: Record<string, string> = {}) {
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

export async function runReady(argv: readonly string[] = [], env: Record<string, string> = {}) {
  const command = run([...argv, '--json'], env);
  await expect.poll(() => command.written.stdout, { timeout: 8_000 }).toMatch(/\n$/);
  const ready: Ready = JSON.parse(command.written.stdout);
  return { ...command, ready };
}

/** To be called once by each file that runs the command: what was started stops with its test. */
export function stopAfterEach(): void {
  afterEach(async () => {
    for (const { stop } of running) stop.abort();
    await Promise.all(running.splice(0).map(({ exitCode }) => exitCode));
  });
}

export const readSecret = async (endpoint: string | undefined, SecretId: string) => {
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

export const forged = (apiKey: string) => {
  const content: object = JSON.parse(Buffer.from(apiKey, 'base64').toString());
  return Buffer.from(JSON.stringify({ ...content, api_key: 'forged' })).toString('base64');
};

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

export function credentialsFor({ apiKey, environment }: Ready): CredentialProvider {
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
export function cacheClientFor(ready: Ready): CacheClient {
  const client = new CacheClient({
    configuration: Configurations.Lambda.latest(),
    credentialProvider: credentialsFor(ready),
    defaultTtlSeconds: 60,
  });
  onTestFinished(() => client.close());
  return client;
}

/** Writes and reads one item with the SDK's client. */
export async function useCache(ready: Ready, cacheName: string): Promise<string | undefined> {
  const client = cacheClientFor(ready);
  const written = await client.set(cacheName, 'key', 'value');
  if (written instanceof CacheSet.Error) throw written.innerException();
  return valueOf(await client.get(cacheName, 'key'));
}

export const valueOf = (answer: CacheGet.Response) =>
  answer instanceof CacheGet.Hit ? answer.valueString() : undefined;

/** A file for the length of the test. */
export async function temporaryFile(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'momento-local-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'seed.json');
  await writeFile(file, content);
  return file;
}
