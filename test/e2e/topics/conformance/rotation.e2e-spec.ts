import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { stories } from '../../../soak/rotation-soak.js';
import { awsEnvironment } from '../../../support/aws-environment.js';
import { kinds } from '../listener.fixture.js';
import { World } from '../world.fixture.js';

beforeAll(() => void Object.assign(process.env, awsEnvironment));

/** Mostly it is waited: all stories at once. */
describe('a rotation under several listeners of every kind', { timeout: 60_000 }, () => {
  it.concurrent.each(stories.map((story) => [story.name, story] as const))(
    '%s: each of them gets every message, in order and once, those included who come meanwhile',
    async (_name, story) => {
      const world = await World.start(true);
      try {
        for (const kind of [...kinds, ...kinds]) await world.listen(kind);
        await world.settle();
        const over = new AbortController();
        const publishing = (async () => {
          while (!over.signal.aborted) await Promise.all([world.publish(1), sleep(5)]);
        })();
        const rotated = Promise.all([world.rotateAs(story), world.followed(2)]);
        for (const kind of kinds) {
          await world.listen(kind, world.published.placeOf(world.published.count), false);
          await world.publish(5);
        }
        await rotated;
        over.abort();
        await publishing;
        await world.settle();
        expect(world.faults()).toEqual([]);
        const gaps = world.listeners.flatMap(({ told }) => told.filter(({ kind }) => kind === 'gap'));
        expect(gaps).toEqual([]);
        const [last] = world.momento.requests.filter(({ rpc }) => rpc === 'topic-subscribe').slice(-1);
        expect(last?.keyId).toBe('key-2');
      } finally {
        await world.end();
      }
    },
  );
});
