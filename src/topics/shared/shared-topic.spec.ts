import type { TopicClient } from '@gomomento/sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startStreams, type StreamScene } from '../../clients/streams/streams.fixture.js';
import type { Cursor } from '../../clients/streams/topic-position.js';
import { SharedTopic } from './shared-topic.js';
import { TopicListener } from './topic-listener.js';

const patient = { timeout: 10_000, interval: 5 };
let scene: StreamScene;
const streams = () => scene.momento.stats().subscriptions;

function open(): SharedTopic {
  const client = {
    subscribe: (...args: Parameters<TopicClient['subscribe']>) =>
      scene.subscriptions.subscribe(scene.keys.current, ...args),
  } as TopicClient;
  const operation = { name: 'subscribe', cacheName: 'cache', target: 'topic' };
  const nothing = () => undefined;
  return new SharedTopic(
    { client, operation, lingerMs: 20, onStreamError: nothing, onEnd: nothing },
    undefined,
  );
}

/** A listener, and what it hears. */
function listener(after?: Cursor) {
  const heard: string[] = [];
  const cursors: Cursor[] = [];
  const events = {
    item: (item: { valueString(): string }, cursor: Cursor) => {
      heard.push(item.valueString());
      cursors.push(cursor);
    },
    gap: () => void heard.push('gap'),
    ended: () => void heard.push('end'),
  };
  return { heard, cursors, listener: new TopicListener(events, after) };
}

describe('who comes back behind a message that the others have not heard', () => {
  /** The topic has two messages, and nobody who listens; somebody comes back behind the first one. */
  async function prepare(): Promise<Cursor> {
    scene = await startStreams();
    const first = listener();
    const leave = await open().add(first.listener, undefined);
    await scene.publish('1', '2');
    await vi.waitFor(() => expect(first.heard).toEqual(['1', '2']), patient);
    leave();
    await vi.waitFor(() => expect(streams()).toBe(0), patient);
    return first.cursors[0] as Cursor;
  }
  afterEach(() => scene.stop());

  it('goes on to hear when the others have left meanwhile', async () => {
    const after = await prepare();
    const topic = open();
    const other = listener();
    const leave = await topic.add(other.listener, undefined);
    await scene.publish('3');
    await vi.waitFor(() => expect(other.heard).toEqual(['3']), patient);
    scene.momento.faults.delay('topic-subscribe', 150, { times: 1 });
    const back = listener(after);
    const added = topic.add(back.listener, after);
    leave();
    const leaveToo = await added;
    await vi.waitFor(() => expect(back.heard).toEqual(['2', '3']), patient);
    await scene.publish('4');
    await vi.waitFor(() => expect(back.heard).toEqual(['2', '3', '4']), patient);
    leaveToo();
    await vi.waitFor(() => expect(streams()).toBe(0), patient);
  });

  it('goes on to hear by its own subscription when there is none for all', async () => {
    const after = await prepare();
    scene.momento.faults.delay('topic-subscribe', 50, { times: 1 });
    scene.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED', { times: 1 });
    const topic = open();
    const adding = topic.add(listener().listener, undefined);
    const back = listener(after);
    const added = topic.add(back.listener, after);
    await expect(adding).rejects.toThrow('PERMISSION');
    await added;
    await scene.publish('3', '4');
    await vi.waitFor(() => expect(back.heard).toEqual(['2', '3', '4']), patient);
  });

  it('does not hold the subscription of others when it is refused', async () => {
    const after = await prepare();
    const topic = open();
    const leave = await topic.add(listener().listener, undefined);
    leave();
    scene.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED', { times: 1 });
    await expect(topic.add(listener(after).listener, after)).rejects.toThrow('PERMISSION');
    await vi.waitFor(() => expect(streams()).toBe(0), patient);
  });
});
