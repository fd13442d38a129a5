import { CacheService, getCacheToken, MomentoModule } from 'nestjs-momento';
import { describe, expect, it } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);

describe('statistics of an app', () => {
  it('are those of a cache, whether it is injected or made by cache(), and fit what Momento was asked', async () => {
    const feature = { cacheName: 'demo-cache', keyPrefix: 'f:' };
    const app = await start(MomentoModule.forRoot(options()), MomentoModule.forFeature([feature]));
    const cache = app.get(CacheService);
    const before = servers.momento.requestCount();
    const keys = ['a', 'b', 'c'];
    await Promise.all(keys.map((key) => cache.getOrSet(key, () => key)));
    await app.get<CacheService>(getCacheToken('demo-cache')).get('a');
    await cache.cache('demo-cache', { batching: false }).get('a');
    const requests = servers.momento.requestCount() - before;
    const stats = cache.stats();
    expect(stats).toMatchObject({ misses: 4, hits: 1, loads: 3, stored: 3, reads: 5, writes: 3 });
    expect(stats.reads + stats.writes - stats.savedRequests).toBe(requests);
  });

  it('stay when the app is closed, and its listeners go', async () => {
    const app = await start(MomentoModule.forRoot(options()));
    const cache = app.get(CacheService);
    let told = 0;
    cache.on('error', () => (told += 1)).on('miss', () => (told += 1));
    await cache.get('key');
    await app.close();
    await expect(cache.get('key')).rejects.toMatchObject({ code: 'connection-closed' });
    await cache.getOrSet('key', () => 'value');
    expect([told, cache.stats().misses]).toEqual([1, 2]);
  });
});
