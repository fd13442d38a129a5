import assert from 'node:assert/strict';
import { Controller, Headers, type MessageEvent, Sse } from '@nestjs/common';
import { defineTopic, type TopicGapEvent, type TopicMessage, TopicService } from 'nestjs-momento';
import { map, type Observable } from 'rxjs';
import { type Checks, until, withApp } from './running-app.js';

const news = defineTopic<string>('news');
const longestCloseMs = 1_000;

@Controller()
class FeedController {
  constructor(private readonly topics: TopicService) {}

  @Sse('feed')
  feed(@Headers('last-event-id') lastEventId?: string): Observable<MessageEvent> {
    return this.topics.sse(news, { lastEventId });
  }

  @Sse('values')
  values(): Observable<MessageEvent> {
    return this.topics.observe(news).pipe(map(({ value }) => ({ data: value })));
  }
}

/** A browser's part: it keeps the connection for further requests. */
async function open(url: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  const { body } = await fetch(url, { headers, signal: leaving.signal });
  assert.ok(body !== null);
  const feed = { text: '', hasEnded: false };
  const read = async () => {
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (let part = await reader.read(); part.value !== undefined; part = await reader.read())
      feed.text += decoder.decode(part.value, { stream: true });
    feed.hasEnded = true;
  };
  // One that has left has not come to its end.
  const ended = read().catch(() => undefined);
  const has = (text: string) => until(text, async () => feed.text.includes(text));
  return { feed, ended, has, leave: () => leaving.abort() };
}

const controllers = [FeedController];

export const topicFeedChecks: Checks = {
  'observe, stream and subscribe hear what publish and publishMany send': (framework) =>
    withApp(framework, {}, async ({ app, momento }) => {
      const topics = app.get(TopicService);
      const heard: Record<string, string[]> = { observe: [], stream: [], subscribe: [] };
      const observed = topics.observe(news).subscribe(({ value }) => heard['observe']?.push(value));
      await topics.subscribe(news, ({ value }) => void heard['subscribe']?.push(value));
      const stream: AsyncIterableIterator<TopicMessage<string> | TopicGapEvent> = topics.stream(news, {
        gaps: true,
      });
      const first = stream.next();
      await until('it is subscribed', async () => momento.stats().subscriptions === 1);
      await topics.publish(news, 'a');
      await topics.publishMany(news, ['b', 'c']);
      for (const { value } of [await first, await stream.next(), await stream.next()])
        if (value !== undefined && !('kind' in value)) heard['stream']?.push(value.value);
      const all = ['a', 'b', 'c'];
      await until(
        'all is heard',
        async () => heard['observe']?.length === 3 && heard['subscribe']?.length === 3,
      );
      assert.deepEqual(heard, { observe: all, stream: all, subscribe: all });
      assert.equal(momento.stats().subscriptions, 1);
      observed.unsubscribe();
      await stream.return?.();
    }),

  'a browser that comes back gets what it missed': (framework) =>
    withApp(framework, { controllers }, async ({ app, url, momento }) => {
      const topics = app.get(TopicService);
      const first = await open(`${url}/feed`);
      await first.has('retry: 3000');
      await until('it is subscribed', async () => momento.stats().subscriptions === 1);
      await topics.publish(news, 'a\nb');
      await first.has('data: "a\\nb"');
      const [, id = ''] = /id: (\d+:1)\ndata: "a\\nb"\n\n/.exec(first.feed.text) ?? [];
      first.leave();
      await first.ended;
      await topics.publishMany(news, ['c', 'd']);
      const again = await open(`${url}/feed`, { 'last-event-id': id });
      await again.has('data: "d"');
      assert.match(again.feed.text, /id: \d+:2\ndata: "c"\n\nid: \d+:3\ndata: "d"\n\n/);
      assert.ok(!again.feed.text.includes('"a'));
      const lost = await open(`${url}/feed`, { 'last-event-id': '1:1' });
      await topics.publish(news, 'e');
      await lost.has('data: "e"');
      assert.match(lost.feed.text, /event: resync\n/);
      for (const { leave, ended } of [again, lost]) {
        leave();
        await ended;
      }
    }),

  'open browsers do not hold the app when it closes': (framework) =>
    withApp(framework, { controllers }, async ({ app, url, close, logged, momento }) => {
      const topics = app.get(TopicService);
      const iterated: string[] = [];
      const iterating = (async () => {
        for await (const { value } of topics.stream(news)) iterated.push(value);
      })();
      const feeds = [];
      for (const path of ['feed', 'values', 'feed', 'values']) feeds.push(await open(`${url}/${path}`));
      await until('it is subscribed', async () => momento.stats().subscriptions === 1);
      await topics.publish(news, 'hello');
      for (const { has } of feeds) await has('hello');
      const behind = await open(`${url}/feed`, { 'last-event-id': '1:1' });
      await behind.has('retry: 3000');
      const tookMs = await close();
      assert.ok(tookMs < longestCloseMs, `close() took ${tookMs} ms`);
      for (const { ended, feed } of [...feeds, behind]) {
        await ended;
        assert.ok(feed.hasEnded, feed.text);
      }
      await iterating;
      assert.deepEqual([iterated, logged], [['hello'], []]);
      await until('nothing is left', async () => momento.stats().subscriptions === 0);
    }),
};
