import { Module } from '@nestjs/common';
import { NestFactory, SerializedGraph } from '@nestjs/core';
import { CacheService, MomentoCredentials, MomentoModule, TopicService } from 'nestjs-momento';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { useApps } from '../support/apps.js';
import { useEmbeddedServers } from '../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { options, start } = useApps(servers);

describe("what Nest's REPL prints with get()", () => {
  it('says how things stand, and shows no key', async () => {
    const app = await start(MomentoModule.forRoot(options({ refresh: false })));
    const cache = app.get(CacheService);
    await cache.getOrSet('key', () => 'value');
    await app.get(TopicService).subscribe('news', () => undefined);
    expect(inspect(cache)).toMatch(/^CacheService \{\s+cacheName: 'demo-cache',/);
    expect(inspect(cache)).toContain('misses: 1');
    expect(inspect(app.get(TopicService))).toContain('subscriptions: { total: 1, failed: 0 }');
    expect(inspect(app.get(MomentoCredentials))).toContain(
      'source: "secret \'Momento_Auth_Token\' in us-west-2"',
    );
    const shown = [CacheService, TopicService, MomentoCredentials].map((one) => inspect(app.get(one)));
    expect(shown.join('')).not.toContain(servers.apiKey);
  });

  it('is no error where the set-up is wrong, and no key that was put into the place of a name', async () => {
    const app = await start(MomentoModule.forRoot(options({ refresh: false, cacheName: undefined })));
    expect(inspect(app.get(CacheService))).toBe('CacheService {}');
    const shown = inspect(app.get(CacheService).cache(servers.apiKey));
    expect(shown).not.toContain(servers.apiKey);
  });
});

describe('the snapshot that DevtoolsModule sends', () => {
  it('holds the graph, and no key', async () => {
    const momento = MomentoModule.forRoot(options({ refresh: false }));
    @Module({ imports: [momento, MomentoModule.forFeature([{ cacheName: 'demo-cache', keyPrefix: 's:' }])] })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false, snapshot: true, abortOnError: false });
    try {
      await app.init();
      const graph = app.get(SerializedGraph).toString();
      expect(graph).toContain('"label": "CacheService"');
      expect(graph).not.toContain(servers.apiKey);
    } finally {
      await app.close();
    }
  });
});
