import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  stubEnvironment,
  useIsolatedEnvironment,
  withoutAwsCredentials,
} from '../../../test/support/stubbed-environment.js';
import { Canary, printed, reachableTexts } from '../../../test/support/canary.js';
import { failureOf, makeV1Key } from '../../../test/support/keys.js';
import { fetchedInClear } from '../../../test/support/fetched-in-clear.js';
import { SecretsManagerLocal } from '../../local/index.js';
import type { CredentialSource } from '../fetched/credential-source.js';
import { Secret } from '../key/secret.js';
import { followSource } from './follow-source.fixture.js';
import {
  fromSecretsManager,
  loadAwsSdk,
  type SecretsManagerSourceOptions,
} from './secrets-manager.source.js';

useIsolatedEnvironment();

let secrets: SecretsManagerLocal;

beforeEach(async () => {
  secrets = await SecretsManagerLocal.start();
});

afterEach(() => secrets.stop());

function createSource(options: SecretsManagerSourceOptions = {}): CredentialSource {
  const source = fromSecretsManager({ endpoint: secrets.endpoint, ...options });
  onTestFinished(() => source.close?.());
  return source;
}

function createClient(region?: string): SecretsManagerClient {
  const credentials = { accessKeyId: 'own', secretAccessKey: 'own' };
  const client = new SecretsManagerClient({
    endpoint: secrets.endpoint,
    credentials,
    ...(region !== undefined && { region }),
  });
  onTestFinished(() => client.destroy());
  return client;
}

const fetchFrom = (source: CredentialSource, signal = new AbortController().signal) =>
  fetchedInClear(source, { signal });

const arnIn = (region: string, name = 'momento') => secrets.putSecret(name, makeV1Key(), { region }).arn;

/** The region that a fetch asks in. */
async function readRegion(source: CredentialSource): Promise<string | undefined> {
  await fetchFrom(source);
  return secrets.calls.at(-1)?.region;
}

describe('fromSecretsManager', () => {
  it('reads what Momento’s documented example reads, when it is told nothing', async () => {
    const { versionId } = secrets.putSecret('Momento_Auth_Token', 'the key');
    const source = createSource();
    expect(source.describe()).toBe("secret 'Momento_Auth_Token'");
    expect(await fetchFrom(source)).toEqual({ content: 'the key', versionId });
    expect(source.describe()).toBe("secret 'Momento_Auth_Token' in us-west-2");
    expect(secrets.calls).toMatchObject([
      {
        operation: 'GetSecretValue',
        secretId: 'Momento_Auth_Token',
        versionStage: 'AWSCURRENT',
        region: 'us-west-2',
      },
    ]);
  });

  it('asks nothing before it is needed, and once each time', async () => {
    secrets.putSecret('momento', 'the key');
    const source = createSource({ secretId: 'momento' });
    expect(secrets.callCount()).toBe(0);
    await fetchFrom(source);
    await fetchFrom(source);
    expect(secrets.callCount()).toBe(2);
  });

  it('reads another stage, and says which', async () => {
    secrets.putSecret('momento', 'the former key');
    secrets.putSecret('momento', 'the key');
    const source = createSource({ secretId: 'momento', versionStage: 'AWSPREVIOUS' });
    expect(await fetchFrom(source)).toMatchObject({ content: 'the former key' });
    expect(source.describe()).toBe("secret 'momento' in us-west-2 (AWSPREVIOUS)");
  });

  it('reads binary values, and passes the field on', async () => {
    secrets.putSecret('momento', new TextEncoder().encode('the key'));
    const found = await fetchFrom(createSource({ secretId: 'momento', field: 'cache' }));
    expect(found).toEqual({
      content: 'the key',
      field: 'cache',
      versionId: expect.any(String),
    });
  });

  it('is led to another server by AWS_ENDPOINT_URL_SECRETS_MANAGER', async () => {
    secrets.putSecret('Momento_Auth_Token', 'the key');
    stubEnvironment({ AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint });
    const source = fromSecretsManager();
    onTestFinished(() => source.close?.());
    expect(await fetchFrom(source)).toMatchObject({ content: 'the key' });
  });

  it('reads what is there after a stale read', async () => {
    secrets.putSecret('momento', makeV1Key());
    const source = createSource({ secretId: 'momento' });
    const credentials = followSource(source);
    await credentials.current();
    secrets.faults.staleRead();
    const { versionId } = secrets.putSecret('momento', makeV1Key());
    expect(await credentials.refreshNow()).toMatchObject({ generation: 1 });
    expect(await credentials.refreshNow()).toMatchObject({ generation: 2, versionId });
  });
});

describe('fromSecretsManager, its region', () => {
  it('is the option’s before all else', async () => {
    arnIn('eu-west-1');
    stubEnvironment({ AWS_REGION: 'ap-south-1' });
    const source = createSource({ secretId: 'momento', region: 'eu-west-1' });
    expect(source.describe()).toBe("secret 'momento' in eu-west-1");
    expect(await readRegion(source)).toBe('eu-west-1');
  });

  it('is the ARN’s, whatever AWS_REGION says', async () => {
    stubEnvironment({ AWS_REGION: 'ap-south-1' });
    const source = createSource({ secretId: arnIn('eu-west-1') });
    expect(source.describe()).toMatch(/ in eu-west-1$/);
    expect(await readRegion(source)).toBe('eu-west-1');
  });

  it('is the ARN’s and the option’s, when they agree', async () => {
    const secretId = arnIn('eu-west-1');
    expect(await readRegion(createSource({ secretId, region: 'eu-west-1' }))).toBe('eu-west-1');
  });

  it('is AWS_REGION, for a name', async () => {
    arnIn('eu-west-1');
    stubEnvironment({ AWS_REGION: 'eu-west-1' });
    const source = createSource({ secretId: 'momento' });
    expect(await readRegion(source)).toBe('eu-west-1');
    expect(source.describe()).toBe("secret 'momento' in eu-west-1");
  });

  it('is the profile’s, as the AWS SDK finds it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'aws-config-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(
      join(folder, 'config'),
      '[profile work]\nregion = eu-west-1\naws_access_key_id = local\naws_secret_access_key = local\n',
    );
    // Both at once draw a warning of the AWS SDK's.
    stubEnvironment({
      AWS_CONFIG_FILE: join(folder, 'config'),
      AWS_PROFILE: 'work',
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
    });
    arnIn('eu-west-1');
    expect(await readRegion(createSource({ secretId: 'momento' }))).toBe('eu-west-1');
  });

  it('is that of a client of one’s own', async () => {
    arnIn('eu-west-1');
    stubEnvironment({ AWS_REGION: 'ap-south-1' });
    const source = fromSecretsManager({ secretId: 'momento', client: createClient('eu-west-1') });
    expect(await readRegion(source)).toBe('eu-west-1');
    expect(source.describe()).toBe("secret 'momento' in eu-west-1");
  });

  it.each<[string, () => SecretsManagerSourceOptions, string, string]>([
    [
      'the option contradicts the ARN',
      () => ({ secretId: arnIn('eu-west-1'), region: 'us-east-1' }),
      'is in eu-west-1, but the option region is us-east-1',
      'Leave the option region out',
    ],
    [
      'a client contradicts the ARN',
      () => ({ secretId: arnIn('eu-west-1'), client: createClient('us-east-1') }),
      'is in eu-west-1, but the given client is in us-east-1',
      'Make the client for eu-west-1',
    ],
    [
      'a client contradicts the option',
      () => ({ secretId: 'momento', region: 'eu-west-1', client: createClient('us-east-1') }),
      "secret 'momento' is in eu-west-1, but the given client is in us-east-1",
      'Make the client for eu-west-1',
    ],
  ])('is refused when %s, and nothing is asked', async (_what, options, message, advice) => {
    const failure = await failureOf(() => fetchFrom(createSource(options())));
    expect(failure).toMatchObject({
      code: 'region-mismatch',
      message: expect.stringContaining(message),
      advice: expect.stringContaining(advice),
    });
    expect(secrets.callCount()).toBe(0);
  });

  it('is asked for when a client of one’s own has none', async () => {
    const failure = await failureOf(() =>
      fetchFrom(fromSecretsManager({ secretId: 'momento', client: createClient() })),
    );
    expect(failure).toMatchObject({
      code: 'secret-request-invalid',
      message: expect.stringContaining(
        "The secret 'momento' cannot be read: the given client has no region.",
      ),
      advice: expect.stringContaining('AWS_REGION'),
    });
  });
});

describe('fromSecretsManager, its request', () => {
  const key = makeV1Key();
  const account = '123456789012:secret:momento-AbCdEf';

  it.each<[string, SecretsManagerSourceOptions, string]>([
    [
      'an ARN whose region leads elsewhere',
      { secretId: `arn:aws:secretsmanager:@evil.example/#:${account}` },
      'secretId',
    ],
    ['an ARN of another service', { secretId: `arn:aws:s3:us-west-2:${account}` }, 'secretId'],
    [
      'an ARN without an account',
      { secretId: 'arn:aws:secretsmanager:us-west-2::secret:momento' },
      'secretId',
    ],
    ['a name that AWS does not allow', { secretId: 'a name?' }, "The option secretId, 'a name?', is neither"],
    ['a name with a line break', { secretId: 'momento\n' }, String.raw`'momento\n', is neither`],
    ['an empty name', { secretId: '' }, 'secretId'],
    ['a name that is too long', { secretId: 'a'.repeat(513) }, 'secretId'],
    ['a key in the place of the name', { secretId: key }, 'The option secretId looks like a Momento key.'],
    [
      'a region that leads elsewhere',
      { region: '@evil.example/#' },
      "The AWS region '@evil.example/#' is not valid",
    ],
    ['a region in capitals', { region: 'US-WEST-2' }, "The AWS region 'US-WEST-2' is not valid"],
    ['an empty region', { region: '' }, "The AWS region '' is not valid"],
    ['a key in the place of the region', { region: key }, "The AWS region '[REDACTED]' is not valid"],
    ['an empty stage', { versionStage: '' }, "The option versionStage, '', is not"],
    [
      'a stage with a line break',
      { versionStage: 'A\nB' },
      String.raw`The option versionStage, 'A\nB', is not`,
    ],
    ['a stage that is too long', { versionStage: 'a'.repeat(257) }, 'versionStage'],
  ])('is not made with %s', async (_what, options, message) => {
    const source = createSource({ secretId: 'momento', ...options });
    const failure = await failureOf(() => fetchFrom(source));
    expect(failure).toMatchObject({
      name: 'MomentoConfigurationError',
      code: 'secret-request-invalid',
      message: expect.stringContaining(message),
      advice: expect.stringMatching(/^Give /),
    });
    expect(secrets.callCount()).toBe(0);
    expect(source.describe()).not.toMatch(/[\p{C}]/u);
    expect(`${String(failure)} ${source.describe()}`).not.toContain(key.slice(0, 12));
  });

  it('is not made in a region of the environment that leads elsewhere', async () => {
    stubEnvironment({ AWS_REGION: '@evil.example/#' });
    const failure = await failureOf(() => fetchFrom(createSource({ secretId: 'momento' })));
    expect(failure).toMatchObject({
      code: 'secret-request-invalid',
      message: expect.stringContaining('The AWS region of the environment is not valid.'),
    });
    expect(secrets.callCount()).toBe(0);
  });

  it('is not made in such a region of a client of one’s own', async () => {
    const client = createClient('us-west-2');
    client.config.region = async () => '@evil.example/#';
    const failure = await failureOf(() => fetchFrom(fromSecretsManager({ secretId: 'momento', client })));
    expect(failure).toMatchObject({ code: 'secret-request-invalid' });
    expect(secrets.callCount()).toBe(0);
  });

  it.each(['rds!db-1', 'prod/momento_1+2=3.4@5-6', 'a'.repeat(512)])(
    'is made with the name %s',
    async (secretId) => {
      secrets.putSecret(secretId, 'the key');
      expect(await fetchFrom(createSource({ secretId }))).toMatchObject({ content: 'the key' });
    },
  );
});

describe('fromSecretsManager, what it fetched', () => {
  it.each([(key: string) => key, (key: string) => new TextEncoder().encode(key)])(
    'shows no key when it is printed',
    async (stored) => {
      const key = makeV1Key();
      secrets.putSecret('momento', stored(key));
      const source = createSource({ secretId: 'momento' });
      const found = await source.fetch({ signal: new AbortController().signal, refresh: false });
      expect(new Canary(key).findIn(`${printed(found)} ${reachableTexts(found)}`)).toBeUndefined();
      expect('content' in found && found.content).toBeInstanceOf(Secret);
    },
  );
});

describe('fromSecretsManager, its client', () => {
  it('is kept, and its connections end with the source', async () => {
    secrets.putSecret('momento', 'the key');
    const destroy = vi.spyOn(SecretsManagerClient.prototype, 'destroy');
    onTestFinished(() => destroy.mockRestore());
    const source = fromSecretsManager({ secretId: 'momento', endpoint: secrets.endpoint });
    await source.close?.();
    expect(destroy).not.toHaveBeenCalled();
    await fetchFrom(source);
    await fetchFrom(source);
    await source.close?.();
    await source.close?.();
    expect(destroy).toHaveBeenCalledOnce();
  });

  it('may be one’s own, which is never closed', async () => {
    secrets.putSecret('momento', 'the key');
    const client = createClient('us-west-2');
    const destroy = vi.spyOn(client, 'destroy');
    const source = fromSecretsManager({ secretId: 'momento', client });
    expect(await fetchFrom(source)).toMatchObject({ content: 'the key' });
    await source.close?.();
    expect(destroy).not.toHaveBeenCalled();
    expect(await fetchFrom(source)).toMatchObject({ content: 'the key' });
  });
});

describe('fromSecretsManager, its failures', () => {
  const region = 'us-west-2';

  it.each<[string, () => SecretsManagerSourceOptions, string, string, string]>([
    [
      'an unknown secret',
      () => ({ secretId: 'unknown' }),
      'secret-not-found',
      "The secret 'unknown' in us-west-2 does not exist (ResourceNotFoundException, request ",
      'Check the secret’s name, the region and the AWS account',
    ],
    [
      'a stage without a value',
      () => {
        secrets.putSecret('momento', 'the key');
        return { versionStage: 'AWSPREVIOUS' };
      },
      'secret-version-not-found',
      "The secret 'momento' in us-west-2 (AWSPREVIOUS) has no value for the staging label (ResourceNotFoundException, request ",
      'the option versionStage',
    ],
    [
      'a secret marked for deletion',
      () => {
        secrets.putSecret('momento', 'the key');
        secrets.deleteSecret('momento');
        return {};
      },
      'secret-marked-for-deletion',
      "The secret 'momento' in us-west-2 is marked for deletion (InvalidRequestException, request ",
      'aws secretsmanager restore-secret',
    ],
    [
      'IAM',
      () => {
        secrets.faults.accessDenied();
        return {};
      },
      'access-denied',
      "The secret 'momento' in us-west-2 may not be read by the role of this process (AccessDeniedException, request ",
      'Allow secretsmanager:GetSecretValue',
    ],
    [
      'KMS',
      () => {
        secrets.faults.kmsDenied();
        return {};
      },
      'kms-access-denied',
      "The secret 'momento' in us-west-2 cannot be decrypted with the role of this process (AccessDeniedException, request ",
      'Allow kms:Decrypt',
    ],
    [
      'missing AWS credentials',
      () => {
        stubEnvironment(withoutAwsCredentials);
        return {};
      },
      'aws-credentials-missing',
      "The secret 'momento' in us-west-2 cannot be read without AWS credentials (CredentialsProviderError).",
      'Run with an IAM role, or set AWS_PROFILE',
    ],
    [
      'an endpoint that is no URL',
      () => ({ endpoint: 'localhost' }),
      'secret-request-invalid',
      "The secret 'momento' in us-west-2 cannot be read: the option endpoint is not a URL",
      'such as https://',
    ],
  ])('say what %s needs, and chain nothing', async (_what, options, code, message, advice) => {
    const failure = await failureOf(() =>
      fetchFrom(createSource({ secretId: 'momento', region, ...options() })),
    );
    expect(failure).toMatchObject({
      name: 'MomentoConfigurationError',
      code,
      message: expect.stringContaining(message),
      advice: expect.stringContaining(advice),
    });
    expect(failure).not.toHaveProperty('cause');
  });

  it.each<[string, () => unknown, string]>([
    ['throttling', () => secrets.faults.throttle({ times: 2 }), 'ThrottlingException'],
    ['an internal error', () => secrets.faults.serverError({ times: 2 }), 'InternalServiceError'],
    ['a reset connection', () => secrets.faults.reset({ times: 2 }), 'ECONNRESET'],
    ['garbage', () => secrets.faults.garbage(), 'SyntaxError'],
    ['a refused connection', () => secrets.faults.down(), 'ECONNREFUSED'],
  ])('may pass after %s', async (_what, fail, name) => {
    secrets.putSecret('momento', 'the key');
    const source = createSource({ secretId: 'momento' });
    await fail();
    const failure = await failureOf(() => fetchFrom(source));
    expect(failure).toMatchObject({
      name: 'SourceUnavailableError',
      // Nothing of the message: for an unreadable answer it quotes the answer, which may be the key.
      message: expect.stringMatching(
        /^Reading secret 'momento' in us-west-2 from Secrets Manager failed \([\w ]+(, request [\w-]+)?\)\.$/,
      ),
    });
    expect(failure).toMatchObject({ message: expect.stringContaining(name) });
    expect(failure).not.toHaveProperty('cause');
    await secrets.faults.up();
    expect(await fetchFrom(source)).toMatchObject({ content: 'the key' });
  });

  it.each([
    ['ExpiredTokenException', 'The security token included in the request is expired'],
    ['UnrecognizedClientException', 'The security token included in the request is invalid.'],
    ['InvalidSignatureException', 'Signature not yet current'],
  ])('advise to look at the AWS credentials after %s', async (name, message) => {
    const client = createClient(region);
    vi.spyOn(client, 'send').mockImplementation(() => {
      throw Object.assign(new Error(message), { name });
    });
    const failure = await failureOf(() => fetchFrom(fromSecretsManager({ secretId: 'momento', client })));
    expect(failure).toMatchObject({
      name: 'SourceUnavailableError',
      advice: expect.stringContaining('aws sts get-caller-identity'),
    });
  });

  it('are told apart under Jest as well, where errors of Node are of another realm', async () => {
    const client = createClient(region);
    vi.spyOn(client, 'send').mockImplementation(() => {
      throw runInNewContext(`Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })`);
    });
    const failure = await failureOf(() => fetchFrom(fromSecretsManager({ secretId: 'momento', client })));
    expect(failure).toMatchObject({ message: expect.stringContaining('failed (Error ECONNREFUSED)') });
  });

  it('pass within one fetch when AWS throttles once', async () => {
    secrets.putSecret('momento', 'the key');
    secrets.faults.throttle();
    expect(await fetchFrom(createSource({ secretId: 'momento' }))).toMatchObject({ content: 'the key' });
    expect(secrets.callCount('GetSecretValue')).toBe(2);
  });

  it('pass within the boot’s time when AWS throttles longer', async () => {
    secrets.putSecret('momento', makeV1Key());
    secrets.faults.throttle({ times: 3 });
    const source = createSource({ secretId: 'momento' });
    const credentials = followSource(source);
    await expect(credentials.current()).resolves.toMatchObject({ versionId: expect.any(String) });
    expect(secrets.callCount('GetSecretValue')).toBe(4);
  });

  it('do not wait longer than 3 s for an answer, and ask twice', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    secrets.faults.noAnswer({ times: Infinity });
    const fetching = failureOf(() => fetchFrom(createSource({ secretId: 'momento' })));
    for (const asked of [1, 2]) {
      await vi.waitUntil(() => secrets.callCount('GetSecretValue') === asked, { interval: 10 });
      await vi.advanceTimersByTimeAsync(3_000);
    }
    expect(await fetching).toMatchObject({
      name: 'SourceUnavailableError',
      message: expect.stringContaining('TimeoutError'),
    });
  });

  it('come as soon as the signal is aborted', async () => {
    secrets.faults.noAnswer({ times: Infinity });
    const controller = new AbortController();
    const fetching = failureOf(() => fetchFrom(createSource({ secretId: 'momento' }), controller.signal));
    await vi.waitUntil(() => secrets.callCount('GetSecretValue') === 1);
    controller.abort();
    expect(await fetching).toMatchObject({ name: 'SourceUnavailableError' });
    expect(secrets.callCount('GetSecretValue')).toBe(1);
  });
});

describe('loadAwsSdk', () => {
  const loadFailing = (message: string, code?: string) => () =>
    Promise.reject(Object.assign(new Error(message), code !== undefined && { code }));

  it.each([
    [
      'ESM',
      "Cannot find package '@aws-sdk/client-secrets-manager' imported from /app/x.js",
      'ERR_MODULE_NOT_FOUND',
    ],
    [
      'CommonJS',
      "Cannot find module '@aws-sdk/client-secrets-manager'\nRequire stack:\n- /app/x.js",
      'MODULE_NOT_FOUND',
    ],
  ])('says what to install when the AWS SDK is not there (%s)', async (_build, message, code) => {
    await expect(loadAwsSdk(loadFailing(message, code))).rejects.toMatchObject({
      name: 'MomentoConfigurationError',
      code: 'aws-sdk-missing',
      message:
        'fromSecretsManager() needs the AWS SDK, which is not installed. Run: npm install @aws-sdk/client-secrets-manager',
    });
  });

  it('finds the AWS SDK under `default`, where bundles of ES modules have it', async () => {
    const sdk = await import('@aws-sdk/client-secrets-manager');
    const { GetSecretValueCommand } = sdk;
    const bundled = { default: { SecretsManagerClient, GetSecretValueCommand } };
    expect(await loadAwsSdk(async () => bundled)).toBe(bundled.default);
    expect(await loadAwsSdk(async () => sdk)).toBe(sdk);
  });

  it.each<[string, () => Promise<object>, string]>([
    ['what throws', loadFailing('broken'), '(Error: broken)'],
    [
      'what lacks a package of its own',
      loadFailing(
        "Cannot find module '@smithy/core'\nRequire stack:\n- /app/node_modules/@aws-sdk/client-secrets-manager/dist-cjs/index.js",
        'MODULE_NOT_FOUND',
      ),
      "(Error: Cannot find module '@smithy/core')",
    ],
    ['what throws no error', () => Promise.reject(undefined), '(undefined)'],
    ['an empty module', async () => ({}), '(it has no SecretsManagerClient)'],
    ['an empty default', async () => ({ default: undefined }), '(it has no SecretsManagerClient)'],
    [
      'half of it',
      async () => ({ SecretsManagerClient: class {}, GetSecretValueCommand: 'a stub of a bundler' }),
      '(it has no SecretsManagerClient)',
    ],
  ])('says what to do about %s', async (_what, load, reason) => {
    await expect(loadAwsSdk(load)).rejects.toMatchObject({
      name: 'MomentoConfigurationError',
      code: 'aws-sdk-broken',
      message: `fromSecretsManager() cannot load the AWS SDK ${reason}. Install it again (npm install @aws-sdk/client-secrets-manager@^3.699.0), and leave it out of a bundle if it was bundled.`,
    });
  });

  it('shows one line of what the AWS SDK says, and no key', async () => {
    const message = `broken at ${makeV1Key()}\n    at /app/x.js`;
    const failure = await failureOf(() => loadAwsSdk(loadFailing(message)));
    expect(failure).toMatchObject({ message: expect.stringContaining('(Error: broken at [REDACTED])') });
  });
});

describe('an AWS SDK that does not load', () => {
  it('ends the boot at once, and is not taken for the network', async () => {
    let tries = 0;
    vi.doMock('@aws-sdk/client-secrets-manager', () => {
      tries += 1;
      throw new Error('broken');
    });
    onTestFinished(() => {
      vi.doUnmock('@aws-sdk/client-secrets-manager');
    });
    const credentials = followSource(createSource({ secretId: 'momento' }), 60);
    await expect(credentials.current()).rejects.toMatchObject({ code: 'aws-sdk-broken' });
    expect(tries).toBe(1);
    expect(secrets.callCount()).toBe(0);
  });
});
