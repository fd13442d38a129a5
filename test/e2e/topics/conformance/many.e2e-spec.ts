import { MomentoCredentials, MomentoModule, TopicService } from 'nestjs-momento';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Subscription } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../../support/apps.js';
import { captureLogs } from '../../../support/capture-logs.js';
import { useEmbeddedServers } from '../../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { options, start } = useApps(servers);
const logs = captureLogs();
const patient = { timeout: 20_000, interval: 5 };
const subscriptions = () => servers.momento.stats().subscriptions;

describe('many listeners', { timeout: 60_000 }, () => {
  it('300 times 100 observers come and go: one subscription, and none when they are gone', async () => {
    const app = await start(MomentoModule.forRoot(options()));
    const topics = app.get(TopicService);
    const heard = { messages: 0 };
    const observe = () => topics.observe('news').subscribe(() => (heard.messages += 1));
    let observers: Subscription[] = [];
    for (let round = 0; round < 300; round += 1) {
      const next = Array.from({ length: 100 }, observe);
      for (const one of observers) one.unsubscribe();
      observers = next;
      await sleep(1);
    }
    await vi.waitFor(() => expect(subscriptions()).toBe(1), patient);
    await topics.publish('news', 'to those who are left');
    await vi.waitFor(() => expect(heard.messages).toBe(100), patient);
    expect(servers.momento.requestCount('topic-subscribe')).toBe(1);
    for (const one of observers) one.unsubscribe();
    await vi.waitFor(() => expect(subscriptions()).toBe(0), patient);
    await topics.publish('news', 'to nobody');
    expect(heard.messages).toBe(100);
  });

  it('100 topics have one subscription each, and each hears its own over a cut and a rotation', async () => {
    const app = await start(MomentoModule.forRoot(options({ refresh: false })));
    const topics = app.get(TopicService);
    const names = Array.from({ length: 100 }, (_, index) => `topic ${index}`);
    const heard = new Map(names.map((name) => [name, [] as string[]]));
    await Promise.all(
      names.map((name) => topics.subscribe<string>(name, ({ value }) => void heard.get(name)?.push(value))),
    );
    expect(subscriptions()).toBe(100);
    const publish = (what: string) =>
      Promise.all(names.map((name) => topics.publish(name, `${what} of ${name}`)));
    const expectHeard = (...whats: string[]) =>
      vi.waitFor(() => {
        for (const name of names) expect(heard.get(name)).toEqual(whats.map((what) => `${what} of ${name}`));
      }, patient);
    await publish('first');
    await expectHeard('first');
    servers.momento.faults.cut('topic-subscribe');
    await publish('second');
    await expectHeard('first', 'second');
    const key = servers.momento.issueApiKey();
    servers.secrets.putSecret('Momento_Auth_Token', key);
    await app.get(MomentoCredentials).refreshNow();
    await vi.waitFor(() => {
      const [last] = servers.momento.requests.filter(({ rpc }) => rpc === 'topic-subscribe').slice(-1);
      expect(last?.keyId).toBe('key-2');
    }, patient);
    await publish('third');
    await expectHeard('first', 'second', 'third');
    await vi.waitFor(() => expect(subscriptions()).toBe(100), patient);
    await app.close();
    await vi.waitFor(() => expect(subscriptions()).toBe(0), patient);
  });

  it('of two apps in one process hear by their own subscriptions: one goes on when the other closes', async () => {
    const apps = await Promise.all([
      start(MomentoModule.forRoot(options())),
      start(MomentoModule.forRoot(options())),
    ]);
    const heard: [string[], string[]] = [[], []];
    const [left, right] = [apps[0].get(TopicService), apps[1].get(TopicService)];
    const one = await left.subscribe<string>('news', ({ value }) => void heard[0].push(value));
    const other = await right.subscribe<string>('news', ({ value }) => void heard[1].push(value));
    expect(subscriptions()).toBe(2);
    await left.publish('news', 'for both');
    await vi.waitFor(() => expect(heard).toEqual([['for both'], ['for both']]), patient);
    await apps[0].close();
    await vi.waitFor(() => expect(subscriptions()).toBe(1), patient);
    await right.publish('news', 'for one');
    await vi.waitFor(() => expect(heard[1]).toEqual(['for both', 'for one']), patient);
    expect([heard[0], one.status, other.status]).toEqual([['for both'], 'closed', 'live']);
  });

  it('that throw or take their time keep nothing from the others, nor from themselves, and are logged once', async () => {
    const app = await start(MomentoModule.forRoot(options({ shutdownTimeoutSeconds: 1 })));
    logs.start();
    const topics = app.get(TopicService);
    const heard: Record<'throws' | 'rejects' | 'slow' | 'quiet', number[]> = {
      throws: [],
      rejects: [],
      slow: [],
      quiet: [],
    };
    await topics.subscribe<number>('news', ({ value }) => {
      heard.throws.push(value);
      throw new Error('at once');
    });
    await topics.subscribe<number>('news', async ({ value }) => {
      heard.rejects.push(value);
      await Promise.reject(new Error('later'));
    });
    await topics.subscribe<number>('news', async ({ value }) => {
      heard.slow.push(value);
      await new Promise(() => undefined);
    });
    await topics.subscribe<number>('news', ({ value }) => void heard.quiet.push(value));
    const values = Array.from({ length: 1_000 }, (_, index) => index);
    await topics.publishMany('news', values);
    await vi.waitFor(
      () => expect(heard).toEqual({ throws: values, rejects: values, slow: values, quiet: values }),
      patient,
    );
    expect(subscriptions()).toBe(1);
    expect(logs.lines).toEqual([
      expect.stringMatching(/^error \[TopicService\] The handler of topic 'news' .* failed on message 1\./),
    ]);
  });
});
