import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { SecretsManagerLocal } from './secrets-manager-local.js';

const read = async ({ endpoint }: SecretsManagerLocal) => {
  const client = new SecretsManagerClient({
    endpoint,
    region: 'us-west-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId: 'key' }))).SecretString;
  } finally {
    client.destroy();
  }
};

/** How a read ends: its value or its error, so that it may be awaited later. */
const outcomeOf = (server: SecretsManagerLocal) => read(server).catch((error: unknown) => error);

const named = (name: string) => expect.objectContaining({ name });

describe('SecretsManagerLocal', () => {
  it('runs many at once that share nothing', async () => {
    const servers = await Promise.all([SecretsManagerLocal.start(), SecretsManagerLocal.start()]);
    for (const [index, server] of servers.entries()) server.putSecret('key', `value ${index}`);
    expect(await Promise.all(servers.map(read))).toEqual(['value 0', 'value 1']);
    expect(servers.map((server) => server.callCount())).toEqual([1, 1]);
    await Promise.all(servers.map((server) => server.stop()));
  });

  it('fails to start on a port in use, saying so', async () => {
    const server = await SecretsManagerLocal.start();
    await expect(SecretsManagerLocal.start({ port: server.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await server.stop();
  });

  it('stops with idle, hanging and delayed connections open, closes them, and may stop again', async () => {
    const server = await SecretsManagerLocal.start();
    server.faults.noAnswer().delay(60_000, { times: 2 });
    const idle = connect(server.port, '127.0.0.1');
    await once(idle, 'connect');
    idle.on('error', () => undefined);
    const idleEnd = new Promise((resolve) => idle.once('close', resolve));
    const pending = [outcomeOf(server), outcomeOf(server)];
    await expect.poll(() => server.callCount()).toBe(2);
    await Promise.all([server.stop(), server.stop()]);
    await idleEnd;
    expect(await Promise.all(pending)).toMatchObject([{ code: 'ECONNRESET' }, { code: 'ECONNRESET' }]);
    await server.stop();
    await expect(read(server)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('goes down, resetting what is open, and comes up on the same port with its secrets', async () => {
    const server = await SecretsManagerLocal.start();
    server.putSecret('key', 'value');
    server.faults.noAnswer();
    const hanging = outcomeOf(server);
    await expect.poll(() => server.callCount()).toBe(1);
    const { endpoint } = server;
    await server.faults.down();
    expect(await hanging).toMatchObject({ code: 'ECONNRESET' });
    await expect(read(server)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.faults.up();
    await server.faults.up();
    expect(server.endpoint).toBe(endpoint);
    expect(await read(server)).toBe('value');
    await server.stop();
    await expect(server.faults.up()).rejects.toThrow('start another one');
  });

  it('is disposed of by stopping', async () => {
    const server = await SecretsManagerLocal.start();
    await server[Symbol.asyncDispose]();
    await expect(read(server)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('stores what AWS would not take, for tests of it, and throws as AWS names it for the rest', async () => {
    await using server = await SecretsManagerLocal.start();
    server.putSecret('key', '', { versionId: 'short' });
    expect(await read(server)).toBe('');
    server.deleteSecret('key');
    expect(() => server.putSecret('key', 'more')).toThrow(named('InvalidRequestException'));
    expect(() => server.deleteSecret('nope')).toThrow(named('ResourceNotFoundException'));
    expect(() => server.putSecret('a b', 'value')).toThrow(named('ValidationException'));
    server.deleteSecret('key', { force: true });
    server.putSecret('key', 'new');
    expect(await read(server)).toBe('new');
  });
});
