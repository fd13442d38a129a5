import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  InvalidParameterException,
  InvalidRequestException,
  ListSecretsCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  RestoreSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SecretsManagerLocal } from './secrets-manager-local.js';

const NAME = 'Momento_Auth_Token';
const NOW_MS = Date.UTC(2026, 5, 1, 12, 30, 0, 250);

let secrets: SecretsManagerLocal;
let clients: SecretsManagerClient[];

const connect = (region = 'us-west-2') => {
  const client = new SecretsManagerClient({
    endpoint: secrets.endpoint,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
};

const read = (input: Partial<GetSecretValueCommand['input']> = {}, client = connect()) =>
  client.send(new GetSecretValueCommand({ SecretId: NAME, ...input }));

beforeEach(async () => {
  clients = [];
  secrets = await SecretsManagerLocal.start({ now: () => NOW_MS });
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  await secrets.stop();
});

describe('SecretsManagerLocal answers the AWS SDK', () => {
  it('GetSecretValue with text and all members', async () => {
    const { arn, versionId } = secrets.putSecret(NAME, 'the key ☂');
    const { $metadata, ...reading } = await read();
    expect(reading).toEqual({
      ARN: arn,
      Name: NAME,
      VersionId: versionId,
      SecretString: 'the key ☂',
      VersionStages: ['AWSCURRENT'],
      CreatedDate: new Date(NOW_MS),
    });
    expect($metadata.requestId).toBe(secrets.calls[0]?.requestId);
  });

  it('GetSecretValue with binary', async () => {
    secrets.putSecret(NAME, Uint8Array.of(0, 255, 128));
    const reading = await read();
    expect([...(reading.SecretBinary ?? [])]).toEqual([0, 255, 128]);
    expect(reading.SecretString).toBeUndefined();
  });

  it('reads by ARN, stage and version', async () => {
    const first = secrets.putSecret(NAME, 'one');
    secrets.putSecret(NAME, 'two');
    expect((await read({ SecretId: first.arn })).SecretString).toBe('two');
    expect((await read({ SecretId: first.arn.slice(0, -7) })).SecretString).toBe('two');
    expect((await read({ VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('one');
    expect((await read({ VersionId: first.versionId })).SecretString).toBe('one');
  });

  it('keeps the secrets of regions apart, by the region a request is signed for', async () => {
    secrets.putSecret(NAME, 'ireland', { region: 'eu-west-1' });
    const ireland = connect('eu-west-1');
    expect(await read({}, ireland)).toMatchObject({
      SecretString: 'ireland',
      ARN: expect.stringContaining(':eu-west-1:'),
    });
    await expect(read()).rejects.toThrow(ResourceNotFoundException);
    expect(secrets.calls.map(({ region }) => region)).toEqual(['eu-west-1', 'us-west-2']);
  });

  it('an unknown secret, a missing stage and a secret marked for deletion, as AWS words them', async () => {
    await expect(read()).rejects.toThrow("Secrets Manager can't find the specified secret.");
    secrets.putSecret(NAME, 'one');
    await expect(read({ VersionStage: 'AWSPREVIOUS' })).rejects.toThrow(
      "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS",
    );
    secrets.deleteSecret(NAME);
    const marked = await read().catch((error: unknown) => error);
    expect(marked).toBeInstanceOf(InvalidRequestException);
    expect(marked).toMatchObject({
      message: "You can't perform this operation on the secret because it was marked for deletion.",
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('CreateSecret, with and without a value', async () => {
    const client = connect();
    const created = await client.send(new CreateSecretCommand({ Name: NAME, SecretString: 'one' }));
    expect((await read({}, client)).VersionId).toBe(created.VersionId);
    const again = client.send(new CreateSecretCommand({ Name: NAME, SecretString: 'one' }));
    await expect(again).rejects.toThrow(ResourceExistsException);
    await client.send(new CreateSecretCommand({ Name: 'empty' }));
    await expect(read({ SecretId: 'empty' }, client)).rejects.toThrow('for staging label: AWSCURRENT');
    const both = { Name: 'both', SecretString: 'a', SecretBinary: Buffer.from('b') };
    await expect(client.send(new CreateSecretCommand(both))).rejects.toThrow(InvalidParameterException);
  });

  it('PutSecretValue once a token, with stages, and never an empty or huge value', async () => {
    secrets.putSecret(NAME, 'one');
    const client = connect();
    const put = (value: string, stages?: string[]) =>
      client.send(
        new PutSecretValueCommand({
          SecretId: NAME,
          SecretString: value,
          ClientRequestToken: '00000000-0000-0000-0000-000000000002',
          ...(stages && { VersionStages: stages }),
        }),
      );
    expect((await put('two', ['AWSPENDING'])).VersionStages).toEqual(['AWSPENDING']);
    expect((await put('two', ['AWSPENDING'])).VersionStages).toEqual(['AWSPENDING']);
    await expect(put('three')).rejects.toThrow(ResourceExistsException);
    expect((await read()).SecretString).toBe('one');
    await expect(put('')).rejects.toThrow('You must provide either SecretString or SecretBinary.');
    await expect(put('x'.repeat(65_537))).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('a rotation: AWSPENDING is promoted, the former becomes AWSPREVIOUS', async () => {
    const { versionId: former } = secrets.putSecret(NAME, 'one');
    const { versionId } = secrets.putSecret(NAME, 'two', { stages: ['AWSPENDING'] });
    const client = connect();
    const move = { SecretId: NAME, VersionStage: 'AWSCURRENT', MoveToVersionId: versionId };
    await expect(client.send(new UpdateSecretVersionStageCommand(move))).rejects.toThrow(
      `Staging label AWSCURRENT is currently attached to version ${former}`,
    );
    await client.send(new UpdateSecretVersionStageCommand({ ...move, RemoveFromVersionId: former }));
    expect((await read()).SecretString).toBe('two');
    const description = await client.send(new DescribeSecretCommand({ SecretId: NAME }));
    expect(description).toMatchObject({
      Name: NAME,
      CreatedDate: new Date(NOW_MS),
      LastAccessedDate: new Date(Date.UTC(2026, 5, 1)),
      VersionIdsToStages: { [former]: ['AWSPREVIOUS'], [versionId]: expect.arrayContaining(['AWSCURRENT']) },
    });
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: NAME,
        VersionStage: 'AWSPENDING',
        RemoveFromVersionId: versionId,
      }),
    );
    await expect(read({ VersionStage: 'AWSPENDING' })).rejects.toThrow(ResourceNotFoundException);
  });

  it('DeleteSecret and RestoreSecret', async () => {
    secrets.putSecret(NAME, 'one');
    const client = connect();
    const deleted = await client.send(new DeleteSecretCommand({ SecretId: NAME, RecoveryWindowInDays: 7 }));
    expect(deleted.DeletionDate).toEqual(new Date(NOW_MS + 7 * 86_400_000));
    const description = await client.send(new DescribeSecretCommand({ SecretId: NAME }));
    expect(description.DeletedDate).toEqual(deleted.DeletionDate);
    await client.send(new RestoreSecretCommand({ SecretId: NAME }));
    expect((await read()).SecretString).toBe('one');
    await client.send(new DeleteSecretCommand({ SecretId: NAME, ForceDeleteWithoutRecovery: true }));
    await expect(read()).rejects.toThrow(ResourceNotFoundException);
  });

  it('BatchGetSecretValue: values and errors side by side, or pages of a filter', async () => {
    for (const name of ['a1', 'a2', 'a3', 'b1']) secrets.putSecret(name, `value of ${name}`);
    const client = connect();
    const listed = await client.send(new BatchGetSecretValueCommand({ SecretIdList: ['b1', 'nope'] }));
    expect(listed.SecretValues).toMatchObject([{ Name: 'b1', SecretString: 'value of b1' }]);
    expect(listed.Errors).toMatchObject([{ SecretId: 'nope', ErrorCode: 'ResourceNotFoundException' }]);
    const page = (NextToken?: string) =>
      client.send(
        new BatchGetSecretValueCommand({
          Filters: [{ Key: 'name', Values: ['a'] }],
          MaxResults: 2,
          ...(NextToken !== undefined && { NextToken }),
        }),
      );
    const first = await page();
    const second = await page(first.NextToken);
    const names = [...(first.SecretValues ?? []), ...(second.SecretValues ?? [])].map(({ Name }) => Name);
    expect(names).toEqual(['a1', 'a2', 'a3']);
    expect(second.NextToken).toBeUndefined();
    await expect(client.send(new BatchGetSecretValueCommand({}))).rejects.toThrow(InvalidParameterException);
    expect(secrets.callCount('BatchGetSecretValue', 'b1,nope')).toBe(1);
  });

  it('ListSecrets', async () => {
    const { versionId } = secrets.putSecret('a', 'one');
    secrets.putSecret('b', 'two');
    secrets.deleteSecret('b');
    const client = connect();
    const { SecretList } = await client.send(new ListSecretsCommand({}));
    expect(SecretList).toMatchObject([
      { Name: 'a', SecretVersionsToStages: { [versionId]: ['AWSCURRENT'] } },
    ]);
    const all = await client.send(new ListSecretsCommand({ IncludePlannedDeletion: true }));
    expect(all.SecretList?.map(({ Name }) => Name)).toEqual(['a', 'b']);
  });
});

describe('SecretsManagerLocal logs its calls', () => {
  it('with what was asked and answered, never with a value', async () => {
    secrets.putSecret(NAME, 'never-to-be-logged');
    await read({ VersionStage: 'AWSCURRENT' });
    await expect(read({ SecretId: 'nope' })).rejects.toThrow(ResourceNotFoundException);
    const at = new Date(NOW_MS);
    const requestId = expect.stringMatching(/^[\da-f-]{36}$/);
    const asked = { operation: 'GetSecretValue', region: 'us-west-2', at, requestId };
    expect(secrets.calls).toEqual([
      { ...asked, secretId: NAME, versionStage: 'AWSCURRENT', status: 200 },
      { ...asked, secretId: 'nope', status: 400, error: 'ResourceNotFoundException' },
    ]);
    expect(JSON.stringify(secrets.calls)).not.toContain('never-to-be-logged');
  });

  it('exactly, though it keeps only the latest thousand', async () => {
    secrets.putSecret(NAME, 'one');
    const client = connect();
    for (let batch = 0; batch < 21; batch += 1) {
      // One batch after the other, so that no more than fifty sockets are open.
      await Promise.all(Array.from({ length: 50 }, () => read({}, client)));
    }
    await expect(read({ SecretId: 'nope' }, client)).rejects.toThrow(ResourceNotFoundException);
    expect(secrets.calls).toHaveLength(1000);
    expect(secrets.calls.at(-1)?.secretId).toBe('nope');
    expect(secrets.callCount()).toBe(1051);
    expect(secrets.callCount('GetSecretValue', NAME)).toBe(1050);
    expect(secrets.callCount('DescribeSecret')).toBe(0);
  });
});
