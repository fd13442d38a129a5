import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MomentoTopicError, type TopicSubscription } from 'nestjs-momento';
import { awsEnvironment } from '../../../support/aws-environment.js';
import { captureLogs } from '../../../support/capture-logs.js';
import { kinds } from '../listener.fixture.js';
import { World } from '../world.fixture.js';

beforeAll(() => void Object.assign(process.env, awsEnvironment));

const logs = captureLogs();
const patient = { timeout: 20_000, interval: 5 };

describe('while it is subscribed, a topic', { timeout: 60_000 }, () => {
  let world: World;
  let subscription: TopicSubscription;
  beforeEach(async () => {
    world = await World.start(true);
    logs.start();
    for (const kind of kinds) await world.listen(kind);
    subscription = await world.topics.subscribe('numbers', () => undefined);
    await world.settle();
  });
  afterEach(() => world.end());

  it('that may be heard no more, and then may again: said once, nobody ends, nothing is lost', async () => {
    const { faults } = world.momento;
    faults.fail('topic-subscribe', 'PERMISSION_DENIED');
    world.cut('PERMISSION_DENIED', 0);
    await vi.waitFor(() => expect(logs.lines).toHaveLength(1), patient);
    await world.publishMany(10);
    expect(['reconnecting', 'failed']).toContain(subscription.status);
    await expect(world.topics.subscribe('other', () => undefined)).rejects.toThrow(MomentoTopicError);
    faults.clear();
    await world.settle();
    expect(subscription.status).toBe('live');
    expect(world.faults()).toEqual([]);
    expect(logs.lines).toEqual([
      expect.stringMatching(/^error \[Momento TopicClient\] .*PERMISSION_ERROR.*It is tried again until/),
    ]);
  });

  it('whose cache is gone for a moment begins anew for all, with one gap each', async () => {
    await world.withoutCache(async () => {
      await vi.waitFor(() => expect(logs.lines).toHaveLength(1), patient);
      await expect(world.topics.publish('numbers', 0)).rejects.toThrow(MomentoTopicError);
      await expect(world.topics.subscribe('other', () => undefined)).rejects.toThrow(MomentoTopicError);
    });
    await world.settle();
    expect(subscription.status).toBe('live');
    expect(world.faults()).toEqual([]);
    const gaps = world.listeners.map(({ told }) => told.filter(({ kind }) => kind === 'gap').length);
    expect(gaps).toEqual(world.listeners.map(() => 1));
    expect(logs.lines.filter((line) => line.includes('NOT_FOUND_ERROR'))).toHaveLength(1);
  });

  it('refuses one who comes late, and only that one', async () => {
    await world.forget(2);
    await world.settle();
    const before = world.momento.requestCount('topic-subscribe');
    world.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED', { times: 1 });
    const told: unknown[] = [];
    const after = `${world.published.page}:1` as const;
    const late = () =>
      world.topics.subscribe('numbers', (message) => void told.push(message), {
        after,
        onGap: (gap) => void told.push(gap),
      });
    await expect(late()).rejects.toThrow(MomentoTopicError);
    await world.publish(1);
    await world.settle();
    expect([told, world.momento.stats().subscriptions, subscription.status]).toEqual([[], 1, 'live']);
    expect(world.faults()).toEqual([]);
    const second = await late();
    expect(world.momento.requestCount('topic-subscribe')).toBe(before + 2);
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(0), patient);
    expect(second.status).toBe('live');
  });
});
