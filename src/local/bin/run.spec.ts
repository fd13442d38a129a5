import {
  MomentoErrorCode,
  NoopMomentoLoggerFactory,
  TopicClient,
  TopicConfigurations,
  TopicSubscribe,
} from '@gomomento/sdk';
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  FREE_PORTS,
  credentialsFor,
  forged,
  freePort,
  readSecret,
  run,
  runReady,
  stopAfterEach,
  useCache,
} from './run.fixture.js';

stopAfterEach();

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

  it('names the loopback address when it listens on all, and warns', async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    onTestFinished(() => emitWarning.mockRestore());
    const { ready } = await runReady([...FREE_PORTS, '--hostname', '0.0.0.0']);
    expect(ready.environment['MOMENTO_ENDPOINT']).toBe(`127.0.0.1:${ready.momento.port}`);
    const { AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint } = ready.environment;
    expect(await readSecret(endpoint, 'Momento_Auth_Token')).toBe(ready.apiKey);
    expect(emitWarning).toHaveBeenCalledTimes(2);
  });

  it('answers requests for the hosts that it is told of', async () => {
    const { ready } = await runReady([
      ...FREE_PORTS,
      '--allowed-host',
      'secrets',
      '--allowed-host',
      'aws.test',
    ]);
    const { AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint = '' } = ready.environment;
    const statusFor = async (host: string) => {
      const [response] = await once(request(endpoint, { headers: { host } }).end(), 'response');
      return response.statusCode;
    };

    // A GET is not allowed; a host that is not known, still less.
    expect(await Promise.all(['secrets:8081', 'aws.test', 'other'].map(statusFor))).toEqual([405, 405, 403]);
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
