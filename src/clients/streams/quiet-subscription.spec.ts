import { TopicSubscribe } from '@gomomento/sdk';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { providerOf, recorder, startStreams, type StreamScene } from './streams.fixture.js';

const patient = { timeout: 10_000, interval: 5 };
let scene: StreamScene;
afterEach(() => scene.stop());

const streams = () => scene.momento.stats().subscriptions;

async function subscribe(callbacks: object): Promise<void> {
  const response = await scene.subscriptions.subscribe(scene.keys.current, 'cache', 'topic', callbacks);
  if (response instanceof TopicSubscribe.Error) throw new Error(response.toString());
}

/** The stream is lost; this is published before there is another one. */
async function publishInOutage(...values: string[]): Promise<void> {
  scene.momento.faults.fail('topic-subscribe', 'UNAVAILABLE');
  scene.momento.faults.cut('topic-subscribe');
  await vi.waitFor(() => expect(streams()).toBe(0), patient);
  await scene.publish(...values);
  scene.momento.faults.clear();
  await vi.waitFor(() => expect(streams()).toBe(1), patient);
}

describe('a subscription that has heard nothing, and is lost', () => {
  it('gets what was published meanwhile, when all that Momento holds came after it began', async () => {
    scene = await startStreams({ timing: { surelyForgottenMs: 0 } });
    const { values, callbacks } = recorder();
    await subscribe(callbacks);
    await publishInOutage('1', '2');
    await scene.publish('3');
    await vi.waitFor(() => expect(values).toEqual(['1', '2', '3']), patient);
    await publishInOutage('4');
    await vi.waitFor(() => expect(values).toEqual(['1', '2', '3', '4']), patient);
    expect(callbacks.onDiscontinuity).not.toHaveBeenCalled();
  });

  it('gets what is still held of it, however long the topic is', async () => {
    let nowMs = Date.now();
    scene = await startStreams({ now: () => nowMs, timing: { surelyForgottenMs: 0 } });
    const { values, callbacks } = recorder();
    await scene.publish('long ago', 'long ago');
    nowMs += 6_000;
    await subscribe(callbacks);
    await publishInOutage('1');
    await scene.publish('2');
    await vi.waitFor(() => expect(values).toEqual(['1', '2']), patient);
    expect(callbacks.onDiscontinuity).not.toHaveBeenCalled();
  });

  it('is told nothing from before it began, when that may still be held', async () => {
    scene = await startStreams();
    const { values, callbacks } = recorder();
    await scene.publish('before');
    await subscribe(callbacks);
    await publishInOutage('meanwhile');
    await scene.publish('after');
    await vi.waitFor(() => expect(values).toEqual(['after']), patient);
  });

  it('gets it also after a move to another key, for which the streams overlapped', async () => {
    scene = await startStreams({ timing: { surelyForgottenMs: 300, overlapMs: 50 } });
    const { values, callbacks } = recorder();
    await scene.publish('before');
    await subscribe(callbacks);
    await sleep(350);
    scene.keys.rotate(providerOf(scene.momento));
    await vi.waitFor(() => expect(streams()).toBe(2), patient);
    await vi.waitFor(() => expect(streams()).toBe(1), patient);
    expect(values).toEqual([]);
    scene.momento.deleteCache('cache');
    scene.momento.createCache('cache');
    await publishInOutage('meanwhile');
    await vi.waitFor(() => expect(values).toEqual(['meanwhile']), patient);
  });
});
