import { setTimeout as later } from 'node:timers/promises';
import { CacheClient } from '@gomomento/sdk';
import { Global, Injectable, Module } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import {
  CacheService,
  getCacheServiceToken,
  InjectCacheClient,
  MomentoClosedError,
  MomentoModule,
  type MomentoModuleOptions,
} from 'nestjs-momento';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { useApps } from '../support/apps.js';
import { captureLogs } from '../support/capture-logs.js';
import { useEmbeddedServers } from '../support/embedded-servers.js';

const servers = useEmbeddedServers();
const apps = useApps(servers);
const logs = captureLogs();

const named = (name: string, options: MomentoModuleOptions = {}) =>
  MomentoModule.forRoot({ ...apps.options(options), name });

/** Takes the clients out of an app that does not start, to see what became of them. */
function spyOnClients() {
  const clients: CacheClient[] = [];
  @Injectable()
  class Spy {
    constructor(first: CacheClient, @InjectCacheClient('second') second: CacheClient) {
      clients.push(first, second);
    }
  }
  @Global()
  @Module({ providers: [Spy] })
  class SpyModule {}
  return { clients, SpyModule };
}

/** Nothing may be thrown into the process either: nobody waits for what fails after the boot. */
function watchRejections(): unknown[] {
  const rejections: unknown[] = [];
  const note = (reason: unknown) => void rejections.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  return rejections;
}

describe('a boot that fails', () => {
  it.each<[string, () => Parameters<typeof apps.start>, string]>([
    ['a second connection', () => [named('third', { cacheName: 'no-such-cache' })], 'does not exist'],
    ['forFeature', () => [MomentoModule.forFeature([{ cacheName: 'no-such-cache' }])], 'does not exist'],
    [
      'forFeature without its connection',
      () => [MomentoModule.forFeature([{ cacheName: 'a' }], 'none')],
      'finds no',
    ],
    ['a name that is taken', () => [named('second')], 'more than once'],
    ['options that are not valid', () => [named('third', { cacheName: ' ' })], 'not valid'],
    [
      'a factory that throws',
      () => [
        MomentoModule.forRootAsync({
          name: 'third',
          useFactory: () => {
            throw new Error('MOMENTO_SECRET_ID is not set');
          },
        }),
      ],
      'MOMENTO_SECRET_ID is not set',
    ],
  ])('by %s closes every connection of the app', async (_case, failing, message) => {
    const { clients, SpyModule } = spyOnClients();
    const rejections = watchRejections();
    const starting = apps.start(
      SpyModule,
      MomentoModule.forRoot(apps.options()),
      named('second'),
      ...failing(),
    );
    await expect(starting).rejects.toThrow(message);
    for (const client of clients) {
      await expect(client.get('demo-cache', 'key')).rejects.toBeInstanceOf(MomentoClosedError);
    }
    expect(rejections).toEqual([]);
  });

  it('makes no connection afterwards, however slow its options are', async () => {
    let isMade = false;
    const fetch = vi.fn<() => Promise<{ content: string }>>(async () => ({ content: servers.apiKey }));
    const rejections = watchRejections();
    const starting = apps.start(
      MomentoModule.forRoot(apps.options({ cacheName: 'no-such-cache' })),
      MomentoModule.forRootAsync({
        name: 'slow',
        useFactory: async () => {
          await later(200);
          isMade = true;
          return apps.options({ credentials: { describe: () => 'a source', fetch } });
        },
      }),
    );
    await expect(starting).rejects.toMatchObject({ code: 'cache-not-found' });
    await vi.waitFor(() => expect(isMade).toBe(true));
    await later(100);
    expect(fetch).not.toHaveBeenCalled();
    expect(rejections).toEqual([]);
  });

  it('ends a connection that is in the middle of its own boot', async () => {
    servers.momento.faults.hang('keys-exist');
    const hanging = named('hanging', { bootTimeoutSeconds: 3_600, shutdownTimeoutSeconds: 0.1 });
    const starting = apps.start(
      hanging,
      MomentoModule.forRootAsync({
        useFactory: async () => {
          await vi.waitFor(() => expect(servers.momento.requestCount('keys-exist')).toBeGreaterThan(0));
          return apps.options({ cacheName: ' ' });
        },
      }),
    );
    await expect(starting).rejects.toMatchObject({ code: 'invalid-options' });
  });
});

describe('shutdown', () => {
  it('closes the other connections, though one fails to close', async () => {
    const { credentials } = apps.options();
    if (credentials === undefined || !('fetch' in credentials)) throw new Error('a source is needed');
    const unclosable = {
      ...credentials,
      fetch: credentials.fetch.bind(credentials),
      describe: () => 'a source that fails to close',
      close: () => Promise.reject(new Error('cannot close')),
    };
    const app = await apps.start(
      named('bad', { credentials: unclosable }),
      MomentoModule.forRoot(apps.options()),
    );
    logs.start();
    await app.close();
    await expect(app.get(CacheService).get('key')).rejects.toBeInstanceOf(MomentoClosedError);
    expect(logs.lines).toEqual([
      expect.stringMatching(
        /^error \[Momento\] The Momento connection 'bad' failed to close\.\nError: cannot close/,
      ),
    ]);
  });

  it('comes after the hooks of every other module, however deep', async () => {
    const values: unknown[] = [];
    @Injectable()
    class Late {
      constructor(readonly cache: CacheService) {}

      async onApplicationShutdown(): Promise<void> {
        if (values.length > 0) return;
        await this.cache.set('last', 'words');
        values.push(await this.cache.get('last'));
      }
    }
    @Module({ providers: [Late] })
    class Deep {}
    @Module({ imports: [Deep] })
    class Middle {}
    const app = await apps.start(Middle, MomentoModule.forRoot(apps.options()));
    await app.close();
    expect(values).toEqual(['words']);
  });
});

describe('a module that is loaded lazily', () => {
  it('has its connections closed with the app, when the app has one from the start', async () => {
    const app = await apps.start(MomentoModule.forRoot(apps.options()));
    logs.start();
    const lazy = await app.get(LazyModuleLoader).load(() => named('lazy'));
    const cache = lazy.get<CacheService>(getCacheServiceToken('lazy'));
    expect(await cache.get('key')).toBeUndefined();
    await app.close();
    await expect(cache.get('key')).rejects.toBeInstanceOf(MomentoClosedError);
    expect(logs.lines).toEqual([]);
  });

  it('says at its boot that it is not closed, when it is the first', async () => {
    const app = await apps.startWith({});
    logs.start();
    const lazy = await app.get(LazyModuleLoader).load(() => MomentoModule.forRoot(apps.options()));
    expect(logs.lines).toEqual([
      expect.stringMatching(
        /^warn \[Momento\] MomentoModule was loaded lazily: .* not closed with the app\. Import/,
      ),
    ]);
    await lazy.get(CacheService).get('key');
    lazy.get(CacheClient).close();
  });

  it('fails alone: the app’s connection stays', async () => {
    const app = await apps.start(MomentoModule.forRoot(apps.options()));
    const loader = app.get(LazyModuleLoader);
    for (const failing of [
      () => MomentoModule.forFeature([{ cacheName: 'no-such-cache' }]),
      () => named('other', { cacheName: 'no-such-cache' }),
    ]) {
      await expect(loader.load(failing)).rejects.toMatchObject({ code: 'cache-not-found' });
    }
    expect(await app.get(CacheService).get('key')).toBeUndefined();
  });
});
