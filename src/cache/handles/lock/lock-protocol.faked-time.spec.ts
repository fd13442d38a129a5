import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../../test/support/capture-logs.js';
import { MomentoCacheError, MomentoLockError } from '../../../foundation/momento.errors.js';
import { contextOf } from '../handles.fixture.js';
import { CacheLock } from './lock.js';
import { LockClient } from './lock-client.fixture.js';

const logs = captureLogs();

beforeEach(() => {
  logs.start();
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

const leaseSeconds = 3;

/** A request takes time, so that its item ends later in Momento than by the clock of who sent it. */
const way = fc.record({
  thereMs: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2 * leaseSeconds * 1000 })),
  backMs: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 2 * leaseSeconds * 1000 })),
  lost: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.constantFrom('request', 'answer')),
});
const process = fc.array(
  fc.record({
    pauseMs: fc.integer({ min: 0, max: 4_000 }),
    waitSeconds: fc.integer({ min: 0, max: 8 }),
    workMs: fc.integer({ min: 0, max: 9_000 }),
    throws: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
);

it('has one holder at a time whose signal is not aborted, and growing numbers, whatever happens to requests', async () => {
  let works = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(way, { minLength: 1, maxLength: 40 }),
      fc.array(process, { minLength: 2, maxLength: 4 }),
      async (ways, processes) => {
        let request = 0;
        const momento = new LockClient(() => {
          const { thereMs = 1, backMs = 0, lost } = ways[(request += 1) % ways.length] ?? {};
          return {
            thereMs,
            backMs,
            ...(lost !== undefined && { lost: lost === 'request' ? lost : 'answer' }),
          };
        });
        const context = contextOf(momento.client, 'demo-cache');
        const holders = new Set<AbortSignal>();
        const numbers: number[] = [];
        const run = async (rounds: (typeof processes)[number]) => {
          const lock = new CacheLock(context, 'job');
          for (const { pauseMs, waitSeconds, workMs, throws } of rounds) {
            await sleep(pauseMs);
            const work = lock.withLock(
              async ({ signal, fencingNumber }) => {
                works += 1;
                expect([...holders].filter(({ aborted }) => !aborted)).toEqual([]);
                expect(fencingNumber).toBeGreaterThan(numbers.at(-1) ?? 0);
                numbers.push(fencingNumber);
                holders.add(signal);
                await sleep(workMs);
                holders.delete(signal);
                if (throws) throw new RangeError('the work failed');
              },
              { leaseSeconds, waitSeconds },
            );
            await work.catch((error: unknown) => {
              const expected = [MomentoCacheError, MomentoLockError, RangeError];
              if (!expected.some((known) => error instanceof known)) throw error;
            });
          }
        };
        const ended = Promise.all(processes.map(run));
        void ended.catch(() => undefined);
        await vi.advanceTimersByTimeAsync(600_000);
        await ended;
        expect(context.inFlight.count).toBe(0);
        expect(vi.getTimerCount()).toBe(0);
      },
    ),
    { numRuns: 150 },
  );
  expect(works).toBeGreaterThan(100);
});

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
