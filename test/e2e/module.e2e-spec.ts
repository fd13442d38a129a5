import {
  AuthClient,
  CacheClient,
  CacheGet,
  Configurations,
  CredentialProvider,
  ListCaches,
  PreviewLeaderboardClient,
  TopicClient,
} from '@gomomento/sdk';
import { Controller, Get, Global, Injectable, Module, Param } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import {
  bytesCodec,
  CacheService,
  fromMomentoLocal,
  getCacheClientToken,
  getCacheServiceToken,
  getCacheToken,
  getTopicClientToken,
  getTopicServiceToken,
  InjectCache,
  InjectCacheClient,
  InjectCacheService,
  InjectTopicClient,
  InjectTopicService,
  MomentoConfigurationError,
  MomentoCredentials,
  MomentoModule,
  type MomentoModuleOptions,
  type MomentoOptionsFactory,
  TopicService,
  TopicTokenService,
} from 'nestjs-momento';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../support/apps.js';
import { useEmbeddedServers } from '../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { start: boot, startWith, options } = useApps(servers);

async function expectWorking(cache: CacheService): Promise<void> {
  await cache.set('greeting', { text: 'hello' });
  expect(await cache.get('greeting')).toEqual({ text: 'hello' });
}

describe('ways to register', () => {
  it('forRoot', async () => {
    const app = await boot(MomentoModule.forRoot(options()));
    await expectWorking(app.get(CacheService));
  });

  it('forRootAsync with a factory, its arguments typed from inject', async () => {
    const app = await boot(
      ConfigModule.forRoot({
        isGlobal: true,
        ignoreEnvFile: true,
        load: [() => ({ CACHE_NAME: 'demo-cache' })],
      }),
      MomentoModule.forRootAsync({
        inject: [ConfigService, { token: 'NOT_THERE', optional: true }],
        useFactory: (config, absent: unknown) => {
          expect(absent).toBeUndefined();
          return options({ cacheName: config.getOrThrow('CACHE_NAME') });
        },
      }),
    );
    await expectWorking(app.get(CacheService));
  });

  @Injectable()
  class Factory implements MomentoOptionsFactory {
    createMomentoOptions(): MomentoModuleOptions {
      return options();
    }
  }

  @Module({ providers: [Factory], exports: [Factory] })
  class FactoryModule {}

  it('forRootAsync with useClass', async () => {
    const app = await boot(MomentoModule.forRootAsync({ useClass: Factory }));
    await expectWorking(app.get(CacheService));
  });

  it('forRootAsync with useExisting of an imported module', async () => {
    const app = await boot(MomentoModule.forRootAsync({ imports: [FactoryModule], useExisting: Factory }));
    await expectWorking(app.get(CacheService));
  });

  it('takes undefined, as ConfigService.get gives it, for the default', async () => {
    const config = new ConfigService<Record<string, number>>({});
    const credentials = CredentialProvider.fromString({
      authToken: servers.apiKey,
      endpointOverrides: servers.momento.endpoints,
    });
    const unset = { defaultTtlSeconds: config.get('NOT_SET'), endpoint: undefined, refresh: undefined };
    const app = await boot(MomentoModule.forRoot(options({ credentials, ...unset })));
    await expectWorking(app.get(CacheService));
  });
});

describe('what can be injected', () => {
  it('every injectable, by its class', async () => {
    @Injectable()
    class Everything {
      constructor(
        readonly cache: CacheService,
        readonly topics: TopicService,
        readonly tokens: TopicTokenService,
        readonly cacheClient: CacheClient,
        readonly topicClient: TopicClient,
        readonly authClient: AuthClient,
        readonly leaderboards: PreviewLeaderboardClient,
        readonly credentials: MomentoCredentials,
      ) {}
    }
    @Module({ providers: [Everything] })
    class UserModule {}

    const app = await boot(MomentoModule.forRoot(options()), UserModule);
    const all = app.get(Everything, { strict: false });
    expect(all.cache).toBeInstanceOf(CacheService);
    expect(all.topics).toBeInstanceOf(TopicService);
    expect(all.tokens).toBeInstanceOf(TopicTokenService);
    expect(all.cacheClient).toBeInstanceOf(CacheClient);
    expect(all.topicClient).toBeInstanceOf(TopicClient);
    expect(all.authClient).toBeInstanceOf(AuthClient);
    expect(all.leaderboards).toBeInstanceOf(PreviewLeaderboardClient);
    expect(all.credentials.status()).toMatchObject({
      source: "secret 'Momento_Auth_Token' in us-west-2",
      generation: 1,
    });
  });

  it('the raw CacheClient in full: data, control and client.cache(name)', async () => {
    const app = await boot(MomentoModule.forRoot(options()));
    const client = app.get(CacheClient);
    await client.set('demo-cache', 'code', '12345');
    const hit = await client.cache('demo-cache').get('code');
    expect(hit).toBeInstanceOf(CacheGet.Hit);
    expect(hit.value()).toBe('12345');
    const caches = await client.listCaches();
    expect(
      caches instanceof ListCaches.Success && caches.getCaches().map((cache) => cache.getName()),
    ).toEqual(['demo-cache']);
    expect(client.configuration.getThrowOnErrors()).toBe(false);
  });

  it('one of each for the whole app, whoever injects it', async () => {
    @Injectable()
    class A {
      constructor(readonly client: CacheClient) {}
    }
    @Injectable()
    class B {
      constructor(readonly client: CacheClient) {}
    }
    @Module({ providers: [A], exports: [A] })
    class ModuleA {}
    @Module({ imports: [ModuleA], providers: [B] })
    class ModuleB {}
    const app = await boot(ModuleB, MomentoModule.forRoot(options()));
    expect(app.get(A, { strict: false }).client).toBe(app.get(B, { strict: false }).client);
    expect(servers.secrets.callCount('GetSecretValue')).toBe(1);
  });

  it('nothing outside an importing module when isGlobal is false', async () => {
    @Injectable()
    class User {
      constructor(readonly cache: CacheService) {}
    }
    @Module({ providers: [User] })
    class Outside {}
    const root = MomentoModule.forRoot({ ...options(), isGlobal: false });
    await expect(boot(root, Outside)).rejects.toThrow(/can't resolve dependencies of the User/);

    @Module({ imports: [root], providers: [User] })
    class Inside {}
    const app = await boot(Inside);
    await expectWorking(app.get(User, { strict: false }).cache);
  });
});

describe('named connections', () => {
  it('stand beside the default one, with their own cache, clients and key', async () => {
    servers.momento.createCache('analytics-cache');

    @Injectable()
    class User {
      constructor(
        readonly cache: CacheService,
        @InjectCacheService('analytics') readonly analytics: CacheService,
        @InjectCacheClient('analytics') readonly client: CacheClient,
        @InjectTopicClient('analytics') readonly topicClient: TopicClient,
        @InjectTopicService('analytics') readonly topics: TopicService,
      ) {}
    }
    const app = await startWith({
      imports: [
        MomentoModule.forRoot(options()),
        MomentoModule.forRootAsync({
          name: 'analytics',
          useFactory: () => options({ cacheName: 'analytics-cache' }),
        }),
      ],
      providers: [User],
    });

    const user = app.get(User);
    expect([user.cache.cacheName, user.analytics.cacheName]).toEqual(['demo-cache', 'analytics-cache']);
    await user.analytics.set('key', 1);
    expect(await user.cache.get('key')).toBeUndefined();
    expect(app.get(getCacheServiceToken('analytics'))).toBe(user.analytics);
    expect(app.get(getCacheClientToken('analytics'))).toBe(user.client);
    expect(app.get(getTopicClientToken('analytics'))).toBe(user.topicClient);
    expect(app.get(getTopicServiceToken('analytics'))).toBe(user.topics);
    expect(user.client).not.toBe(app.get(CacheClient));
  });

  it.each([['default'], ['analytics']])('registered twice as %s fail the boot', async (name) => {
    @Module({ imports: [MomentoModule.forRoot({ ...options(), name })] })
    class Feature {}
    const twice = boot(Feature, MomentoModule.forRootAsync({ name, useFactory: () => options() }));
    await expect(twice).rejects.toThrow(MomentoConfigurationError);
    await expect(twice).rejects.toMatchObject({
      code: 'duplicate-connection',
      message: expect.stringContaining(`'${name}' is registered more than once`),
      advice: expect.stringContaining('once'),
    });
  });

  it('are all closed when one fails the boot', async () => {
    const failing = boot(
      MomentoModule.forRoot(options()),
      MomentoModule.forRoot({ ...options({ cacheName: 'no-such-cache' }), name: 'analytics' }),
    );
    await expect(failing).rejects.toMatchObject({ code: 'cache-not-found' });
    // Two idle control clients: to close one, the SDK lets it connect.
    await vi.waitFor(() => expect(servers.momento.connections).toBeLessThanOrEqual(2));
  });

  it('share nothing between two apps of one process', async () => {
    const [first, second] = [
      await boot(MomentoModule.forRoot(options())),
      await boot(MomentoModule.forRoot(options())),
    ];
    expect(first.get(CacheClient)).not.toBe(second.get(CacheClient));
    await first.get(CacheService).set('key', 1);
    await first.close();
    expect(await second.get(CacheService).get('key')).toBe(1);
    await expect(first.get(CacheService).get('key')).rejects.toThrow('is closed');
  });
});

describe('forFeature', () => {
  it('binds caches with a prefix, a TTL and a codec, and creates them when createCaches is set', async () => {
    @Controller()
    class SessionsController {
      constructor(
        @InjectCache('sessions') readonly sessions: CacheService,
        @InjectCache('drafts') readonly drafts: CacheService,
        @InjectCache('images') readonly images: CacheService,
      ) {}

      @Get(':id')
      find(@Param('id') id: string) {
        return this.sessions.get(id);
      }
    }
    @Module({
      imports: [
        MomentoModule.forFeature([
          { cacheName: 'sessions', ttlSeconds: 3600, keyPrefix: 's:' },
          { cacheName: 'sessions', name: 'drafts', keyPrefix: 'd:' },
          { cacheName: 'images', codec: bytesCodec },
        ]),
      ],
      controllers: [SessionsController],
    })
    class SessionsModule {}
    const app = await boot(SessionsModule, MomentoModule.forRoot(options({ createCaches: true })));

    expect([...servers.momento.cacheNames].toSorted()).toEqual(['demo-cache', 'images', 'sessions']);
    const { sessions, drafts, images } = app.get(SessionsController, { strict: false });
    expect(app.get(getCacheToken('sessions'), { strict: false })).toBe(sessions);
    await sessions.set('7', { user: 'ada' });
    await drafts.set('7', { user: 'grace' });
    await images.set('logo', Uint8Array.of(1, 2, 255));
    expect(await sessions.get('7')).toEqual({ user: 'ada' });
    expect(await images.get('logo')).toEqual(Uint8Array.of(1, 2, 255));

    const raw = app.get(CacheClient);
    expect(await raw.get('sessions', 's:7')).toBeInstanceOf(CacheGet.Hit);
    expect(await raw.get('sessions', 'd:7')).toBeInstanceOf(CacheGet.Hit);
    const ttl = await raw.itemGetTtl('sessions', 's:7');
    expect('remainingTtlMillis' in ttl && ttl.remainingTtlMillis()).toBeGreaterThan(3_500_000);
  });

  it('refuses what cannot be, with every problem at once', () => {
    const wrong = [
      { cacheName: '', ttlSeconds: 0 },
      { name: 'x', prefix: 's:' } as unknown as { cacheName: string },
    ];
    expect(() => MomentoModule.forFeature(wrong)).toThrow(
      /\[0\]\.cacheName: .*\n.*\[0\]\.ttlSeconds: .*\n.*\[1\]\.cacheName: is missing\n.*\[1\]\.prefix: is not an option/,
    );
  });

  it('of a cache that does not exist fails the boot, and closes the connection', async () => {
    const failing = boot(
      MomentoModule.forRoot(options()),
      MomentoModule.forFeature([{ cacheName: 'no-such-cache', name: 'sessions' }]),
    );
    await expect(failing).rejects.toMatchObject({
      constructor: MomentoConfigurationError,
      code: 'cache-not-found',
      message: expect.stringContaining("The cache 'no-such-cache' does not exist"),
      advice: expect.stringContaining('createCaches'),
    });
    await vi.waitFor(() => expect(servers.momento.connections).toBeLessThanOrEqual(1));
  });

  it('asks for each cache once, and for that of the connection no second time', async () => {
    servers.momento.createCache('sessions');
    await boot(
      MomentoModule.forRoot(options()),
      MomentoModule.forFeature([{ cacheName: 'sessions' }, { cacheName: 'sessions', name: 'drafts' }]),
      MomentoModule.forFeature([{ cacheName: 'demo-cache', keyPrefix: 'p:' }]),
    );
    expect(servers.momento.requestCount()).toBe(2);
  });

  it('with createCaches leaves a cache alone that is there, which a key without that right may use', async () => {
    servers.momento.createCache('sessions');
    await boot(
      MomentoModule.forRoot(options({ createCaches: true })),
      MomentoModule.forFeature([{ cacheName: 'sessions' }]),
    );
    expect(servers.momento.requestCount('create-cache')).toBe(0);
  });

  it('boots without a cache that cannot be created while Momento is away, if it may degrade', async () => {
    await servers.momento.faults.down();
    const app = await boot(
      MomentoModule.forRoot(
        options({ onConnectError: 'degrade', bootTimeoutSeconds: 0.3, createCaches: true }),
      ),
      MomentoModule.forFeature([{ cacheName: 'sessions' }]),
    );
    await servers.momento.faults.up();
    expect(app.get(getCacheToken('sessions'), { strict: false })).toBeInstanceOf(CacheService);
  });

  it('belongs to a named connection when it says so', async () => {
    const app = await boot(
      MomentoModule.forRoot({ ...options(), name: 'analytics' }),
      MomentoModule.forFeature([{ cacheName: 'demo-cache', keyPrefix: 'a:' }], 'analytics'),
    );
    await expectWorking(app.get(getCacheToken('demo-cache', 'analytics'), { strict: false }));
  });
});

describe('the boot', () => {
  it('needs no cacheName; CacheService then says what to do', async () => {
    const { cacheName, ...others } = options();
    expect(cacheName).toBeDefined();
    const app = await boot(MomentoModule.forRoot(others));
    await expect(app.get(CacheService).get('key')).rejects.toMatchObject({
      code: 'cache-name-missing',
      advice: expect.stringContaining('cacheName'),
    });
    await expectWorking(app.get(CacheService).cache('demo-cache'));
  });

  it('creates the cache with createCaches, and leaves an existing one alone', async () => {
    servers.momento.deleteCache('demo-cache');
    const app = await boot(MomentoModule.forRoot(options({ createCaches: true })));
    await app.get(CacheService).set('kept', 1);
    const again = await boot(MomentoModule.forRoot(options({ createCaches: true })));
    expect(await again.get(CacheService).get('kept')).toBe(1);
  });

  it('connects a local Momento without a key', async () => {
    const { hostname, port } = servers.momento;
    servers.momento.revokeApiKey(servers.apiKey);
    await servers.momento.stop();
    const { MomentoLocal } = await import('nestjs-momento/local');
    servers.momento = await MomentoLocal.start({ hostname, port, caches: ['demo-cache'] });
    const app = await boot(
      MomentoModule.forRoot({ credentials: fromMomentoLocal({ hostname, port }), cacheName: 'demo-cache' }),
    );
    await expectWorking(app.get(CacheService));
    expect(servers.secrets.callCount()).toBe(0);
  });

  it('has the key and the connection before the app uses them', async () => {
    @Injectable()
    class Early {
      readonly first: Promise<number>;
      constructor(cache: CacheService) {
        this.first = cache.increment('early');
      }
    }
    @Global()
    @Module({ providers: [Early] })
    class EarlyModule {}
    const app = await boot(EarlyModule, MomentoModule.forRoot(options()));
    expect(await app.get(Early).first).toBe(1);
    expect(servers.secrets.callCount('GetSecretValue')).toBe(1);
  });

  it('uses the user’s middlewares: initialised once, closed once', async () => {
    const life: string[] = [];
    const middleware = {
      init: () => void life.push('init'),
      close: () => void life.push('close'),
      onNewRequest: () => {
        life.push('request');
        return {
          onRequestMetadata: async <T>(x: T) => x,
          onRequestBody: async <T>(x: T) => x,
          onResponseMetadata: async <T>(x: T) => x,
          onResponseBody: async <T>(x: T) => x,
          onResponseStatus: async <T>(x: T) => x,
        };
      },
    };
    const configuration = Configurations.Laptop.latest().withMiddlewares([middleware]);
    const app = await boot(MomentoModule.forRoot(options({ configuration })));
    await app.get(CacheService).get('key');
    await app.close();
    expect(life).toEqual(['init', 'request', 'close']);
  });
});
