import { CacheClient, CacheGet } from '@gomomento/sdk';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  bytesCodec,
  CacheService,
  type CacheOf,
  defineCache,
  getCacheToken,
  InjectCache,
  MomentoConfigurationError,
  MomentoModule,
  TypedCache,
} from 'nestjs-momento';
import { MomentoTestingModule } from 'nestjs-momento/testing';
import { describe, expect, it } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { failureOf } from '../../support/keys.js';

const servers = useEmbeddedServers();
const { start, options, keep } = useApps(servers);

interface User {
  readonly name: string;
}

const users = defineCache<User, number>('users', { key: (id) => `user:${id}`, ttlSeconds: 60 });
const images = defineCache('images', {
  key: (path: string) => path,
  cacheName: 'images',
  keyPrefix: 'i:',
  codec: bytesCodec,
});

@Injectable()
class UsersService {
  constructor(
    @InjectCache(users) readonly byId: CacheOf<typeof users>,
    @InjectCache('users') readonly others: CacheService,
  ) {}
}

@Module({
  imports: [MomentoModule.forFeature([users, { cacheName: 'demo-cache', name: 'users', keyPrefix: 'o:' }])],
  providers: [UsersService],
})
class UsersModule {}

const isHit = async (client: CacheClient, cacheName: string, key: string) =>
  (await client.get(cacheName, key)) instanceof CacheGet.Hit;

describe('the caches of definitions', () => {
  it('are injected beside those of names, in the connection’s cache under their own keys', async () => {
    const app = await start(MomentoModule.forRoot(options({ cache: { keyPrefix: 'app:' } })), UsersModule);
    const service = app.get(UsersService, { strict: false });
    expect(service.byId).toBeInstanceOf(TypedCache);
    expect(service.others).toBeInstanceOf(CacheService);
    expect(app.get(getCacheToken(users), { strict: false })).toBe(service.byId);
    await service.byId.set(7, { name: 'Ada' });
    // The prefix is the connection's, the name of the definition is no part of the key.
    expect(await isHit(app.get(CacheClient), 'demo-cache', 'app:user:7')).toBe(true);
    expect(await app.get(CacheService).get('user:7')).toEqual({ name: 'Ada' });
    expect(await service.others.get('user:7')).toBeUndefined();
  });

  it('have a cache of their own when they name one, which the boot creates or misses', async () => {
    const failure = await failureOf(() =>
      start(MomentoModule.forRoot(options()), MomentoModule.forFeature([images])),
    );
    expect(failure).toMatchObject({ code: 'cache-not-found' });
    const app = await start(
      MomentoModule.forRoot(options({ createCaches: true })),
      MomentoModule.forFeature([images]),
    );
    const cache: CacheOf<typeof images> = app.get(getCacheToken(images), { strict: false });
    await cache.set('logo', Uint8Array.of(1, 2));
    expect(await cache.get('logo')).toEqual(Uint8Array.of(1, 2));
    expect(await isHit(app.get(CacheClient), 'images', 'i:logo')).toBe(true);
    await expect(cache.set('logo', 'text' as never)).rejects.toThrow('a Uint8Array is needed, not string');
  });

  it('belong to a named connection when it is said so', async () => {
    const app = await start(
      MomentoModule.forRoot({ ...options(), name: 'analytics' }),
      MomentoModule.forFeature([users], 'analytics'),
    );
    const cache: CacheOf<typeof users> = app.get(getCacheToken(users, 'analytics'), { strict: false });
    expect(await cache.getOrSet(7, () => ({ name: 'Ada' }))).toEqual({ name: 'Ada' });
    expect(() => app.get(getCacheToken(users), { strict: false })).toThrow('users');
  });

  it('can be given in several modules', async () => {
    const app = await start(MomentoModule.forRoot(options()), UsersModule, MomentoModule.forFeature([users]));
    await app.get(UsersService, { strict: false }).byId.set(7, { name: 'Ada' });
    const cache: CacheOf<typeof users> = app.get(getCacheToken(users), { strict: false });
    expect(await cache.get(7)).toEqual({ name: 'Ada' });
  });
});

describe('what is wrong with a definition is said at boot:', () => {
  it('neither it nor its connection names a cache', async () => {
    const failure = await failureOf(() =>
      start(MomentoModule.forRoot(options({ cacheName: undefined })), MomentoModule.forFeature([users])),
    );
    expect(failure).toBeInstanceOf(MomentoConfigurationError);
    expect(failure).toMatchObject({
      code: 'cache-name-missing',
      message: expect.stringContaining("The definition 'users'"),
      advice: 'Set cacheName in defineCache, or in the options of MomentoModule.',
    });
  });

  it('its connection is missing', async () => {
    const failure = await failureOf(() => start(MomentoModule.forFeature([users], 'analytics')));
    expect(failure).toMatchObject({
      code: 'connection-missing',
      message: expect.stringContaining("The cache 'users'"),
    });
  });

  it('nobody gave it to forFeature: Nest says so, and the token says what to do', async () => {
    const builder = Test.createTestingModule({ providers: [UsersService] });
    const failure = await failureOf(() => keepStarted(builder));
    expect(failure).toMatchObject({
      message: expect.stringMatching(
        /UsersService.*users.*give its definition to MomentoModule\.forFeature/s,
      ),
    });
  });

  it('what was given is no definition', () => {
    const wrong = [{ name: 'users', key: String }, 'users', undefined] as never;
    expect(() => MomentoModule.forFeature(wrong)).toThrow(
      /\[0\]\.cacheName: is missing\n.*\[0\]\.key: is not an option\n.*\[1\]\.must be an object, not a string\n.*\[2\]/,
    );
    expect(() => MomentoModule.forFeature(users as never)).toThrow('must be a list');
  });
});

describe('in a test', () => {
  it('the cache of a definition is overridden by its token', async () => {
    const fake = { getOrSet: async () => ({ name: 'of the test' }) };
    const app = await keepStarted(
      Test.createTestingModule({ imports: [MomentoTestingModule.forRoot(), UsersModule] })
        .overrideProvider(getCacheToken(users))
        .useValue(fake),
    );
    const service = app.get(UsersService, { strict: false });
    expect(service.byId).toBe(fake);
    expect(service.others).toBeInstanceOf(CacheService);
  });

  it('a definition works on the embedded Momento', async () => {
    const app = await keepStarted(
      Test.createTestingModule({ imports: [MomentoTestingModule.forRoot(), UsersModule] }),
    );
    const { byId } = app.get(UsersService, { strict: false });
    await byId.set(7, { name: 'Ada' });
    expect([await byId.get(7), byId.cacheName]).toEqual([{ name: 'Ada' }, 'test-cache']);
    expect(servers.momento.requestCount()).toBe(0);
  });
});

async function keepStarted(builder: ReturnType<typeof Test.createTestingModule>) {
  return keep(await (await builder.compile()).init());
}
