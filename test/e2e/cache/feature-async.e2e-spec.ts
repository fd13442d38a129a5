import { CacheClient, CacheItemGetTtl } from '@gomomento/sdk';
import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import {
  CacheService,
  type CacheOf,
  defineCache,
  getCacheToken,
  MomentoConfigurationError,
  MomentoModule,
} from 'nestjs-momento';
import { describe, expect, it } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { failureOf } from '../../support/keys.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);

interface User {
  readonly name: string;
}

const users = defineCache<User>('users', { key: (id) => `user:${id}`, ttlSeconds: 60, staleSeconds: 30 });
const config = ConfigModule.forRoot({
  ignoreEnvFile: true,
  load: [() => ({ USERS_TTL: 20, SESSIONS: 'sessions' })],
});

async function ttlOf(client: CacheClient, cacheName: string, key: string): Promise<number> {
  const response = await client.itemGetTtl(cacheName, key);
  return response instanceof CacheItemGetTtl.Hit ? Math.ceil(response.remainingTtlMillis() / 1000) : 0;
}

const usersFrom = (name: string) => ({
  cache: users,
  imports: [config],
  inject: [ConfigService] as const,
  useFactory: async (service: ConfigService) => ({ ttlSeconds: service.get<number>(name) }),
});

describe('forFeatureAsync', () => {
  it('lets what the factory gives win over the definition, but for what is undefined', async () => {
    const app = await start(
      MomentoModule.forRoot(options()),
      MomentoModule.forRoot({ ...options(), name: 'analytics' }),
      MomentoModule.forFeatureAsync(usersFrom('USERS_TTL')),
      MomentoModule.forFeatureAsync(usersFrom('NOT_SET'), 'analytics'),
    );
    const cache: CacheOf<typeof users> = app.get(getCacheToken(users), { strict: false });
    const other: CacheOf<typeof users> = app.get(getCacheToken(users, 'analytics'), { strict: false });
    await cache.set('ada', { name: 'Ada' });
    await other.set('grace', { name: 'Grace' });
    const client = app.get(CacheClient);
    expect([
      await ttlOf(client, 'demo-cache', 'user:ada'),
      await ttlOf(client, 'demo-cache', 'user:grace'),
    ]).toEqual([50, 90]);
  });

  it('makes a cache of a name, in the cache that the factory or else the name says', async () => {
    const app = await start(
      MomentoModule.forRoot(options({ createCaches: true })),
      MomentoModule.forFeatureAsync({
        cache: 'drafts',
        imports: [config],
        inject: [ConfigService],
        useFactory: (service: ConfigService) => ({
          cacheName: service.getOrThrow('SESSIONS'),
          keyPrefix: 'd:',
        }),
      }),
      MomentoModule.forFeatureAsync({ cache: 'images', useFactory: () => ({}) }),
    );
    expect([...servers.momento.cacheNames].toSorted()).toEqual(['demo-cache', 'images', 'sessions']);
    const drafts = app.get<CacheService>(getCacheToken('drafts'), { strict: false });
    await drafts.set('7', 1);
    expect([drafts.cacheName, await ttlOf(app.get(CacheClient), 'sessions', 'd:7')]).toEqual([
      'sessions',
      600,
    ]);
  });

  it.each([
    [undefined, /must be an object, not a undefined/],
    [{ useFactory: () => ({}) }, /cache: is missing/],
    [{ cache: {}, useFactory: () => ({}) }, /cache: must be a definition of defineCache, or a name/],
    [{ cache: users }, /useFactory: is missing/],
    [{ cache: users, useFactory: {} }, /useFactory: must be a function/],
    [{ cache: users, useFactory: (one: unknown) => one }, /takes 1 arguments, and inject names 0/],
    [{ cache: users, useClass: Object, useFactory: () => ({}) }, /useClass: is not an option/],
  ])('refuses %o at once', (wrong, problem) => {
    expect(() => MomentoModule.forFeatureAsync(wrong as never)).toThrow(MomentoConfigurationError);
    expect(() => MomentoModule.forFeatureAsync(wrong as never)).toThrow(problem);
  });

  it.each([
    [
      users,
      { ttlSeconds: 0 },
      /useFactory .* for 'users'.*\n.*ttlSeconds: must be a number of seconds above 0/,
    ],
    [users, { schema: {} }, /schema: is not an option/],
    [users, { codec: {} }, /codec: is not an option/],
    ['drafts', { codec: {} }, /codec: must be a codec/],
    ['drafts', { name: 'other' }, /name: is not an option/],
    ['drafts', undefined, /must be an object/],
  ])('fails the boot when the factory of %o gives %o', async (cache, given, problem) => {
    const failure = await failureOf(() =>
      start(
        MomentoModule.forRoot(options()),
        MomentoModule.forFeatureAsync({ cache, useFactory: () => given as object }),
      ),
    );
    expect(failure).toMatchObject({ code: 'invalid-options', message: expect.stringMatching(problem) });
  });

  it('fails the boot with what the factory throws, and closes the connection', async () => {
    const failure = await failureOf(() =>
      start(
        MomentoModule.forRoot(options()),
        MomentoModule.forFeatureAsync({
          cache: users,
          useFactory: () => Promise.reject(new Error('no TTL')),
        }),
      ),
    );
    expect(failure).toMatchObject({ message: 'no TTL' });
  });
});

describe('a definition that is given twice', () => {
  @Module({ imports: [MomentoModule.forFeature([users])] })
  class OneModule {}

  it('has the same options, or fails the boot', async () => {
    const namesake = defineCache<User>('users', { key: (id) => `u:${id}`, ttlSeconds: 60, staleSeconds: 30 });
    const others = [
      MomentoModule.forFeature([namesake]),
      MomentoModule.forFeatureAsync(usersFrom('USERS_TTL')),
      MomentoModule.forFeatureAsync({ cache: users, useFactory: () => ({ keyPrefix: 'p:' }) }),
    ];
    for (const other of others) {
      const failure = await failureOf(() => start(MomentoModule.forRoot(options()), OneModule, other));
      expect(failure).toBeInstanceOf(MomentoConfigurationError);
      expect(failure).toMatchObject({
        code: 'duplicate-cache',
        message: expect.stringContaining("The cache 'users'"),
        advice: expect.stringContaining('Export one definition'),
      });
    }
    const same = MomentoModule.forFeatureAsync({ cache: users, useFactory: () => ({ ttlSeconds: 60 }) });
    await start(MomentoModule.forRoot(options()), OneModule, same);
    const named = { ...options(), name: 'analytics' };
    await start(
      MomentoModule.forRoot(options()),
      MomentoModule.forRoot(named),
      OneModule,
      MomentoModule.forFeature([namesake], 'analytics'),
    );
  });
});
