import { inspect } from 'node:util';
import {
  AuthClient,
  CacheClient,
  Configurations,
  CredentialProvider,
  PreviewLeaderboardClient,
  TopicClient,
  TopicConfigurations,
} from '@gomomento/sdk';
import { Injectable, Logger, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  CacheService,
  InjectCache,
  MomentoCredentials,
  MomentoError,
  MomentoModule,
  type MomentoModuleOptions,
  Secret,
  TopicService,
  TopicTokenService,
} from 'nestjs-momento';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Canary, everythingOf, printed, reachableTexts } from '../../support/canary.js';
import { captureOutput } from './captured-output.fixture.js';
import { failureOf, makeV1Key, makeV2Key, regionEndpoint } from '../../support/keys.js';
import {
  type Account,
  cacheName,
  options,
  secretId,
  useAccount,
  wrongSetUps,
} from './wrong-set-ups.fixture.js';

const account = useAccount();

/** As a user injects everything there is. */
@Injectable()
class UsersService {
  constructor(
    readonly cache: CacheService,
    readonly topics: TopicService,
    readonly tokens: TopicTokenService,
    readonly cacheClient: CacheClient,
    readonly topicClient: TopicClient,
    readonly authClient: AuthClient,
    readonly leaderboardClient: PreviewLeaderboardClient,
    readonly credentials: MomentoCredentials,
    @InjectCache('sessions') readonly sessions: CacheService,
  ) {}
}

@Module({
  imports: [MomentoModule.forFeature([{ cacheName: 'sessions', keyPrefix: 's:' }])],
  providers: [UsersService],
})
class UsersModule {}

/** Every instance that Nest holds, those of Nest's own modules included. */
function instancesOf(app: TestingModule): unknown[] {
  return [...app.get(ModulesContainer).values()].flatMap((module) =>
    [...module.providers.values(), ...module.injectables.values()].map(({ instance }): unknown => instance),
  );
}

/** Calls that succeed, of every kind; then calls that fail, of every kind. Gives what they fail with. */
async function useEverything(app: TestingModule): Promise<unknown[]> {
  const users = app.get(UsersService);
  const { cache, topics, tokens, cacheClient, topicClient, authClient, leaderboardClient, sessions } = users;
  const { faults } = account.momento;
  const received: unknown[] = [];

  await topics.subscribe('greetings', ({ value }) => {
    received.push(value);
    throw new Error('The handler is broken.');
  });
  await topics.publish('greetings', 'hello');
  await vi.waitFor(() => expect(received).toEqual(['hello']));
  await cache.setMany(Object.entries({ a: 1, b: 2 }));
  await cache.getMany(['a', 'b', 'c']);
  await cache.increment('a');
  await cache.getOrSet('d', () => 'loaded');
  await sessions.set('a', 1);
  await cacheClient.listCaches();
  await tokens.issue({ caches: [cacheName], permissions: 'both', expiresInSeconds: 60 });

  const callers: Readonly<Record<string, () => unknown>> = {
    wrongCache: () => cache.cache('no-such-cache').get('key'),
    wrongType: () => cache.increment('d'),
    wrongTopicCache: () => topics.subscribe('topic', () => undefined, { cacheName: 'no-such-cache' }),
    wrongToken: () => tokens.issue({ topics: [''], permissions: 'both', expiresInSeconds: 60 }),
    wrongArgument: () => cache.set('key', 1, { ttlSeconds: -1 }),
    wrongValue: () => cache.set('key', () => 'no value'),
    oversized: () => cache.set('key', 'x'.repeat(6_000_000)),
    failingLoader: () =>
      cache.getOrSet('e', () => {
        throw new Error('The loader is broken.');
      }),
  };
  const failures = await Promise.all(Object.values(callers).map(failureOf));
  const answers = [
    await cacheClient.get('no-such-cache', 'key'),
    await topicClient.publish('no-such-cache', 'topic', 'value'),
    await authClient.refreshApiKey('no refresh token'),
    await leaderboardClient.leaderboard(cacheName, 'board').length(),
  ];

  faults.hang('get', { times: 1 });
  failures.push(await failureOf(() => cache.get('key')));
  faults.fail('set', 'UNAVAILABLE');
  faults.fail('get', 'INTERNAL');
  failures.push(await failureOf(() => cache.set('key', 1)), await failureOf(() => cache.get('key')));
  await cache.getOrSet('f', () => 'loaded');
  faults.clear();
  await faults.down();
  failures.push(await failureOf(() => cache.get('key')));
  await faults.up();
  return [...failures, ...answers];
}

/** Boots, works, loses its key, and shuts down; gives every error there was. */
async function live(app: TestingModule, key: string): Promise<unknown[]> {
  const { cache, topics, cacheClient, credentials } = app.get(UsersService);
  const errors = await useEverything(app);
  await credentials.refreshNow();
  account.momento.revokeApiKey(key);
  const rejected = await Promise.all([
    failureOf(() => cache.get('key')),
    failureOf(() => topics.publish('topic', 'value')),
    failureOf(() => topics.subscribe('topic', () => undefined)),
    cacheClient.get(cacheName, 'key'),
  ]);
  errors.push(...rejected);
  account.secrets.putSecret(secretId, JSON.stringify({ wrongField: key }));
  errors.push(await credentials.refreshNow().catch((error: unknown) => error));
  await app.close();
  errors.push(
    await failureOf(() => cache.get('key')),
    await failureOf(() => credentials.refreshNow()),
    await failureOf(() => cacheClient.get(cacheName, 'key')),
  );
  return errors;
}

type SetUp = (account: Account) => { key: string; moduleOptions: MomentoModuleOptions };

const setUps: Readonly<Record<string, SetUp>> = {
  'a v1 key in plaintext': (servers) => ({ key: servers.key, moduleOptions: options(servers) }),
  'a v1 key in JSON, with its end': (servers) => {
    const key = servers.momento.issueApiKey({ expiresAt: new Date(Date.now() + 3_600_000) });
    const content = { apiKey: key, refreshToken: 'none', validUntil: Math.floor(Date.now() / 1000) + 3_600 };
    servers.secrets.putSecret(secretId, JSON.stringify(content));
    return { key, moduleOptions: options(servers) };
  },
  'a v2 key beside its endpoint': (servers) => {
    const key = servers.momento.issueApiKey({ version: 2 });
    const content = JSON.stringify({ apiKey: key, endpoint: `127.0.0.1:${servers.momento.port}` });
    servers.secrets.putSecret(secretId, content);
    return { key, moduleOptions: options(servers) };
  },
  'an SDK CredentialProvider': (servers) => ({
    key: servers.key,
    moduleOptions: {
      ...options(servers),
      credentials: CredentialProvider.fromString({
        authToken: servers.key,
        endpointOverrides: servers.momento.endpoints,
      }),
    },
  }),
};

describe('no part of the key shows', () => {
  it.each(Object.entries(setUps))('in the life of an app with %s', async (_what, setUp) => {
    const output = captureOutput();
    const { key, moduleOptions } = setUp(account);
    const canary = new Canary(key);
    account.momento.createCache('sessions');
    const configuration = Configurations.Laptop.latest().withClientTimeoutMillis(500);
    const topicConfiguration = TopicConfigurations.Default.latest().withClientTimeoutMillis(500);
    const app = await Test.createTestingModule({
      imports: [
        UsersModule,
        MomentoModule.forRootAsync({
          useFactory: () => ({
            ...moduleOptions,
            configuration,
            topicConfiguration,
            bootTimeoutSeconds: 2,
            sdkLogs: 'debug' as const,
          }),
        }),
      ],
    })
      .setLogger(output.logger)
      .compile();
    onTestFinished(() => app.close());
    await app.init();
    const users = app.get(UsersService);
    new Logger('Test').log(inspect(users, { depth: 20 }));

    const errors = await live(app, key);

    // Otherwise nothing was looked at.
    expect(errors.filter((error) => error instanceof MomentoError).length).toBeGreaterThanOrEqual(12);
    expect(output.text()).toMatch(/VERBOSE.*Momento/);
    expect(output.text()).toContain('The handler is broken.');
    expect(canary.findIn(output.text())).toBeUndefined();
    for (const error of errors) expect(canary.findIn(everythingOf(error))).toBeUndefined();
    expect(canary.findIn(printed(users))).toBeUndefined();
    expect(canary.findIn(printed(users.credentials.status()))).toBeUndefined();
    expect(canary.findIn(reachableTexts(...instancesOf(app)))).toBeUndefined();
    for (const instance of instancesOf(app)) {
      expect(canary.findIn(inspect(instance, { depth: 4, showHidden: true }))).toBeUndefined();
    }
  });

  it.each(wrongSetUps)('in a boot that fails because $what', async ({ code, arrange }) => {
    const output = captureOutput();
    const canary = new Canary(account.key);
    const moduleOptions = await arrange(account);
    const builder = Test.createTestingModule({ imports: [MomentoModule.forRoot(moduleOptions)] });
    const failure = await failureOf(() => builder.setLogger(output.logger).compile());
    new Logger('ExceptionHandler').error(failure);

    expect(failure).toMatchObject({ code });
    expect(output.text()).toContain('MomentoConfigurationError');
    expect(canary.findIn(output.text())).toBeUndefined();
    expect(canary.findIn(everythingOf(failure))).toBeUndefined();
    expect(canary.findIn(reachableTexts(failure))).toBeUndefined();
  });
});

describe('the canary', () => {
  const key = makeV1Key();
  const { api_key: inner } = JSON.parse(Buffer.from(key, 'base64').toString());
  const jwt = String(inner);
  const { jti } = JSON.parse(Buffer.from(String(jwt.split('.')[1]), 'base64url').toString());
  const canary = new Canary(key);

  it.each<[string, string]>([
    ['the key', key],
    ['its first twelve characters', key.slice(0, 12)],
    ['its last twelve characters', key.slice(-12)],
    ['twelve characters from its middle', key.slice(50, 62)],
    ['the inner key', jwt],
    ['the signature of the inner key', String(jwt.split('.')[2])],
    ['a claim of the inner key', String(jti)],
    ['the key in base64', Buffer.from(key).toString('base64')],
    ['the inner key in base64url', Buffer.from(jwt).toString('base64url')],
    ['the key in hexadecimal', Buffer.from(key).toString('hex')],
  ])('finds %s', (_what, text) => {
    expect(canary.findIn(`refused "${text}" here`)).toBeDefined();
  });

  it.each<[string, string]>([
    ['another key’s signature', String(makeV2Key().split('.')[2])],
    ['the endpoint', regionEndpoint.slice(0, 4)],
    ['eleven characters of it', key.slice(20, 31)],
    ['a redacted key', String(new Secret(key))],
  ])('does not take %s for the key', (_what, text) => {
    expect(canary.findIn(`refused "${text}" here`)).toBeUndefined();
  });

  it('finds what is logged, written or warned of', async () => {
    const ways: (() => unknown)[] = [
      () => new Logger('Test').verbose(key),
      () => new Logger('Test').error('failed', key),
      () => process.stdout.write(key),
      () => process.stderr.write(Buffer.from(key).toString()),
      // oxlint-disable-next-line no-console -- what the rule forbids is what is captured
      () => console.log({ deep: { key } }),
      () => process.emitWarning(key),
    ];
    const output = captureOutput();
    await Test.createTestingModule({}).setLogger(output.logger).compile();
    for (const say of ways) {
      const before = output.text().length;
      say();
      await vi.waitFor(() => expect(canary.findIn(output.text().slice(before))).toBeDefined());
    }
  });

  it.each<[string, unknown]>([
    ['message', new Error(`failed with ${key}`)],
    ['cause', new Error('failed', { cause: new Error('failed', { cause: new Error(jwt) }) })],
    ['cause that is no error', new Error('failed', { cause: { headers: { authorization: jwt } } })],
    ['property', Object.assign(new Error('failed'), { transport: { metadata: [jwt] } })],
    [
      'hidden property',
      Object.defineProperty(new Error('failed'), 'hidden', { value: key, enumerable: false }),
    ],
    ['stack', Object.assign(new Error('failed'), { stack: `Error: ${key}` })],
    ['serialised form', Object.assign(new Error('failed'), { toJSON: () => ({ key }) })],
    ['list of errors', new AggregateError([new Error(key)])],
  ])('finds it in an error’s %s', (_where, error) => {
    expect(canary.findIn(everythingOf(error))).toBeDefined();
  });

  it.each<[string, unknown]>([
    ['deep', { a: [{ b: new Map([['c', new Set([{ key }])]]) }] }],
    ['as a name', { [key]: true }],
    ['hidden', Object.defineProperty({}, 'hidden', { value: { key }, enumerable: false })],
    ['under a symbol', { [Symbol('key')]: key }],
    ['in bytes', { bytes: Buffer.from(key) }],
    ['in a function’s property', Object.assign(() => undefined, { key })],
    ['in the SDK’s own provider', CredentialProvider.fromString({ authToken: key })],
  ])('finds what can be reached %s', (_where, value) => {
    expect(canary.findIn(reachableTexts(value))).toBeDefined();
  });

  it('finds it in a provider that Nest holds', async () => {
    const app = await Test.createTestingModule({
      providers: [{ provide: 'key', useValue: { key } }],
    }).compile();
    expect(canary.findIn(reachableTexts(...instancesOf(app)))).toBeDefined();
    expect(canary.findIn(printed(app.get('key')))).toBeDefined();
  });

  it('finds it in a client that was made with the SDK’s own provider', () => {
    const client = new CacheClient({
      credentialProvider: CredentialProvider.fromString({ authToken: key }),
      configuration: Configurations.Laptop.latest(),
      defaultTtlSeconds: 60,
    });
    onTestFinished(() => client.close());
    expect(canary.findIn(printed(client))).toBeDefined();
    expect(canary.findIn(reachableTexts(client))).toBeDefined();
  });
});
