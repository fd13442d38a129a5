import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jsonAnswer } from '../http/wire.js';
import { SecretsManagerLocal } from '../secrets-manager-local.js';
import { ExtensionEndpoint } from './extension-endpoint.js';

let secrets: SecretsManagerLocal;
let nowMs: number;

beforeEach(async () => {
  nowMs = Date.UTC(2026, 5, 1);
  secrets = await SecretsManagerLocal.start({ region: 'eu-west-1', now: () => nowMs });
  secrets.putSecret('team/key', 'one');
});

afterEach(() => secrets.stop());

const TOKEN = { 'X-Aws-Parameters-Secrets-Token': 'session' };

async function get(query: Record<string, string>, headers: Record<string, string> = TOKEN, server = secrets) {
  const url = `${server.endpoint}/secretsmanager/get?${new URLSearchParams(query).toString()}`;
  const response = await fetch(url, { headers });
  return { status: response.status, text: await response.text() };
}

const value = async (query: Record<string, string> = {}) => {
  const { text } = await get({ secretId: 'team/key', ...query });
  return /"SecretString":"(.*?)"/.exec(text)?.[1];
};

const counts = () => [secrets.callCount('ExtensionGet'), secrets.callCount('GetSecretValue')];

describe('the Lambda extension', () => {
  it('reads once, and then from its cache for 300 seconds', async () => {
    expect(await value()).toBe('one');
    secrets.putSecret('team/key', 'two');
    nowMs += 299_999;
    expect(await value()).toBe('one');
    expect(counts()).toEqual([2, 1]);
    nowMs += 1;
    expect(await value()).toBe('two');
    expect(counts()).toEqual([3, 2]);
    expect(secrets.calls[0]).toMatchObject({ operation: 'GetSecretValue', region: 'eu-west-1', status: 200 });
  });

  it('reads anew with refreshNow, also for those who ask later', async () => {
    await value();
    secrets.putSecret('team/key', 'two');
    expect(await value({ refreshNow: 'false' })).toBe('one');
    expect(await value({ refreshNow: 'true' })).toBe('two');
    expect(await value()).toBe('two');
    expect(counts()).toEqual([4, 2]);
  });

  it('keeps versions and stages apart', async () => {
    const { versionId } = secrets.putSecret('team/key', 'two');
    expect(await value()).toBe('two');
    expect(await value({ versionStage: 'AWSPREVIOUS' })).toBe('one');
    expect(await value({ versionId })).toBe('two');
    expect(counts()).toEqual([3, 3]);
  });

  it('passes on what AWS refuses, and does not keep it', async () => {
    const { status, text } = await get({ secretId: 'later' });
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ __type: 'ResourceNotFoundException' });
    secrets.putSecret('later', 'here');
    expect((await get({ secretId: 'later' })).status).toBe(200);
    expect((await get({})).text).toContain("null at 'secretId'");
  });

  it('asks for a token, and refuses a forwarded request', async () => {
    const query = { secretId: 'team/key' };
    expect(await get(query, {})).toEqual({ status: 400, text: 'Bad Token' });
    expect(await get(query, { ...TOKEN, 'X-Forwarded-For': '10.0.0.1' })).toEqual({
      status: 400,
      text: 'Forwarded',
    });
    const strict = await SecretsManagerLocal.start({ sessionToken: 'mine' });
    strict.putSecret('team/key', 'one');
    expect((await get(query, TOKEN, strict)).status).toBe(400);
    expect((await get(query, { 'X-Aws-Parameters-Secrets-Token': 'mine' }, strict)).status).toBe(200);
    await strict.stop();
    expect(secrets.callCount('GetSecretValue')).toBe(0);
  });

  it('takes GET only', async () => {
    const url = `${secrets.endpoint}/secretsmanager/get?secretId=team/key`;
    expect((await fetch(url, { method: 'POST', headers: TOKEN })).status).toBe(405);
  });

  it('meets faults of its own', async () => {
    secrets.faults.notReady().throttle({ operation: 'ExtensionGet' });
    expect(await get({ secretId: 'team/key' })).toEqual({
      status: 400,
      text: 'not ready to serve traffic, please wait',
    });
    expect((await get({ secretId: 'team/key' })).text).toContain('ThrottlingException');
    expect(await value()).toBe('one');
  });
});

describe('ExtensionEndpoint', () => {
  it('keeps the latest 1,000 answers that it has read', () => {
    const read: (string | undefined)[] = [];
    const endpoint = new ExtensionEndpoint({
      region: 'eu-west-1',
      ttlSeconds: 300,
      now: () => 0,
      getSecretValue: ({ SecretId: id }) => {
        read.push(id);
        return jsonAnswer({});
      },
    });
    const ask = (index: number, refreshNow = false) =>
      endpoint
        .exchange({
          method: 'GET',
          path: '/secretsmanager/get',
          query: new URLSearchParams({ secretId: `id ${index}`, refreshNow: String(refreshNow) }),
          headers: { 'x-aws-parameters-secrets-token': 'any' },
          body: '',
        })
        .answer();
    for (let index = 0; index < 1_001; index += 1) ask(index);
    expect(read).toHaveLength(1_001);

    ask(1_000);
    ask(1);
    expect(read).toHaveLength(1_001);
    ask(2, true);
    ask(1);
    expect(read.slice(1_001)).toEqual(['id 2']);
    ask(0);
    ask(1);
    expect(read.slice(1_001)).toEqual(['id 2', 'id 0', 'id 1']);
  });
});
