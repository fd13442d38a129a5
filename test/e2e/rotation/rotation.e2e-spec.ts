import {
  CacheClient,
  CacheGet,
  Configurations,
  CredentialProvider,
  MomentoErrorCode,
  TopicClient,
  TopicConfigurations,
} from '@gomomento/sdk';
import { Test, type TestingModule } from '@nestjs/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CacheService,
  type CredentialEvent,
  MomentoClosedError,
  MomentoConfigurationError,
  MomentoCredentials,
  MomentoModule,
  type MomentoModuleOptions,
  TopicService,
} from 'nestjs-momento';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const apps = useApps(servers);
const logs = captureLogs();

describe.each([
  ['returns errors', false],
  ['throws errors', true],
])('another key, with a configuration that %s', (_name, throwOnErrors) => {
  let app: TestingModule;
  let cache: CacheService;
  let topics: TopicService;
  let credentials: MomentoCredentials;
  let events: CredentialEvent[];

  function momentoModule(options: MomentoModuleOptions = {}) {
    return MomentoModule.forRoot(
      apps.options({
        configuration: Configurations.InRegion.Default.latest().withThrowOnErrors(throwOnErrors),
        topicConfiguration: TopicConfigurations.Default.latest().withThrowOnErrors(throwOnErrors),
        refresh: false,
        ...options,
      }),
    );
  }

  async function boot(options?: MomentoModuleOptions): Promise<void> {
    app = await apps.start(momentoModule(options));
    logs.start();
    [cache, topics, credentials] = [
      app.get(CacheService),
      app.get(TopicService),
      app.get(MomentoCredentials),
    ];
    events = [];
    for (const event of ['refreshed', 'rotated', 'refreshFailed', 'stale', 'expiring', 'drained'] as const) {
      credentials.on(event, () => events.push(event));
    }
  }

  beforeEach(() => boot());
  afterEach(() => app.close());

  /** Stores a new key; the old one still works. */
  function storeAnotherKey(): string {
    const key = servers.momento.issueApiKey();
    servers.secrets.putSecret('Momento_Auth_Token', key);
    return key;
  }

  /** Stores a new key, and lets Momento forget the old one. */
  function rotate(): void {
    const old = servers.apiKey;
    servers.apiKey = storeAnotherKey();
    servers.momento.revokeApiKey(old);
  }

  const keysOfLast = (count: number) => servers.momento.requests.slice(-count).map(({ keyId }) => keyId);

  describe('by refreshNow()', () => {
    it('comes into use; the injected objects stay the same', async () => {
      const client = app.get(CacheClient);
      const bound = client.cache('demo-cache');
      await cache.set('key', 1);
      storeAnotherKey();
      expect(await credentials.refreshNow()).toMatchObject({ generation: 2 });
      expect(app.get(CacheClient)).toBe(client);
      await cache.get('key');
      expect(await bound.get('key')).toBeInstanceOf(CacheGet.Hit);
      expect(keysOfLast(2)).toEqual(['key-2', 'key-2']);
      await vi.waitFor(() => expect(events).toEqual(['refreshed', 'rotated', 'drained']));
    });

    it('is connected and accepted before a request meets it', async () => {
      storeAnotherKey();
      await credentials.refreshNow();
      // Six connections a CacheClient. Those of the old one are closed, as are those that the new key was proven with.
      await vi.waitFor(() => expect(servers.momento.connections).toBe(6));
      const connections = servers.momento.connectionsAccepted;
      await Promise.all(Array.from({ length: 20 }, () => cache.get('key')));
      expect(servers.momento.connectionsAccepted).toBe(connections);
    });

    it('lets calls in flight end on the old clients, which are closed then', async () => {
      servers.momento.faults.delay('get', 200, { times: 1 });
      const inFlight = cache.get('key');
      await vi.waitFor(() => expect(servers.momento.requestCount('get')).toBe(1), { interval: 5 });
      storeAnotherKey();
      await credentials.refreshNow();
      expect(events).not.toContain('drained');
      expect(await inFlight).toBeUndefined();
      await vi.waitFor(() => expect(events).toContain('drained'));
    });

    it('replaces nothing when it is equal, under whatever version', async () => {
      const before = credentials.status();
      servers.secrets.putSecret('Momento_Auth_Token', servers.apiKey);
      const after = await credentials.refreshNow();
      expect(after.generation).toBe(1);
      expect(after.versionId).not.toBe(before.versionId);
      expect(events).toEqual(['refreshed']);
    });

    it.each<[string, () => unknown, string]>([
      ['Momento does not accept it', () => servers.momento.revokeApiKey(storeAnotherKey()), 'key-rejected'],
      ['it is no key', () => servers.secrets.putSecret('Momento_Auth_Token', 'no key'), 'key-malformed'],
      [
        'the secret is gone',
        () => servers.secrets.deleteSecret('Momento_Auth_Token'),
        'secret-marked-for-deletion',
      ],
    ])('does not come into use when %s; requests go on', async (_case, breakIt, code) => {
      breakIt();
      await expect(credentials.refreshNow()).rejects.toMatchObject({
        constructor: MomentoConfigurationError,
        code,
      });
      expect(credentials.status()).toMatchObject({ generation: 1, lastError: expect.any(String) });
      expect(events).toEqual(['refreshFailed']);
      await cache.set('key', 1);
      expect(await cache.get('key')).toBe(1);
    });
  });

  describe('after Momento rejected the old one', () => {
    it.each<[string, () => Promise<unknown>]>([
      ['a read', () => cache.get('key')],
      ['a write', () => cache.set('key', 1)],
      ['an increment', () => cache.increment('count')],
      ['a batch read', () => cache.getMany(['key'])],
      ['a batch write', () => cache.setMany([['key', 1]])],
      ['a control call', () => app.get(CacheClient).createCache('another')],
      ['a publish', () => topics.publish('topic', 1)],
      ['a subscription', () => topics.subscribe('topic', () => undefined)],
      ['a raw read', () => app.get(CacheClient).cache('demo-cache').get('key')],
    ])('%s is repeated with the new one', async (_case, call) => {
      rotate();
      await call();
      expect(credentials.status().generation).toBe(2);
      expect(servers.momento.requests.at(-1)).toMatchObject({ keyId: 'key-2', status: 'OK' });
    });

    it('1,000 rejected calls at once look for it once', { timeout: 60_000 }, async () => {
      await app.close();
      const unhurried = Configurations.Laptop.latest()
        .withThrowOnErrors(throwOnErrors)
        .withClientTimeoutMillis(60_000);
      // A refresh on schedule might fall into it.
      await boot({ configuration: unhurried, refresh: false });
      const before = servers.secrets.callCount('GetSecretValue');
      rotate();
      const counts = await Promise.all(Array.from({ length: 1_000 }, () => cache.increment('count')));
      expect(new Set(counts).size).toBe(1_000);
      expect(servers.secrets.callCount('GetSecretValue') - before).toBe(1);
      expect(events.filter((event) => event === 'rotated')).toHaveLength(1);
    });

    it('waits for it in the time of the call, while the secret still has the old one', async () => {
      const old = servers.apiKey;
      servers.momento.revokeApiKey(old);
      const call = cache.increment('count');
      await vi.waitFor(() => expect(servers.secrets.callCount('GetSecretValue')).toBeGreaterThanOrEqual(4), {
        interval: 10,
      });
      storeAnotherKey();
      expect(await call).toBe(1);
    });

    it('rejects in the time of the call when there is none, and asks a bounded number of times', async () => {
      servers.momento.revokeApiKey(servers.apiKey);
      const rejected = { code: MomentoErrorCode.AUTHENTICATION_ERROR };
      await Promise.all(
        Array.from({ length: 50 }, () => expect(cache.get('key')).rejects.toMatchObject(rejected)),
      );
      // 0, 100, 250, 475 and 812 ms fit into a time limit of 1.1 s.
      expect(servers.secrets.callCount('GetSecretValue')).toBeLessThanOrEqual(1 + 6);
    });

    it('a missing permission is not repeated', async () => {
      servers.momento.faults.fail('get', 'PERMISSION_DENIED', { times: 5 });
      await expect(cache.get('key')).rejects.toMatchObject({ code: MomentoErrorCode.PERMISSION_ERROR });
      expect(servers.secrets.callCount('GetSecretValue')).toBe(1);
    });
  });

  describe('a former version', () => {
    it('that is read once after the rotation does not come back', async () => {
      storeAnotherKey();
      await credentials.refreshNow();
      servers.secrets.putSecret('Momento_Auth_Token', servers.apiKey);
      await credentials.refreshNow();
      expect(credentials.status().generation).toBe(2);
      const current = servers.momento.issueApiKey();
      servers.secrets.putSecret('Momento_Auth_Token', current);
      expect((await credentials.refreshNow()).generation).toBe(3);
    });

    it('that is read again is a rollback, and is followed', async () => {
      storeAnotherKey();
      await credentials.refreshNow();
      servers.secrets.putSecret('Momento_Auth_Token', servers.apiKey);
      await credentials.refreshNow();
      expect((await credentials.refreshNow()).generation).toBe(3);
      await cache.get('key');
      expect(keysOfLast(1)).toEqual(['key-1']);
    });

    it('is followed at once when the new one is rejected', async () => {
      const bad = storeAnotherKey();
      await credentials.refreshNow();
      servers.secrets.putSecret('Momento_Auth_Token', servers.apiKey);
      servers.momento.revokeApiKey(bad);
      await cache.set('key', 1);
      expect(keysOfLast(1)).toEqual(['key-1']);
    });
  });

  describe('subscriptions', () => {
    it.each<[string, (number: number) => Promise<unknown>]>([
      ['the keys overlap', async () => (storeAnotherKey(), credentials.refreshNow())],
      ['the old key is revoked at once', async () => rotate()],
    ])('lose nothing, get nothing twice, in order, when %s', async (_case, change) => {
      const received = new Map<string, number[]>();
      const record = (name: string) => (number: number) =>
        void received.set(name, [...(received.get(name) ?? []), number]);
      await topics.subscribe<number>('numbers', ({ value }) => record('service')(value));
      const onItem = record('raw');
      await app
        .get(TopicClient)
        .subscribe('demo-cache', 'numbers', { onItem: (item) => onItem(Number(item.value())) });

      const total = 400;
      const changes: Promise<unknown>[] = [];
      for (let number = 1; number <= total; number += 1) {
        await topics.publish('numbers', number);
        if (number % 100 === 50) changes.push(change(number));
      }
      await Promise.all(changes);
      const expected = Array.from({ length: total }, (_, index) => index + 1);
      await vi.waitFor(() => expect(received.get('service')).toHaveLength(total), { timeout: 5_000 });
      await vi.waitFor(() => expect(received.get('raw')).toHaveLength(total), { timeout: 5_000 });
      expect(received.get('service')).toEqual(expected);
      expect(received.get('raw')).toEqual(expected);
      expect(credentials.status().generation).toBe(5);
    });

    it('end for good by unsubscribe, also after a move', async () => {
      const values: unknown[] = [];
      const streams = () => servers.momento.requestCount('topic-subscribe');
      const subscription = await topics.subscribe('topic', ({ value }) => void values.push(value));
      expect(streams()).toBe(1);
      storeAnotherKey();
      await credentials.refreshNow();
      await vi.waitFor(() => expect(streams()).toBe(2));
      await topics.publish('topic', 1);
      await vi.waitFor(() => expect(values).toEqual([1]));
      await subscription.unsubscribe();

      const witness: unknown[] = [];
      await topics.subscribe('topic', ({ value }) => void witness.push(value));
      storeAnotherKey();
      await credentials.refreshNow();
      await topics.publish('topic', 2);
      await vi.waitFor(() => expect(witness).toEqual([2]));
      expect(values).toEqual([1]);
    });

    it('that begin after a rotation stay on the new key', async () => {
      const before = await topics.subscribe('topic', () => undefined);
      await before.unsubscribe();
      rotate();
      await credentials.refreshNow();
      const values: unknown[] = [];
      await topics.subscribe('topic', ({ value }) => void values.push(value));
      await topics.publish('topic', 1);
      await vi.waitFor(() => expect(values).toEqual([1]));
      const streams = servers.momento.requests.filter(({ rpc }) => rpc === 'topic-subscribe');
      // One that the first listener left behind may be on its way to the new key still.
      const [first, ...others] = streams.map(({ keyId }) => keyId);
      expect([first, ...new Set(others)]).toEqual(['key-1', 'key-2']);
    });

    it('that got no message yet lose none while they move', async () => {
      const values: unknown[] = [];
      await topics.subscribe('topic', ({ value }) => void values.push(value));
      for (let number = 1; number <= 50; number += 1) {
        if (number === 10) storeAnotherKey();
        const refreshed = number === 10 ? credentials.refreshNow() : undefined;
        await topics.publish('topic', number);
        await refreshed;
      }
      const expected = Array.from({ length: 50 }, (_, index) => index + 1);
      await vi.waitFor(() => expect(values).toEqual(expected), { timeout: 3_000 });
    });

    it('outlive the time limit of a call, which cuts the SDK’s first stream', async () => {
      await app.close();
      await boot({ topicConfiguration: TopicConfigurations.Default.latest().withClientTimeoutMillis(200) });
      let lost = 0;
      const values: unknown[] = [];
      await app.get(TopicClient).subscribe('demo-cache', 'topic', {
        onItem: (item) => values.push(item.value()),
        onConnectionLost: () => void (lost += 1),
      });
      for (let number = 1; number <= 15; number += 1) {
        await topics.publish('topic', number);
        await sleep(100);
      }
      await vi.waitFor(() => expect(values).toHaveLength(15));
      expect(values).toEqual(Array.from({ length: 15 }, (_, index) => String(index + 1)));
      expect(lost).toBe(0);
    });

    it('are told once that the key of a fixed source is rejected, and go on trying', async () => {
      await app.close();
      const authToken = servers.momento.issueApiKey();
      await boot({
        credentials: CredentialProvider.fromString({ authToken }),
        endpoint: servers.momento.endpoints,
      });
      const told: string[] = [];
      const raw = await app.get(TopicClient).subscribe('demo-cache', 'topic', {
        onError: (error) => told.push(error.errorCode()),
        onSubscriptionEnd: () => told.push('end'),
      });
      const asked = servers.momento.requestCount('topic-subscribe');
      servers.momento.revokeApiKey(authToken);
      await vi.waitFor(() => expect(told).toEqual([MomentoErrorCode.AUTHENTICATION_ERROR]), {
        timeout: 5_000,
      });
      expect(servers.momento.requestCount('topic-subscribe')).toBe(asked + 2);
      expect('isSubscribed' in raw && raw.isSubscribed).toBe(true);
      expect(logs.lines).toEqual([expect.stringContaining('AUTHENTICATION_ERROR')]);
      await app.close();
      expect(told).toEqual([MomentoErrorCode.AUTHENTICATION_ERROR, 'end']);
      expect('isSubscribed' in raw && raw.isSubscribed).toBe(false);
    });
  });

  it('comes into use also when it was accepted while the first clients were made', async () => {
    await app.close();
    // No boot that connects: the first call does.
    const builder = Test.createTestingModule({ imports: [momentoModule()] });
    app = await builder.overrideProvider(CacheService).useValue({}).compile();
    credentials = app.get(MomentoCredentials);
    await credentials.refreshNow();
    const first = app.get(CacheClient).get('demo-cache', 'key');
    rotate();
    await Promise.all([credentials.refreshNow(), first]);
    expect(await app.get(CacheClient).get('demo-cache', 'key')).toMatchObject({ type: 'Miss' });
  });

  it('meets middlewares that are initialised once and closed once', async () => {
    await app.close();
    const life: string[] = [];
    const handler = {
      onRequestMetadata: async <T>(value: T) => value,
      onRequestBody: async <T>(value: T) => value,
      onResponseMetadata: async <T>(value: T) => value,
      onResponseBody: async <T>(value: T) => value,
      onResponseStatus: async <T>(value: T) => value,
    };
    const middleware = {
      init: () => void life.push('init'),
      close: () => {
        life.push('close');
        throw new Error('the middleware fails');
      },
      onNewRequest: () => handler,
    };
    await boot({ configuration: Configurations.InRegion.Default.latest().withMiddlewares([middleware]) });
    storeAnotherKey();
    await credentials.refreshNow();
    await vi.waitFor(() => expect(events).toContain('drained'));
    await app.close();
    expect(life).toEqual(['init', 'close']);
    expect(logs.lines).toContainEqual(expect.stringContaining('A middleware failed to close.'));
  });

  describe('a Secrets Manager that', () => {
    it.each<[string, () => unknown]>([
      ['throttles', () => servers.secrets.faults.throttle({ times: 3 })],
      ['fails', () => servers.secrets.faults.serverError({ times: 3 })],
      ['resets', () => servers.secrets.faults.reset({ times: 3 })],
      ['answers garbage', () => servers.secrets.faults.garbage({ times: 3 })],
      ['denies', () => servers.secrets.faults.accessDenied({ times: 1 })],
      ['cannot decrypt', () => servers.secrets.faults.kmsDenied({ times: 1 })],
      ['gives no answer', () => servers.secrets.faults.noAnswer({ times: 3 })],
      ['is down', () => servers.secrets.faults.down()],
    ])('%s costs no request; the next key is followed when it answers again', async (_case, breakIt) => {
      await app.close();
      await boot({ bootTimeoutSeconds: 0.5 });
      await breakIt();
      storeAnotherKey();
      await expect(credentials.refreshNow()).rejects.toBeInstanceOf(MomentoConfigurationError);
      expect(events).toEqual(['refreshFailed']);
      expect(await cache.increment('count')).toBe(1);

      servers.secrets.faults.clear();
      await servers.secrets.faults.up();
      expect((await credentials.refreshNow()).generation).toBe(2);
      expect(await cache.increment('count')).toBe(2);
    });
  });

  it('closes with a swap under way, and leaves neither clients behind', async () => {
    const probes = servers.momento.requestCount('keys-exist');
    servers.momento.faults.delay('keys-exist', 100, { times: 1 });
    storeAnotherKey();
    const refreshing = credentials.refreshNow().catch((error: unknown) => error);
    await vi.waitFor(() => expect(servers.momento.requestCount('keys-exist')).toBe(probes + 1), {
      interval: 5,
    });
    await app.close();
    expect(await refreshing).toBeInstanceOf(Error);
    // Of each CacheClient one: to close an idle control client, the SDK lets it connect.
    await vi.waitFor(() => expect(servers.momento.connections).toBeLessThanOrEqual(2));
    await expect(cache.get('key')).rejects.toBeInstanceOf(MomentoClosedError);
  });

  it('closes with a refresh under way', async () => {
    servers.secrets.faults.noAnswer({ times: 1 });
    const refreshing = credentials.refreshNow().catch((error: unknown) => error);
    await vi.waitFor(() => expect(servers.secrets.callCount('GetSecretValue')).toBe(2), { interval: 5 });
    await app.close();
    expect(await refreshing).toBeInstanceOf(MomentoClosedError);
  });

  it('keeps maxConcurrentRequests, and purges nothing that is queued', async () => {
    await app.close();
    const configuration = Configurations.InRegion.Default.latest().withThrowOnErrors(throwOnErrors);
    const transportStrategy = configuration.getTransportStrategy();
    const twoAtOnce = transportStrategy.withGrpcConfig(
      transportStrategy.getGrpcConfig().withMaxConcurrentRequests(2),
    );
    await boot({ configuration: configuration.withTransportStrategy(twoAtOnce) });
    servers.momento.faults.delay('increment', 30, { times: 6 });
    const calls = Array.from({ length: 20 }, () => cache.increment('count'));
    storeAnotherKey();
    await credentials.refreshNow();
    expect((await Promise.all(calls)).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });
});
