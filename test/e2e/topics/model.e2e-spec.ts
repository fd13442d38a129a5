import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { awsEnvironment } from '../../support/aws-environment.js';
import { propertyRuns } from '../../support/property-runs.js';
import type { Place } from '../../support/told.js';
import { type Kind, kinds } from './listener.fixture.js';
import { type Trouble, World } from './world.fixture.js';

/** What may happen, as it stands in a counterexample. */
type Command =
  | readonly ['publish' | 'publishMany' | 'forget', count: number]
  | readonly [Kind, from: 'now' | 'made up' | number, 'waits' | 'goes on']
  | readonly ['leave', index: number]
  | readonly ['cut', status: Trouble, refusals: number]
  | readonly ['restart', how: 'with what it held' | 'anew']
  | readonly ['rotate', old: 'valid' | 'revoked', 'waits' | 'goes on']
  | readonly ['settle'];

async function take(world: World, command: Command): Promise<void> {
  switch (command[0]) {
    case 'publish':
    case 'publishMany':
    case 'forget':
      return world[command[0]](command[1]);
    case 'leave':
      return world.leave(command[1]);
    case 'cut':
      return world.cut(command[1], command[2]);
    case 'restart':
      return world.restart(command[1] === 'anew');
    case 'rotate':
      return world.rotate(command[1] === 'revoked', command[2] === 'waits');
    case 'settle':
      return world.settle();
    case 'subscribe':
    case 'observe':
    case 'stream':
    case 'sse':
      return world.listen(command[0], placeOf(world, command[1]), command[2] === 'waits');
  }
}

/** So many messages before the last one. */
function placeOf({ published }: World, from: 'now' | 'made up' | number): Place | undefined {
  if (from === 'now') return undefined;
  const madeUp = { page: published.page + 5_000, number: 3 };
  return from === 'made up' ? madeUp : published.placeOf(Math.max(published.count - from, 1));
}

const waits = fc.constantFrom('waits' as const, 'goes on' as const);
const from = fc.oneof(
  { weight: 4, arbitrary: fc.constant('now' as const) },
  { weight: 4, arbitrary: fc.nat(6) },
  { weight: 1, arbitrary: fc.constant('made up' as const) },
);
const kind = fc.constantFrom(...kinds);
const status = fc.constantFrom<Trouble[]>(
  'UNAVAILABLE',
  'INTERNAL',
  'CANCELLED',
  'NOT_FOUND',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
);
const count = fc.integer({ min: 1, max: 4 });
const how = fc.constantFrom('with what it held' as const, 'anew' as const);
const old = fc.constantFrom('valid' as const, 'revoked' as const);

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom('publish' as const, 'publishMany' as const), count) },
  { weight: 6, arbitrary: fc.tuple(kind, from, waits) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('leave' as const), fc.nat(4)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('cut' as const), status, fc.nat(1)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('forget' as const), count) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('restart' as const), how) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('rotate' as const), old, waits) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('settle' as const)) },
);
const play = fc.record({
  /** Somebody who listens all the time: what is lost can be known then. */
  keeper: fc.boolean(),
  commands: fc.array(command, { minLength: 4, maxLength: 14, size: 'max' }),
});

/** Mostly it is waited: several at a time. */
const lanes = [0, 1, 2, 3];
const { numRuns, timeout } = propertyRuns(1);
const seed = fc.readConfigureGlobal().seed ?? 0;

describe('any order of publishing, listening, outages, restarts and rotations', { timeout }, () => {
  beforeAll(() => void Object.assign(process.env, awsEnvironment));

  it.concurrent.each(lanes)(
    'tells each listener all that was published, less what is told as a gap, in order and once (%i)',
    async (lane) => {
      await fc.assert(
        fc.asyncProperty(play, async ({ keeper, commands }) => {
          const world = await World.start(keeper);
          try {
            for (const one of commands) await take(world, one);
            await world.settle();
            expect(world.faults()).toEqual([]);
          } finally {
            await world.end();
          }
        }),
        {
          numRuns,
          seed: seed + lane,
          interruptAfterTimeLimit: timeout - 10_000,
          markInterruptAsFailure: true,
        },
      );
    },
  );
});
