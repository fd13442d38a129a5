import dns from 'node:dns';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { stubEnvironment, useIsolatedEnvironment } from '../../../test/support/stubbed-environment.js';
import { Canary, printed, reachableTexts } from '../../../test/support/canary.js';
import { failureOf, makeV1Key } from '../../../test/support/keys.js';
import { fetchedInClear } from '../../../test/support/fetched-in-clear.js';
import { SecretsManagerLocal } from '../../local/index.js';
import type { CredentialSource } from '../fetched/credential-source.js';
import { followSource } from './follow-source.fixture.js';
import { fromSecretsExtension, type SecretsExtensionSourceOptions } from './secrets-extension.source.js';

useIsolatedEnvironment();

/** The extension's path, on the port of an embedded Secrets Manager. */
let extension: SecretsManagerLocal;

beforeEach(async () => {
  stubEnvironment({ AWS_SESSION_TOKEN: 'session' });
  extension = await SecretsManagerLocal.start({ sessionToken: 'session' });
});

afterEach(() => extension.stop());

const createSource = (options: SecretsExtensionSourceOptions = {}): CredentialSource =>
  fromSecretsExtension({ secretId: 'momento', port: extension.port, ...options });

const fetchFrom = (source: CredentialSource, refresh = false, signal = new AbortController().signal) =>
  fetchedInClear(source, { refresh, signal });

const where = () => `secret 'momento' by the Secrets Manager extension on port ${extension.port}`;

/** What the source makes of an answer that the embedded server does not give. */
async function failureOfAnswer(status: number, body: string): Promise<unknown> {
  const port = await listenOn('localhost', (_request, response) => {
    response.writeHead(status, { connection: 'close' }).end(body);
  });
  return failureOf(() => fetchFrom(createSource({ port })));
}

describe('fromSecretsExtension', () => {
  it('reads what Momento’s documented example reads, by the default port, when it is told nothing', () => {
    expect(fromSecretsExtension().describe()).toBe(
      "secret 'Momento_Auth_Token' by the Secrets Manager extension on port 2773",
    );
  });

  it('shows the extension the session’s token, and asks for the current value', async () => {
    const { versionId } = extension.putSecret('momento', 'the key');
    expect(await fetchFrom(createSource())).toEqual({ content: 'the key', versionId });
    expect(extension.calls.at(-1)).toMatchObject({
      operation: 'ExtensionGet',
      secretId: 'momento',
      versionStage: 'AWSCURRENT',
      status: 200,
    });
  });

  it('reads another stage, and says which', async () => {
    extension.putSecret('momento', 'the former key');
    extension.putSecret('momento', 'the key');
    const source = createSource({ versionStage: 'AWSPREVIOUS' });
    expect(await fetchFrom(source)).toMatchObject({ content: 'the former key' });
    expect(source.describe()).toMatch(/ \(AWSPREVIOUS\)$/);
  });

  it('reads binary values and names with a path, and passes the field on', async () => {
    extension.putSecret('prod/momento+1', new TextEncoder().encode('the key'));
    expect(await fetchFrom(createSource({ secretId: 'prod/momento+1', field: 'cache' }))).toMatchObject({
      content: 'the key',
      field: 'cache',
    });
  });

  it('goes past the extension’s cache when it refreshes, and only then', async () => {
    extension.putSecret('momento', makeV1Key());
    const source = createSource();
    await fetchFrom(source);
    const { versionId } = extension.putSecret('momento', makeV1Key());
    expect(await fetchFrom(source)).not.toMatchObject({ versionId });
    expect(await fetchFrom(source, true)).toMatchObject({ versionId });
    expect(extension.callCount('GetSecretValue')).toBe(2);
  });

  it('waits for an extension that is not ready yet', async () => {
    extension.putSecret('momento', makeV1Key());
    extension.faults.notReady({ times: 2 });
    const source = createSource();
    const credentials = followSource(source);
    await expect(credentials.current()).resolves.toMatchObject({ versionId: expect.any(String) });
    expect(extension.callCount('ExtensionGet')).toBe(3);
  });

  it('ends when the signal is aborted', async () => {
    extension.faults.noAnswer();
    const controller = new AbortController();
    const fetching = failureOf(() => fetchFrom(createSource(), false, controller.signal));
    await vi.waitUntil(() => extension.callCount('ExtensionGet') === 1);
    controller.abort();
    expect(await fetching).toMatchObject({ name: 'SourceUnavailableError' });
  });
});

/** A server that is not the extension, on the port that is asked. */
async function listenOn(host: string, listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server.listen(0, host), 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('fromSecretsExtension, its request', () => {
  it('follows no redirect: its token is for this machine alone', async () => {
    const elsewhere: IncomingHttpHeaders[] = [];
    const there = await listenOn('127.0.0.1', (request, response) => {
      elsewhere.push(request.headers);
      response.end('{"SecretString":"another key"}');
    });
    for (const status of [301, 302, 307, 308]) {
      const port = await listenOn('127.0.0.1', (_request, response) => {
        response
          .writeHead(status, { location: `http://127.0.0.1:${there}/` })
          .end('{"SecretString":"the key"}');
      });
      expect(await failureOf(() => fetchFrom(createSource({ port })))).toMatchObject({
        name: 'SourceUnavailableError',
        message: expect.stringContaining(`failed (HTTP ${status})`),
      });
    }
    expect(elsewhere).toEqual([]);
  });

  it.each([
    ['its length said', { 'content-length': String(2 ** 30) }],
    ['its length not said', {}],
  ])('reads at most 64 KiB of an answer without end, %s', async (_what, headers) => {
    let written = 0;
    const ended = vi.fn<() => void>();
    const port = await listenOn('127.0.0.1', (_request, response) => {
      response.writeHead(200, headers).on('close', ended);
      const chunk = '"'.repeat(16_384);
      const write = () => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length;
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    });
    expect(await failureOf(() => fetchFrom(createSource({ port })))).toMatchObject({
      name: 'SourceUnavailableError',
    });
    await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce());
    // What the sockets hold is beyond what is read.
    expect(written).toBeLessThan(16 * 2 ** 20);
  });

  it('reads an answer of nearly 64 KiB', async () => {
    const value = 'x'.repeat(65_000);
    const port = await listenOn('127.0.0.1', (_request, response) => {
      response.end(JSON.stringify({ SecretString: value }));
    });
    expect(await fetchFrom(createSource({ port }))).toEqual({ content: value });
  });

  it.each(['127.0.0.1', '::1'])('finds the extension on %s', async (host) => {
    const port = await listenOn(host, (_request, response) => {
      response.end('{"SecretString":"the key"}');
    });
    expect(await fetchFrom(createSource({ port }))).toEqual({ content: 'the key' });
  });

  it('asks no resolver where this machine is', async () => {
    const lookup = vi.spyOn(dns, 'lookup');
    onTestFinished(() => lookup.mockRestore());
    extension.putSecret('momento', 'the key');
    await fetchFrom(createSource());
    expect(lookup).not.toHaveBeenCalled();
  });

  it.each<[string, object, string]>([
    [
      'an ARN whose region leads elsewhere',
      { secretId: 'arn:aws:secretsmanager:@evil.example/#:1:secret:a' },
      'secretId',
    ],
    ['a stage with a line break', { versionStage: 'A\r\nB' }, 'versionStage'],
    ['a port that is a host', { port: '@evil.example' }, 'the option port is not a port'],
    ['a port that is none', { port: 65_536 }, 'the option port is not a port'],
    ['a key in the place of the port', { port: makeV1Key() }, 'on port (not a port)'],
  ])('is not made with %s', async (_what, options, message) => {
    const failure = await failureOf(() => fetchFrom(createSource(Object.assign({}, options))));
    expect(failure).toMatchObject({
      code: 'secret-request-invalid',
      message: expect.stringContaining(message),
      advice: expect.stringMatching(/^Give /),
    });
    expect(String(failure)).not.toMatch(/eyJ|\p{C}/u);
    expect(extension.callCount()).toBe(0);
  });

  it('shows no key when what it fetched is printed', async () => {
    const key = makeV1Key();
    extension.putSecret('momento', key);
    const found = await createSource().fetch({ signal: new AbortController().signal, refresh: false });
    expect(new Canary(key).findIn(`${printed(found)} ${reachableTexts(found)}`)).toBeUndefined();
  });
});

describe('fromSecretsExtension, its failures', () => {
  it.each<[string, () => unknown, string, string, string]>([
    [
      'an unknown secret',
      () => undefined,
      'secret-not-found',
      'does not exist (ResourceNotFoundException)',
      'Check the secret’s name',
    ],
    [
      'a secret marked for deletion',
      () => {
        extension.putSecret('momento', 'the key');
        extension.deleteSecret('momento');
      },
      'secret-marked-for-deletion',
      'is marked for deletion (InvalidRequestException)',
      'restore-secret',
    ],
    [
      'IAM',
      () => extension.faults.accessDenied(),
      'access-denied',
      'may not be read by the role of this process (AccessDeniedException)',
      'secretsmanager:GetSecretValue',
    ],
    [
      'KMS',
      () => extension.faults.kmsDenied(),
      'kms-access-denied',
      'cannot be decrypted with the role of this process (AccessDeniedException)',
      'kms:Decrypt',
    ],
    [
      'another token',
      () => stubEnvironment({ AWS_SESSION_TOKEN: 'another' }),
      'access-denied',
      'was refused: the extension does not accept AWS_SESSION_TOKEN (HTTP 400)',
      'Lambda sets AWS_SESSION_TOKEN',
    ],
    [
      'no token',
      () => stubEnvironment({ AWS_SESSION_TOKEN: undefined }),
      'access-denied',
      'was refused: AWS_SESSION_TOKEN is not set (HTTP 400)',
      'Lambda sets AWS_SESSION_TOKEN',
    ],
  ])('say what %s needs', async (_what, prepare, code, message, advice) => {
    prepare();
    expect(await failureOf(() => fetchFrom(createSource()))).toMatchObject({
      code,
      message: expect.stringContaining(`The ${where()} ${message}.`),
      advice: expect.stringContaining(advice),
    });
  });

  it('say what a stage without a value needs', async () => {
    extension.putSecret('momento', 'the key');
    const failure = await failureOf(() => fetchFrom(createSource({ versionStage: 'AWSPREVIOUS' })));
    expect(failure).toMatchObject({ code: 'secret-version-not-found' });
  });

  it.each<[number, string, string]>([
    // The open-source agent refuses a token with 403, the Lambda extension with 400.
    [403, 'Bad Token', 'access-denied'],
    [400, 'Bad Token', 'access-denied'],
    [400, '{"__type":"ResourceNotFoundException","message":"not there"}', 'secret-not-found'],
    [400, '{"__type":"com.amazon#ResourceNotFoundException","Message":"not there"}', 'secret-not-found'],
    [403, '{"__type":"AccessDeniedException","message":"Access to KMS is not allowed"}', 'kms-access-denied'],
    [403, 'Forbidden', 'access-denied'],
  ])('answered with %d %s are %s', async (status, body, code) => {
    expect(await failureOfAnswer(status, body)).toMatchObject({ name: 'MomentoConfigurationError', code });
  });

  it.each<[string, number, string]>([
    ['the extension’s trouble', 500, 'an unexpected error occurred while executing request'],
    ['an answer that is no JSON', 200, 'the key, but not in JSON'],
    ['an answer without a value', 200, '{"ARN":"the key"}'],
    ['throttling', 400, '{"__type":"ThrottlingException","Message":"Rate exceeded"}'],
    ['an answer that quotes the key', 502, '{"message":"the key"}'],
  ])('may pass after %s, which is not quoted', async (_what, status, body) => {
    const failure = await failureOfAnswer(status, body);
    expect(failure).toMatchObject({ name: 'SourceUnavailableError' });
    expect(String(failure)).not.toContain('the key');
  });

  it.each<[string, () => unknown]>([
    ['a refused connection', () => extension.faults.down()],
    ['a reset connection', () => extension.faults.reset()],
  ])('may pass after %s, and advise to start the extension', async (_what, fail) => {
    extension.putSecret('momento', 'the key');
    const source = createSource();
    await fail();
    expect(await failureOf(() => fetchFrom(source))).toMatchObject({
      name: 'SourceUnavailableError',
      message: `The ${where()} cannot be reached.`,
      advice: expect.stringContaining('Add the AWS Parameters and Secrets Lambda extension as a layer'),
    });
    await extension.faults.up();
    expect(await fetchFrom(source)).toMatchObject({ content: 'the key' });
  });
});
