import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SecretsManagerLocal } from '../secrets-manager-local.js';

// What an AWS SDK never sends: these requests are made by hand.
const CREDENTIAL = 'Credential=local/20260601/us-west-2/secretsmanager/aws4_request';
const SIGNED = `AWS4-HMAC-SHA256 ${CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature=${'a'.repeat(64)}`;

const NOW_MS = 1_780_000_000_250;

let secrets: SecretsManagerLocal;

beforeAll(async () => {
  secrets = await SecretsManagerLocal.start({ now: () => NOW_MS });
  secrets.putSecret('key', 'value');
});

afterAll(() => secrets.stop());

beforeEach(() => secrets.faults.clear());

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly body?: string;
}

async function send({ path = '/', method = 'POST', headers = {}, body = '{"SecretId":"key"}' }: Sent = {}) {
  const all = {
    authorization: SIGNED,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-date': '20260601T123000Z',
    'x-amz-target': 'secretsmanager.GetSecretValue',
    ...headers,
  };
  const present = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const response = await fetch(secrets.endpoint + path, {
    method,
    headers: present,
    ...(method === 'GET' ? {} : { body }),
  });
  const answer: unknown = await response.json();
  return { status: response.status, headers: response.headers, answer };
}

const refusal = (type: string, message: string | RegExp = /./) => ({
  __type: type,
  Message: expect.stringMatching(message),
});

describe('the AWS endpoint', () => {
  it('answers with a request id, a date, a length and epoch seconds', async () => {
    const { status, headers, answer } = await send();
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/x-amz-json-1.1');
    expect(headers.get('x-amzn-requestid')).toMatch(/^[\da-f-]{36}$/);
    expect(Date.parse(headers.get('date') ?? '')).not.toBeNaN();
    expect(Number(headers.get('content-length'))).toBeGreaterThan(100);
    expect(answer).toMatchObject({ CreatedDate: NOW_MS / 1000 });
  });

  it.each([
    ['without authorization', { authorization: undefined }, 'MissingAuthenticationTokenException', /Missing/],
    ['of another scheme', { authorization: 'Bearer token' }, 'IncompleteSignatureException', /'Credential'/],
    ['without a date', { 'x-amz-date': undefined }, 'IncompleteSignatureException', /'X-Amz-Date'/],
    [
      'with half a scope',
      { authorization: SIGNED.replace('/us-west-2', '') },
      'IncompleteSignatureException',
      /5 slash-delimited/,
    ],
    [
      'for another service',
      { authorization: SIGNED.replace('/secretsmanager/', '/s3/') },
      'InvalidSignatureException',
      /correct service/,
    ],
    [
      'with half a signature',
      { authorization: SIGNED.slice(0, -1) },
      'InvalidSignatureException',
      /signature/,
    ],
  ])('refuses a request %s', async (_, headers, type, message) => {
    const { status, answer } = await send({ headers });
    expect(status).toBe(400);
    expect(answer).toEqual(refusal(type, message));
  });

  it.each([
    ['an unknown operation', { 'x-amz-target': 'secretsmanager.RotateSecret' }],
    ['another service', { 'x-amz-target': 'AmazonSSM.GetParameter' }],
    ['no operation', { 'x-amz-target': undefined }],
    ['another protocol', { 'content-type': 'application/json' }],
  ])('does not know %s', async (_, headers) => {
    const { status, answer } = await send({ headers });
    expect(status).toBe(400);
    expect(answer).toEqual(refusal('UnknownOperationException'));
  });

  it.each([
    ['JSON that ends early', '{"SecretId":"canary', 'SerializationException', /not valid JSON/],
    ['a list', '["canary"]', 'SerializationException', /Start of structure/],
    ['a number for a string', '{"SecretId":1}', 'SerializationException', /NUMBER_VALUE/],
    ['no id', '{}', 'ValidationException', /null at 'secretId'/],
    ['no body', '', 'ValidationException', /null at 'secretId'/],
    ['an invalid id', '{"SecretId":"a b"}', 'ValidationException', /Invalid name/],
  ])('refuses %s, without quoting it', async (_, body, type, message) => {
    const { status, answer } = await send({ body });
    expect(status).toBe(400);
    expect(answer).toEqual(refusal(type, message));
    expect(JSON.stringify(answer)).not.toContain('canary');
  });

  it.each([
    ['DeleteSecret', { SecretId: 'key', RecoveryWindowInDays: '7' }, /STRING_VALUE can not .* Integer/],
    ['DeleteSecret', { SecretId: 'key', RecoveryWindowInDays: 7.5 }, /NUMBER_VALUE can not .* Integer/],
    ['DeleteSecret', { SecretId: 'key', ForceDeleteWithoutRecovery: 1 }, /NUMBER_VALUE can not .* Boolean/],
    ['BatchGetSecretValue', { SecretIdList: ['key', 1] }, /LIST_VALUE can not .* List of Strings/],
    ['ListSecrets', { Filters: 'name' }, /STRING_VALUE can not .* List of Structures/],
    ['ListSecrets', { Filters: [{ Key: 'tag-key' }] }, /filters by the key "name" only/],
    ['ListSecrets', { NextToken: 'abc' }, /Invalid NextToken/],
    ['BatchGetSecretValue', { SecretIdList: [] }, /between 1 and 20/],
    ['CreateSecret', { Name: 'a b' }, /Invalid name/],
    ['UpdateSecretVersionStage', { SecretId: 'key' }, /null at 'versionStage'/],
  ])('%s refuses %j', async (operation, members, message) => {
    const headers = { 'x-amz-target': `secretsmanager.${operation}` };
    const { status, answer } = await send({ headers, body: JSON.stringify(members) });
    expect(status).toBe(400);
    expect(answer).toEqual(refusal(expect.any(String), message));
  });

  it('takes null for an absent member', async () => {
    const { status } = await send({ body: '{"SecretId":"key","VersionId":null,"VersionStage":null}' });
    expect(status).toBe(200);
  });

  it('asks for a token with each new version', async () => {
    const headers = { 'x-amz-target': 'secretsmanager.PutSecretValue' };
    const put = { SecretId: 'key', SecretString: 'two' };
    const missing = await send({ headers, body: JSON.stringify(put) });
    expect(missing.answer).toEqual(refusal('InvalidRequestException', /ClientRequestToken/));
    const short = await send({ headers, body: JSON.stringify({ ...put, ClientRequestToken: 'short' }) });
    expect(short.answer).toEqual(refusal('InvalidParameterException', /32-64 characters/));
  });

  it.each([
    [404, { path: '/other' }],
    [404, { path: '//' }],
    [405, { method: 'GET' }],
    [405, { method: 'PUT' }],
    [413, { body: `{"SecretId":"${'x'.repeat(1_100_000)}"}` }],
  ])('answers %i to what is not for it', async (expected, sent) => {
    const before = secrets.callCount();
    const { status, headers } = await send(sent);
    expect(status).toBe(expected);
    expect(headers.get('x-amzn-requestid')).toMatch(/^[\da-f-]{36}$/);
    expect(secrets.callCount()).toBe(before);
  });

  it('keeps the secrets of a region, however many others are asked for', async () => {
    const inRegion = (region: string) =>
      send({ headers: { authorization: SIGNED.replace('/us-west-2/', `/${region}/`) } });
    for (let index = 0; index < 150; index += 1) {
      // oxlint-disable-next-line eslint/no-await-in-loop -- one after another, so that regions come and go
      expect((await inRegion(`region-${index}`)).status).toBe(400);
    }

    expect((await inRegion('us-west-2')).status).toBe(200);
  });

  it('logs a refused request with what it could read of it', async () => {
    await send({ headers: { authorization: undefined } });
    expect(secrets.calls.at(-1)).toMatchObject({
      operation: 'GetSecretValue',
      secretId: 'key',
      region: '',
      status: 400,
      error: 'MissingAuthenticationTokenException',
    });
  });
});
