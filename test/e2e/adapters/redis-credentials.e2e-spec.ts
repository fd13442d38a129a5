import { Redis } from 'ioredis';
import {
  MomentoConfigurationError,
  MomentoCredentials,
  MomentoModule,
  momentoRedisCredentials,
} from 'nestjs-momento';
import { inspect } from 'node:util';
import { createClient } from 'redis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { hasRedisServer, RedisServer } from './redis-server.fixture.js';

const servers = useEmbeddedServers();
const { options, start } = useApps(servers);
const logs = captureLogs();
const patient = { timeout: 10_000, interval: 5 };
const database = 'sessions';

let credentials: MomentoCredentials;
beforeEach(async () => {
  const app = await start(MomentoModule.forRoot(options({ refresh: false })));
  credentials = app.get(MomentoCredentials);
  logs.start();
});

/** @param beforehand is given the key before it comes into use @returns the key that is in use afterwards */
async function rotate(
  beforehand: (key: string) => Promise<unknown> = async () => undefined,
): Promise<string> {
  const content = servers.momento.issueApiKey();
  const { api_key: key } = JSON.parse(Buffer.from(content, 'base64').toString()) as { api_key: string };
  await beforehand(key);
  servers.secrets.putSecret('Momento_Auth_Token', content);
  await credentials.refreshNow();
  return key;
}

describe('the key for a Redis client', () => {
  it('is the live one, told again with each rotation until it is given up', async () => {
    const redis = momentoRedisCredentials(credentials, { database });
    const told: string[] = [];
    const listener = { onNext: ({ password }: { password: string }) => void told.push(password) };
    const [first, subscription] = await redis.subscribe(listener);
    expect(first.username).toBe(database);
    const second = await rotate();
    const third = await rotate();
    await vi.waitFor(() => expect(told).toEqual([second, third]), patient);
    expect(new Set([first.password, second, third]).size).toBe(3);
    subscription.dispose();
    await rotate();
    expect(told).toHaveLength(2);
  });

  it('shows in nothing but what the client asks for', async () => {
    const redis = momentoRedisCredentials(credentials, { database });
    const [{ password }] = await redis.subscribe({ onNext: () => undefined });
    const shown = `${inspect(redis, { depth: 20, showHidden: true })} ${JSON.stringify(redis)}`;
    expect(shown).not.toContain(password);
    redis.onReAuthenticationError(new Error(`WRONGPASS ${password}\n forged`));
    redis.onReAuthenticationError(new Error('again'));
    expect(logs.lines).toHaveLength(1);
    expect(logs.lines[0]).toContain('could not go over to the new key');
    expect(logs.lines[0]).not.toContain(servers.apiKey);
    expect(logs.lines[0]).not.toContain('\n');
  });

  it('goes to a thousand clients at most, the latest, of those that never give up a subscription', async () => {
    const redis = momentoRedisCredentials(credentials, { database });
    const told: number[] = [];
    for (let client = 0; client < 1_300; client += 1)
      await redis.subscribe({ onNext: () => void told.push(client) });
    await rotate();
    await vi.waitFor(() => expect(told).toHaveLength(1_000), patient);
    expect(told[0]).toBe(300);
  });

  it('is not to be had of what took the place of the credentials', async () => {
    const stub = { status: () => undefined } as unknown as MomentoCredentials;
    const asked = momentoRedisCredentials(stub, { database }).current();
    await expect(asked).rejects.toThrow(MomentoConfigurationError);
    await expect(asked).rejects.toThrow('Inject MomentoCredentials');
  });
});

describe.skipIf(!hasRedisServer())('on a server with users', { timeout: 30_000 }, () => {
  let server: RedisServer;
  let admin: Redis;
  beforeEach(async () => {
    server = await RedisServer.start();
    admin = new Redis({ port: server.port, ...RedisServer.admin });
    const { password } = await momentoRedisCredentials(credentials, { database }).current();
    await setPassword(`>${password}`);
  });
  afterEach(async () => {
    admin.disconnect();
    await server.stop();
  });

  const setPassword = (...rules: string[]) =>
    admin.call('ACL', 'SETUSER', database, 'on', '~*', '&*', '+@all', ...rules);
  const cut = () => admin.call('CLIENT', 'KILL', 'USER', database);
  /** Who is connected as the user, by the number of its connection. */
  const connections = async () =>
    String(await admin.call('CLIENT', 'LIST'))
      .split('\n')
      .filter((line) => line.includes(`user=${database}`));

  const authCalls = async () =>
    Number(/cmdstat_auth:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);

  /** Both keys are known for a while, as at Momento; then the connections that stand have gone over, and the old one ends. */
  async function rotateOnBoth(): Promise<void> {
    const { password } = await momentoRedisCredentials(credentials, { database }).current();
    const before = await authCalls();
    await rotate((key) => setPassword(`>${key}`));
    // More than one of node-redis, once it has connected anew: it does not give up its former subscriptions.
    await vi.waitFor(async () => expect(await authCalls()).toBeGreaterThan(before), patient);
    await setPassword(`<${password}`);
    await cut();
  }

  it('node-redis goes on with each key, over connections that break', async () => {
    const credentialsProvider = momentoRedisCredentials(credentials, { database });
    const client = createClient({
      socket: { port: server.port, reconnectStrategy: 20 },
      credentialsProvider,
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.set('key', '1');
      for (let rotations = 0; rotations < 2; rotations += 1) {
        await rotateOnBoth();
        await vi.waitFor(async () => expect(await client.incr('key')).toBeGreaterThan(1), patient);
      }
      expect(await connections()).toHaveLength(1);
      expect(logs.lines).toEqual([]);
    } finally {
      client.destroy();
    }
  });

  it('ioredis does as well', async () => {
    const redisCredentials = momentoRedisCredentials(credentials, { database });
    const client = new Redis({
      port: server.port,
      ...(await redisCredentials.current()),
      retryStrategy: () => 20,
    });
    client.on('error', () => undefined);
    const stopFollowing = redisCredentials.follow(client);
    try {
      await client.set('key', '1');
      for (let rotations = 0; rotations < 2; rotations += 1) {
        await rotateOnBoth();
        await vi.waitFor(async () => expect(await client.incr('key')).toBeGreaterThan(1), patient);
      }
      stopFollowing();
      expect(await connections()).toHaveLength(1);
      expect(logs.lines).toEqual([]);
    } finally {
      client.disconnect();
    }
  });
});
