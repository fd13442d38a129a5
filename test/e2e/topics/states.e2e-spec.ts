import { Injectable, type Provider } from '@nestjs/common';
import { CacheService, MomentoModule, OnTopic, type TopicState, TopicService } from 'nestjs-momento';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { gate } from './handlers/handlers.fixture.js';

const servers = useEmbeddedServers();
const { options, start, startWith } = useApps(servers);
const patient = { timeout: 10_000, interval: 5 };

describe('the state of a subscription', () => {
  it('is told now and with each change, with when something was last heard, until its end', async () => {
    const app = await start(MomentoModule.forRoot(options()));
    const topics = app.get(TopicService);
    const subscription = await topics.subscribe('news', () => undefined);
    const states: TopicState[] = [];
    let isComplete = false;
    subscription.states.subscribe({
      next: (state) => states.push(state),
      complete: () => (isComplete = true),
    });
    expect(states).toEqual([subscription.state]);
    expect(subscription.state).toMatchObject({ status: 'live', lastHeartbeatAt: expect.any(Date) });
    expect(subscription.state.lastMessageAt).toBeUndefined();

    await topics.publish('news', 'hello');
    await vi.waitFor(() => expect(subscription.state.lastMessageAt).toBeInstanceOf(Date), patient);
    expect(subscription.state.lastCursor).toMatch(/:1$/);

    servers.momento.faults.fail('topic-subscribe', 'UNAVAILABLE');
    servers.momento.faults.cut('topic-subscribe');
    await vi.waitFor(() => expect(states.at(-1)?.status).toBe('reconnecting'), patient);
    servers.momento.faults.clear();
    await vi.waitFor(() => expect(states.at(-1)?.status).toBe('live'), patient);

    await subscription.unsubscribe();
    await vi.waitFor(() => expect(isComplete).toBe(true), patient);
    expect(states.at(-1)?.status).toBe('closed');
    const seen = states.map(({ status }) => status).filter((status, index, all) => status !== all[index - 1]);
    expect(seen).toEqual(['live', 'reconnecting', 'live', 'closed']);

    const late: string[] = [];
    subscription.states.subscribe(({ status }) => late.push(status));
    await vi.waitFor(() => expect(late).toEqual(['closed']), patient);
  });
});

describe('at the shutdown', () => {
  it('near caches hear of changes as long as a handler runs, when listeners hear nothing more', async () => {
    const begun = gate();
    const stopped = gate();
    const heard: unknown[] = [];
    @Injectable()
    class Running {
      constructor(
        readonly cache: CacheService,
        readonly topics: TopicService,
      ) {}

      @OnTopic('work')
      async work() {
        begun.open();
        await stopped.passed;
        await other.get(TopicService).publish('news', 'late');
        await other.get(CacheService).set('key', 'new');
        await vi.waitFor(
          async () => expect(await this.cache.getOrSet('key', () => 'never')).toBe('new'),
          patient,
        );
        heard.push('the change');
      }
    }
    const cache = { nearCache: { ttlSeconds: 60, invalidation: 'topic' } } as const;
    const boot = (...providers: Provider[]) =>
      startWith({ imports: [MomentoModule.forRoot(options({ cache }))], providers });
    const other = await boot();
    const app = await boot(Running);
    const { cache: cached, topics } = app.get(Running);
    await topics.subscribe('news', ({ value }) => void heard.push(value));
    topics.observe('news').subscribe({ complete: stopped.open });
    await cached.set('key', 'old');
    expect(await cached.getOrSet('key', () => 'never')).toBe('old');
    await topics.publish('work', 1);
    await begun.passed;
    await app.close();
    expect(heard).toEqual(['the change']);
  });
});
