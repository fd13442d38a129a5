import { CacheService, MomentoClosedError, MomentoModule, TopicService } from 'nestjs-momento';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);
const logs = captureLogs();

describe('an app that closes while a topic handler runs', () => {
  /** An app with a handler that goes on when it is told to, and then uses the cache. */
  async function startHandling(shutdownTimeoutSeconds?: number) {
    const app = await start(MomentoModule.forRoot(options({ shutdownTimeoutSeconds })));
    const [cache, topics] = [app.get(CacheService), app.get(TopicService)];
    let goOn: () => void = () => undefined;
    const told = new Promise<void>((resolve) => (goOn = resolve));
    const handled: unknown[] = [];
    const outcomes: unknown[] = [];
    await topics.subscribe<number>('orders', async ({ value }) => {
      handled.push(value);
      await told;
      outcomes.push(
        await cache.set(`order:${value}`, value).then(
          () => 'stored',
          (error: unknown) => error,
        ),
      );
    });
    await topics.publish('orders', 1);
    await vi.waitFor(() => expect(handled).toEqual([1]));
    logs.start();
    return { app, cache, topics, handled, outcomes, goOn };
  }

  it('waits for it, with everything usable, hands out no further message, and refuses calls afterwards', async () => {
    const { app, cache, topics, handled, outcomes, goOn } = await startHandling();
    const closing = app.close();
    await topics.publish('orders', 2);
    await sleep(50);
    expect(await cache.getOrSet('loaded', () => 'meanwhile')).toBe('meanwhile');
    goOn();
    await closing;
    expect(outcomes).toEqual(['stored']);
    expect(handled).toEqual([1]);
    expect(logs.lines).toEqual([]);
    await expect(cache.get('order:1')).rejects.toBeInstanceOf(MomentoClosedError);
    await expect(topics.publish('orders', 3)).rejects.toBeInstanceOf(MomentoClosedError);
  });

  it('waits no longer than the limit, and says so; the handler is refused then', async () => {
    const { app, outcomes, goOn } = await startHandling(0.2);
    await app.close();
    expect(logs.lines).toEqual(['warn [Momento] 1 calls or handlers are still under way after 0.2 s.']);
    goOn();
    await vi.waitFor(() => expect(outcomes).toEqual([expect.any(MomentoClosedError)]));
  });
});

describe('an app that closes while a value is being loaded', () => {
  it('waits for it and stores it', async () => {
    const app = await start(MomentoModule.forRoot(options()));
    let finish: (value: string) => void = () => undefined;
    const loading = app
      .get(CacheService)
      .getOrSet('slow', () => new Promise<string>((resolve) => (finish = resolve)));
    await vi.waitFor(() => expect(servers.momento.requestCount('get')).toBe(1));
    logs.start();
    const closing = app.close();
    await sleep(20);
    finish('loaded');
    expect(await loading).toBe('loaded');
    await closing;
    expect(servers.momento.requestCount('set')).toBe(1);
    expect(logs.lines).toEqual([]);
  });

  it('tells it to end when the limit is over', async () => {
    const app = await start(MomentoModule.forRoot(options({ shutdownTimeoutSeconds: 0.1 })));
    const loading = app.get(CacheService).getOrSet('endless', ({ signal }) => {
      const ended = new Promise<string>((resolve) => {
        signal.addEventListener('abort', () => resolve('ended'), { once: true });
      });
      return ended;
    });
    await vi.waitFor(() => expect(servers.momento.requestCount('get')).toBe(1));
    await app.close();
    expect(await loading).toBe('ended');
  });
});
