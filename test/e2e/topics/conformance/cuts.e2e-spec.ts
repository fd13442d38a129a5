import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { awsEnvironment } from '../../../support/aws-environment.js';
import { kinds } from '../listener.fixture.js';
import { type Trouble, World } from '../world.fixture.js';

beforeAll(() => void Object.assign(process.env, awsEnvironment));

const endings: readonly Trouble[] = ['UNAVAILABLE', 'INTERNAL', 'CANCELLED', 'PERMISSION_DENIED'];

describe('streams that are cut every 100 ms while 1,000 messages are published', { timeout: 120_000 }, () => {
  it('bring all of them to listeners of every kind, in order and once', async () => {
    const world = await World.start(true);
    onTestFinished(() => world.end());
    for (const kind of kinds) await world.listen(kind);
    let cuts = 0;
    const cutting = setInterval(() => {
      world.cut(endings[cuts % endings.length] ?? 'UNAVAILABLE', 0);
      cuts += 1;
    }, 100);
    onTestFinished(() => clearInterval(cutting));
    for (let hundred = 0; hundred < 10; hundred += 1) await world.publishMany(100);
    clearInterval(cutting);
    await world.settle();
    expect(world.faults()).toEqual([]);
    expect(world.published.count).toBeGreaterThan(1_000);
    expect(cuts).toBeGreaterThan(1);
    // Momento holds them for longer than a stream is away.
    for (const { told } of world.listeners) expect(told.filter(({ kind }) => kind === 'gap')).toEqual([]);
  });
});
