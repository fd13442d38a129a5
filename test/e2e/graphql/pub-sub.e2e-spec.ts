import { buildSchema, type ExecutionResult, parse, subscribe } from 'graphql';
import { withFilter } from 'graphql-subscriptions';
import { type MomentoCodec, MomentoModule, TopicService } from 'nestjs-momento';
import { MomentoPubSub, type MomentoPubSubOptions } from 'nestjs-momento/graphql';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { options, start } = useApps(servers);
const logs = captureLogs();
const patient = { timeout: 10_000, interval: 5 };
const subscriptions = () => servers.momento.stats().subscriptions;
const openings = () => servers.momento.requestCount('topic-subscribe');

async function startPubSub(more: Omit<MomentoPubSubOptions, 'topics'> = {}) {
  const app = await start(MomentoModule.forRoot(options()));
  const topics = app.get(TopicService);
  return { app, topics, pubSub: new MomentoPubSub({ topics, ...more }) };
}

/** Waits until so many topics are subscribed to and publishes then. */
async function whenListening(count: number, publish: () => Promise<unknown>): Promise<void> {
  await vi.waitFor(() => expect(subscriptions()).toBe(count), patient);
  await publish();
}

class Post {
  readonly at = new Date(0);
  constructor(readonly title: string) {}
}

const schema = buildSchema(`
  type Post { title: String! at: String! }
  type Query { none: String }
  type Subscription { posted(like: String): Post! }
`);

/** Runs the subscription with graphql's own `subscribe()`, resolved as a server would. */
async function execute(source: (args: { like?: string }) => AsyncIterable<unknown>) {
  const result = await subscribe({
    schema,
    document: parse('subscription { posted(like: "N") { title at } }'),
    rootValue: { posted: source },
  });
  if (!(Symbol.asyncIterator in result)) throw new Error(JSON.stringify(result));
  return result;
}

describe('subscriptions of GraphQL', () => {
  it('get what is published, from other instances as well, and unsubscribe when they return', async () => {
    const { pubSub } = await startPubSub();
    const other = await startPubSub();
    const results = await execute(() => pubSub.asyncIterableIterator('posted'));
    expect(openings()).toBe(0);
    const next = results.next();
    await whenListening(1, () => other.pubSub.publish('posted', { posted: new Post('News') }));
    expect(await next).toEqual({
      done: false,
      value: { data: { posted: { title: 'News', at: '1970-01-01T00:00:00.000Z' } } },
    });
    await results.return();
    expect(await results.next()).toEqual({ done: true, value: undefined });
    await pubSub.publish('posted', { posted: new Post('to nobody') });
    expect(openings()).toBe(1);
  });

  it('are filtered by withFilter', async () => {
    const { pubSub } = await startPubSub();
    const filtered = withFilter(
      () => pubSub.asyncIterableIterator('posted'),
      (payload: { posted: Post } | undefined, args: { like?: string } | undefined) =>
        payload?.posted.title.startsWith(args?.like ?? '') === true,
    );
    const results = await execute((args) => filtered(undefined, args) as unknown as AsyncIterable<unknown>);
    const next = results.next();
    await whenListening(1, async () => {
      for (const title of ['Old', 'News']) await pubSub.publish('posted', { posted: new Post(title) });
    });
    const { value } = (await next) as IteratorResult<ExecutionResult>;
    expect(value).toMatchObject({ data: { posted: { title: 'News' } } });
    await results.return();
  });

  it('end when the app shuts down, before its connections close', async () => {
    const { app, pubSub } = await startPubSub();
    const results = await execute(() => pubSub.asyncIterableIterator(['posted', 'other']));
    const next = results.next();
    await vi.waitFor(() => expect(subscriptions()).toBe(2), patient);
    await app.close();
    expect(await next).toEqual({ done: true, value: undefined });
    await vi.waitFor(() => expect(subscriptions()).toBe(0), patient);
  });
});

describe('an iterator', () => {
  it('has the payloads of all its triggers, of each once and in order', async () => {
    const { pubSub } = await startPubSub();
    const iterator: AsyncIterableIterator<string> = pubSub.asyncIterableIterator<string>(['a', 'b', 'a']);
    const heard: string[] = [];
    const reading = (async () => {
      for await (const value of iterator) if (heard.push(value) === 40) break;
    })();
    await whenListening(2, async () => {
      for (let count = 0; count < 20; count += 1)
        for (const trigger of ['a', 'b']) await pubSub.publish(trigger, `${trigger}${count}`);
    });
    await reading;
    for (const trigger of ['a', 'b'])
      expect(heard.filter((value) => value.startsWith(trigger))).toEqual(
        Array.from({ length: 20 }, (_, count) => `${trigger}${count}`),
      );
  });

  it('answers whoever asks ahead, in order, and all of them at its end', async () => {
    const { pubSub } = await startPubSub();
    const iterator = pubSub.asyncIterableIterator<number>('a');
    const asked = Array.from({ length: 4 }, () => iterator.next());
    await whenListening(1, async () => {
      for (const value of [1, 2]) await pubSub.publish('a', value);
    });
    expect(await Promise.all(asked.slice(0, 2))).toEqual([1, 2].map((value) => ({ value, done: false })));
    await iterator.return();
    expect(await Promise.all(asked.slice(2))).toEqual([1, 2].map(() => ({ value: undefined, done: true })));
    await expect(iterator.throw(new Error('of the consumer'))).rejects.toThrow('of the consumer');
  });

  it('that returns before it began never subscribes, and while it subscribes leaves nothing', async () => {
    const { pubSub, topics, app } = await startPubSub();
    const unused = pubSub.asyncIterableIterator('a');
    await unused.return();
    expect(await unused.next()).toEqual({ value: undefined, done: true });
    expect(openings()).toBe(0);
    servers.momento.faults.delay('topic-subscribe', 50);
    const listened = vi.spyOn(topics, 'stream');
    const hasty = Array.from({ length: 300 }, () => pubSub.asyncIterableIterator(['a', 'b']));
    const asked = hasty.map((iterator) => iterator.next());
    await Promise.all(hasty.map((iterator) => iterator.return()));
    expect(new Set((await Promise.all(asked)).map(({ done }) => done))).toEqual(new Set([true]));
    expect(listened).toHaveBeenCalledTimes(600);
    expect(openings()).toBeLessThanOrEqual(2);
    await app.close();
    await vi.waitFor(() => expect(subscriptions()).toBe(0), patient);
  });

  it('of which a trigger is refused fails, says why, and leaves the others', async () => {
    const { pubSub } = await startPubSub();
    servers.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED', { times: 1 });
    const iterator = pubSub.asyncIterableIterator(['a', 'b']);
    await expect(iterator.next()).rejects.toMatchObject({
      name: 'MomentoTopicError',
      message: expect.stringContaining('give it the role'),
    });
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    const again = pubSub.asyncIterableIterator('a');
    const next = again.next();
    await whenListening(2, () => pubSub.publish('a', 1));
    expect(await next).toEqual({ value: 1, done: false });
    await again.return();
  });

  it('of no trigger is over, and one whose trigger no topic can be called fails at the first next()', async () => {
    const { pubSub } = await startPubSub();
    expect(await pubSub.asyncIterableIterator([]).next()).toEqual({ value: undefined, done: true });
    const nameless = pubSub.asyncIterableIterator('');
    await expect(nameless.next()).rejects.toMatchObject({ code: 'invalid-options' });
    const long = pubSub.asyncIterableIterator(`${servers.apiKey}${'x'.repeat(2_000)}`);
    const failure: unknown = await long.next().catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'MomentoTopicError' });
    expect(String(failure)).not.toContain(servers.apiKey);
  });

  it('keeps no more than bufferSize of what is not taken, and says what went', async () => {
    const { pubSub, topics } = await startPubSub({ bufferSize: 2 });
    logs.start();
    const iterator = pubSub.asyncIterableIterator<number>('a');
    const next = iterator.next();
    const heard: unknown[] = [];
    await topics.subscribe('a', ({ value }) => void heard.push(value));
    for (const value of [1, 2, 3, 4, 5]) await pubSub.publish('a', value);
    await vi.waitFor(() => expect(heard).toHaveLength(5), patient);
    expect(await next).toEqual({ value: 1, done: false });
    const rest = [await iterator.next(), await iterator.next(), await iterator.next()];
    expect(rest.map(({ value }) => value as unknown)).toEqual([2, 4, 5]);
    expect(logs.lines).toEqual([expect.stringContaining("1 messages of topic 'a'")]);
    await iterator.return();
  });

  it('goes on behind a cut of the connection', async () => {
    const { pubSub } = await startPubSub();
    const iterator = pubSub.asyncIterableIterator<number>('a');
    const next = iterator.next();
    await whenListening(1, () => pubSub.publish('a', 1));
    await next;
    servers.momento.faults.cut('topic-subscribe');
    await pubSub.publish('a', 2);
    expect(await iterator.next()).toEqual({ value: 2, done: false });
    await iterator.return();
  });
});

describe('the engine itself', () => {
  it('subscribes with a callback, and unsubscribes by the id, as often as one likes', async () => {
    const { pubSub } = await startPubSub({ topicPrefix: 'graphql/' });
    logs.start();
    const heard: unknown[] = [];
    const ids = [
      await pubSub.subscribe('a', (value) => heard.push(value)),
      await pubSub.subscribe('a', () => {
        throw new Error('of a callback');
      }),
    ];
    expect(new Set(ids).size).toBe(2);
    await pubSub.publish('a', { value: 1 });
    await vi.waitFor(() => expect(heard).toEqual([{ value: 1 }]), patient);
    for (const id of [...ids, ...ids, 99]) await pubSub.unsubscribe(id);
    await pubSub.publish('a', { value: 2 });
    expect(heard).toHaveLength(1);
    expect(logs.lines).toEqual([expect.stringContaining("The handler of topic 'graphql/a'")]);
  });

  it('sends as its codec says, and refuses what has no form or is too long', async () => {
    const dates: MomentoCodec<Date> = {
      encode: (value) => value.toISOString(),
      decode: (bytes) => new Date(Buffer.from(bytes).toString()),
    };
    const { pubSub } = await startPubSub({ codec: dates });
    const heard: unknown[] = [];
    await pubSub.subscribe('a', (value) => heard.push(value));
    await pubSub.publish('a', new Date(7));
    await vi.waitFor(() => expect(heard).toEqual([new Date(7)]), patient);
    const plain = await startPubSub();
    await expect(plain.pubSub.publish('a', undefined)).rejects.toMatchObject({ name: 'MomentoTopicError' });
    await expect(plain.pubSub.publish('a', 'x'.repeat(5_000))).rejects.toThrow('it has 5002 bytes');
    await expect(plain.pubSub.publish('', 1)).rejects.toMatchObject({ code: 'invalid-options' });
    await expect(plain.pubSub.subscribe('', () => undefined)).rejects.toMatchObject({
      code: 'invalid-options',
    });
  });
});
