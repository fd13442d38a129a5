import { type Middleware, TopicConfigurations } from '@gomomento/sdk';
import { MomentoModule, type MomentoModuleOptions, type TopicCursor, TopicService } from 'nestjs-momento';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../../support/apps.js';
import { useEmbeddedServers } from '../../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const apps = useApps(servers);
const patient = { timeout: 10_000, interval: 5 };
const subscriptions = () => servers.momento.stats().subscriptions;
const asked = () => servers.momento.requestCount('topic-subscribe');

async function startTopics(options: MomentoModuleOptions = {}): Promise<TopicService> {
  return (await apps.start(MomentoModule.forRoot(apps.options(options)))).get(TopicService);
}

/** Keeps what streams bring back until it is told to let it through. */
function holding() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const pass = async <T>(value: T) => value;
  const middleware: Middleware = {
    onNewRequest: () => {
      let isStream = false;
      return {
        onRequestMetadata: pass,
        onRequestBody: async (request) => {
          isStream = request.constructorName() === '_SubscriptionRequest';
          return request;
        },
        onResponseMetadata: pass,
        onResponseBody: async (response) => {
          if (isStream) await opened;
          return response;
        },
        onResponseStatus: pass,
      };
    },
  };
  return { open: () => open(), middleware };
}

/** What a process before published and heard. */
async function published(values: readonly number[]): Promise<TopicCursor[]> {
  const topics = await startTopics();
  const cursors: TopicCursor[] = [];
  const heard = await topics.subscribe('news', ({ cursor }) => void cursors.push(cursor));
  await topics.publishMany('news', values);
  await vi.waitFor(() => expect(cursors).toHaveLength(values.length), patient);
  await heard.unsubscribe();
  return cursors;
}

describe('a message that is published before a subscription has its answer', () => {
  it('comes to every kind of listener', async () => {
    const gate = holding();
    const topicConfiguration = TopicConfigurations.Default.latest().addMiddleware(gate.middleware);
    const topics = await startTopics({ topicConfiguration });
    const seen: unknown[] = [];
    let isAnswered = false;
    const answer = topics
      .subscribe('news', ({ value }) => void seen.push(value))
      .then(() => (isAnswered = true));
    topics.observe('news').subscribe(({ value }) => void seen.push(value));
    topics
      .sse('news')
      .subscribe(({ data }) => void (data === undefined || seen.push(JSON.parse(data as string))));
    const next = topics.stream<number>('news').next();
    await vi.waitFor(() => expect(subscriptions()).toBe(1), patient);
    await topics.publish('news', 1);
    expect([isAnswered, seen]).toEqual([false, []]);
    gate.open();
    await answer;
    await vi.waitFor(() => expect(seen).toEqual([1, 1, 1]), patient);
    expect((await next).value).toMatchObject({ value: 1 });
  });
});

describe('who begins while another one catches up', () => {
  it('with the next message, gets nothing from before it came', async () => {
    const [first] = await published([1, 2, 3]);
    const gate = holding();
    const topicConfiguration = TopicConfigurations.Default.latest().addMiddleware(gate.middleware);
    const topics = await startTopics({ topicConfiguration });
    const seen = { first: [] as unknown[], next: [] as unknown[], observed: [] as unknown[] };
    const catchingUp = topics.subscribe('news', ({ value }) => void seen.first.push(value), { after: first });
    await vi.waitFor(() => expect(asked()).toBe(2), patient);
    const next = topics.subscribe('news', ({ value }) => void seen.next.push(value));
    topics.observe('news').subscribe(({ value }) => void seen.observed.push(value));
    await vi.waitFor(() => expect(asked()).toBe(3), patient);
    gate.open();
    await Promise.all([catchingUp, next]);
    await topics.publishMany('news', [4, 5]);
    await vi.waitFor(
      () => expect(seen).toEqual({ first: [2, 3, 4, 5], next: [4, 5], observed: [4, 5] }),
      patient,
    );
    // The other process has one of its own.
    await vi.waitFor(() => expect(subscriptions()).toBe(2), patient);
  });

  it('behind the same messages, shares a subscription: as browsers do that come back after a deployment', async () => {
    const cursors = await published([1, 2, 3, 4]);
    const topics = await startTopics();
    await topics.subscribe('news', () => undefined);
    const places = Array.from({ length: 300 }, (_, index) => 1 + (index % 3));
    const seen = places.map((): unknown[] => []);
    const back = places.map((place, index) =>
      topics.subscribe<number>('news', ({ value }) => void seen[index]?.push(value), {
        after: cursors[place - 1],
      }),
    );
    await Promise.all(back);
    await topics.publishMany('news', [5, 6]);
    const expected = places.map((place) => [1, 2, 3, 4, 5, 6].slice(place));
    await vi.waitFor(() => expect(seen).toEqual(expected), patient);
    // Beside that of the other process, and of the one for all here.
    expect(asked()).toBe(2 + 3);
    await vi.waitFor(() => expect(subscriptions()).toBe(2), patient);
  });
});

describe('who leaves before there is an answer', () => {
  it.each<[string, (topics: TopicService) => () => void]>([
    [
      'an observer',
      (topics) => {
        const subscription = topics.observe('news').subscribe(unwanted);
        return () => subscription.unsubscribe();
      },
    ],
    [
      'a stream',
      (topics) => {
        const leaving = new AbortController();
        const next = topics.stream('news', { signal: leaving.signal }).next();
        void next.then(({ done }) => (done === true ? undefined : unwanted.next()));
        return () => leaving.abort();
      },
    ],
  ])('is told nothing: %s', async (_kind, listen) => {
    unwanted.next.mockClear();
    const topics = await startTopics();
    servers.momento.faults.delay('topic-subscribe', 100, { times: 1 });
    const leave = listen(topics);
    await vi.waitFor(() => expect(asked()).toBe(1), patient);
    leave();
    const seen: unknown[] = [];
    await topics.subscribe('news', ({ value }) => void seen.push(value));
    await topics.publish('news', 1);
    await vi.waitFor(() => expect(seen).toEqual([1]), patient);
    expect(unwanted.next).not.toHaveBeenCalled();
    expect([asked(), subscriptions()]).toEqual([1, 1]);
  });
});

const unwanted = { next: vi.fn<() => void>(), error: vi.fn<() => void>(), complete: vi.fn<() => void>() };

describe('the end of an app', () => {
  it('ends who still catches up: there is nothing left of it', async () => {
    const [first] = await published([1, 2, 3]);
    const app = await apps.start(MomentoModule.forRoot(apps.options()));
    const topics = app.get(TopicService);
    const before = subscriptions();
    await topics.subscribe('news', () => undefined);
    const late = await topics.subscribe('news', () => undefined, { after: first });
    const completed = vi.fn<() => void>();
    topics.observe('news', { after: first }).subscribe({ complete: completed });
    expect(subscriptions()).toBe(before + 2);
    await app.close();
    await late.ended;
    expect([late.status, completed.mock.calls.length]).toEqual(['closed', 1]);
    await vi.waitFor(() => expect(subscriptions()).toBe(before), patient);
  });
});
