import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  InternalServiceError,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SecretsManagerLocal } from '../secrets-manager-local.js';

let secrets: SecretsManagerLocal;
let client: SecretsManagerClient;

const connect = (maxAttempts: number) =>
  new SecretsManagerClient({
    endpoint: secrets.endpoint,
    region: 'us-west-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts,
  });

const read = (abortSignal?: AbortSignal) =>
  client.send(new GetSecretValueCommand({ SecretId: 'key' }), abortSignal ? { abortSignal } : {});

const describing = () => client.send(new DescribeSecretCommand({ SecretId: 'key' }));

beforeEach(async () => {
  secrets = await SecretsManagerLocal.start();
  secrets.putSecret('key', 'value');
  client = connect(1);
});

afterEach(async () => {
  client.destroy();
  await secrets.stop();
});

const lastCall = () => secrets.calls.at(-1);

describe('SecretsManagerFaults', () => {
  it.each([
    ['throttle', { name: 'ThrottlingException', message: 'Rate exceeded' }, 400],
    ['serverError', { name: 'InternalServiceError' }, 500],
    [
      'accessDenied',
      { name: 'AccessDeniedException', message: expect.stringContaining('no identity-based policy') },
      400,
    ],
    ['kmsDenied', { name: 'AccessDeniedException', message: 'Access to KMS is not allowed' }, 400],
  ] as const)('%s is answered as AWS does it, as often as asked', async (fault, error, status) => {
    secrets.faults[fault]({ times: 2 });
    await expect(read()).rejects.toMatchObject({ ...error, $metadata: { httpStatusCode: status } });
    await expect(read()).rejects.toMatchObject(error);
    expect((await read()).SecretString).toBe('value');
    expect(secrets.calls.map((call) => call.error)).toEqual([error.name, error.name, undefined]);
  });

  it('a throttled call is retried by the SDK and then served', async () => {
    client.destroy();
    client = connect(3);
    secrets.faults.throttle().serverError();
    expect(await read()).toMatchObject({ SecretString: 'value', $metadata: { attempts: 3 } });
    expect(secrets.callCount('GetSecretValue')).toBe(3);
  });

  it('a server error is the class that the SDK knows', async () => {
    secrets.faults.serverError();
    await expect(read()).rejects.toThrow(InternalServiceError);
  });

  it('garbage has status 200 and fails in the parser', async () => {
    secrets.faults.garbage();
    await expect(read()).rejects.toThrow(SyntaxError);
    expect(lastCall()).toMatchObject({ status: 200 });
  });

  it('a reset reaches the client as ECONNRESET', async () => {
    secrets.faults.reset();
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(lastCall()).toMatchObject({ status: 0 });
    expect((await read()).SecretString).toBe('value');
  });

  it('no answer hangs until the caller gives up, and the next call is served', async () => {
    secrets.faults.noAnswer();
    const giveUp = new AbortController();
    const hanging = read(giveUp.signal).catch((error: unknown) => error);
    await expect.poll(() => secrets.callCount()).toBe(1);
    giveUp.abort();
    expect(await hanging).toMatchObject({ name: 'AbortError' });
    expect(lastCall()).toMatchObject({ status: 0 });
    expect((await read()).SecretString).toBe('value');
  });

  it('a delay holds the answer back, as it was when the request arrived; and combines with an error', async () => {
    secrets.faults.delay(60, { times: 2 });
    const startMs = performance.now();
    const slow = read();
    await expect.poll(() => secrets.callCount()).toBe(1);
    secrets.putSecret('key', 'newer');
    expect((await slow).SecretString).toBe('value');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(59);
    secrets.faults.throttle();
    const secondMs = performance.now();
    await expect(read()).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(performance.now() - secondMs).toBeGreaterThanOrEqual(59);
  });

  it('a stale read answers the former version once after a move, and says AWSCURRENT', async () => {
    await read();
    secrets.faults.staleRead();
    expect((await read()).SecretString).toBe('value');
    secrets.putSecret('key', 'rotated');
    expect(await read()).toMatchObject({ SecretString: 'value', VersionStages: ['AWSCURRENT'] });
    expect((await read()).SecretString).toBe('rotated');
    secrets.putSecret('key', 'again');
    expect((await read()).SecretString).toBe('again');
  });

  it('meets only the operation it is for', async () => {
    secrets.faults.throttle({ operation: 'DescribeSecret' });
    expect((await read()).SecretString).toBe('value');
    await expect(describing()).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect((await describing()).Name).toBe('key');
  });

  it('comes in the order asked for, until cleared', async () => {
    secrets.faults.kmsDenied().throttle({ times: Infinity });
    await expect(read()).rejects.toThrow('Access to KMS');
    await expect(read()).rejects.toThrow('Rate exceeded');
    await expect(read()).rejects.toThrow('Rate exceeded');
    secrets.faults.clear();
    expect((await read()).SecretString).toBe('value');
  });
});
