import { InFlight } from '../../../foundation/time/in-flight.js';
import { contextOf } from '../handles.fixture.js';
import { CacheLock, type HeldLock } from './lock.js';
import { LockClient, type Way } from './lock-client.fixture.js';

let lockCount = 0;

/** A lock on a Momento to which the requests of each kind go these ways, in turn, and then straight. */
export function newLock(ways: Partial<Record<LockClient['sent'][number], readonly Way[]>> = {}) {
  const left = Object.fromEntries(Object.entries(ways).map(([what, of]) => [what, [...of]]));
  const momento = new LockClient((what) => left[what]?.shift() ?? {});
  const closing = new AbortController();
  const inFlight = new InFlight();
  const context = contextOf(momento.client, 'demo-cache', { signal: closing.signal, inFlight });
  // Lines in the log are throttled by the name.
  const name = `job-${(lockCount += 1)}`;
  return { momento, closing, inFlight, context, name, lock: new CacheLock(context, name) };
}

/** Work that goes on until the test ends it. */
export function openWork() {
  const settle: { start?: (held: HeldLock) => void; end?: (value: string) => void } = {};
  const started = new Promise<HeldLock>((resolve) => (settle.start = resolve));
  const ended = new Promise<string>((resolve) => (settle.end = resolve));
  const work = (held: HeldLock) => {
    settle.start?.(held);
    return ended;
  };
  return { started, work, end: (value: string) => settle.end?.(value) };
}

export const lostRequest: Way = { lost: 'request' };
export const lostAnswer: Way = { lost: 'answer' };
export const noAnswer: Way = { thereMs: 3_600_000 };
