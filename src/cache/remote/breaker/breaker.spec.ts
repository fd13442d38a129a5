import {
  CancelledError,
  InvalidArgumentError,
  LimitExceededError,
  MomentoErrorCode,
  PermissionError,
  ServerUnavailableError,
  TimeoutError,
} from '@gomomento/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MomentoCacheError, MomentoClosedError } from '../../../foundation/momento.errors.js';
import type { BreakerState } from '../../statistics/cache-events.js';
import { Breaker, isOutage } from './breaker.js';

/** A breaker on a clock that a test moves. */
function breakerAt(startMs = 1e9) {
  const clock = { nowMs: startMs };
  const states: BreakerState[] = [];
  const breaker = new Breaker({ now: () => clock.nowMs, onChange: (state) => states.push(state) });
  const fail = (times: number) => {
    for (let count = 0; count < times; count += 1) breaker.failed();
  };
  return { breaker, clock, states, fail };
}

/** An open breaker whose pause is over and whose trial is under way. */
function breakerHalfOpen() {
  const scene = breakerAt();
  scene.fail(3);
  scene.clock.nowMs += 1_000;
  expect(scene.breaker.allows()).toBe(true);
  return scene;
}

describe('a breaker', () => {
  it('opens after three failures in a row, and not while there is a success between', () => {
    const { breaker, fail, states } = breakerAt();
    fail(2);
    breaker.succeeded();
    fail(2);
    expect(breaker.allows()).toBe(true);
    fail(1);
    expect([breaker.state, breaker.allows()]).toEqual(['open', false]);
    expect(states).toEqual(['open']);
  });

  it('lets one call try when its second is over, and no other meanwhile', () => {
    const { breaker, fail, clock, states } = breakerAt();
    fail(3);
    clock.nowMs += 999;
    expect(breaker.allows()).toBe(false);
    clock.nowMs += 1;
    expect(breaker.state).toBe('open');
    expect([breaker.allows(), breaker.allows(), breaker.allows()]).toEqual([true, false, false]);
    expect(states).toEqual(['open', 'half-open']);
  });

  it('closes when the trial succeeds, and then begins anew: three failures, and a second', () => {
    const { breaker, fail, clock, states } = breakerHalfOpen();
    breaker.succeeded();
    expect(breaker.allows()).toBe(true);
    fail(2);
    expect(breaker.allows()).toBe(true);
    fail(1);
    clock.nowMs += 1_000;
    expect(breaker.allows()).toBe(true);
    expect(states).toEqual(['open', 'half-open', 'closed', 'open', 'half-open']);
  });

  it('doubles its pause with each trial that fails, up to half a minute, until a success', () => {
    const { breaker, clock } = breakerHalfOpen();
    for (const pauseMs of [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      breaker.failed();
      clock.nowMs += pauseMs - 1;
      expect(breaker.allows()).toBe(false);
      clock.nowMs += 1;
      expect(breaker.allows()).toBe(true);
    }
    breaker.succeeded();
    for (let count = 0; count < 3; count += 1) breaker.failed();
    clock.nowMs += 1_000;
    expect(breaker.allows()).toBe(true);
  });

  it('gives up a trial that does not end, and lets another call try', () => {
    const { breaker, clock, states } = breakerHalfOpen();
    clock.nowMs += 9_999;
    expect(breaker.allows()).toBe(false);
    clock.nowMs += 1;
    expect([breaker.allows(), breaker.allows()]).toEqual([true, false]);
    expect(states).toEqual(['open', 'half-open']);
  });
});

describe('a call that began before a breaker changed', () => {
  it('and fails while it is open does not make the pause longer', () => {
    const { breaker, clock, fail, states } = breakerAt();
    fail(3);
    clock.nowMs += 999;
    fail(50);
    clock.nowMs += 1;
    expect(breaker.allows()).toBe(true);
    expect(states).toEqual(['open', 'half-open']);
  });

  it('and fails during the trial is not the trial', () => {
    const { breaker, clock, fail } = breakerAt();
    const { epoch } = breaker;
    fail(3);
    clock.nowMs += 1_000;
    breaker.allows();
    for (let count = 0; count < 3; count += 1) breaker.failed(epoch);
    expect(breaker.state).toBe('half-open');
    breaker.failed(breaker.epoch);
    expect(breaker.state).toBe('open');
  });

  it('and fails after the outage says nothing of now', () => {
    const { breaker, clock, fail } = breakerAt();
    const { epoch } = breaker;
    fail(3);
    clock.nowMs += 1_000;
    breaker.allows();
    breaker.succeeded();
    for (let count = 0; count < 3; count += 1) breaker.failed(epoch);
    expect(breaker.state).toBe('closed');
  });

  it('and succeeds closes it: Momento has just answered', () => {
    const { breaker, fail, states } = breakerAt();
    fail(3);
    breaker.succeeded();
    expect(breaker.allows()).toBe(true);
    expect(states).toEqual(['open', 'closed']);
  });
});

type Scene = ReturnType<typeof breakerAt>;

/** What can happen to a breaker. Each answers whether it went as it should. */
const happenings: Readonly<Record<string, (scene: Scene, number: number) => boolean>> = {
  wait: ({ clock }, number) => (clock.nowMs += number) > 0,
  ask: ({ breaker }) => {
    const wasClosed = breaker.state === 'closed';
    // Of two at once, only one may try.
    return breaker.allows() ? breaker.allows() === wasClosed : !wasClosed;
  },
  fail: ({ breaker }) => {
    breaker.failed();
    return breaker.state !== 'half-open';
  },
  succeed: ({ breaker }) => {
    breaker.succeeded();
    return breaker.state === 'closed' && breaker.allows();
  },
  failLate: ({ breaker }, number) => {
    const before = breaker.state;
    breaker.failed(breaker.epoch - 1 - (number % 3));
    return breaker.state === before;
  },
};

describe('whatever happens to a breaker', () => {
  it('asks at least every half minute, one call at a time unless it is closed, and says each change once', () => {
    const step = fc.tuple(fc.constantFrom(...Object.keys(happenings)), fc.nat({ max: 5_000 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const scene = breakerAt();
        expect(steps.filter(([what, number]) => happenings[what]?.(scene, number) !== true)).toEqual([]);
        const { breaker, clock, states } = scene;
        expect(states.some((state, index) => state === (states[index - 1] ?? 'closed'))).toBe(false);
        expect(breaker.state).toBe(states.at(-1) ?? 'closed');
        clock.nowMs += 30_000;
        expect(breaker.allows()).toBe(true);
      }),
    );
  });
});

describe('an outage', () => {
  const operation = { name: 'get', cacheName: 'demo-cache' };

  it.each([
    new TimeoutError('slow'),
    new ServerUnavailableError('away'),
    new MomentoCacheError(operation, MomentoErrorCode.TIMEOUT_ERROR, 'slow'),
    new MomentoCacheError(operation, MomentoErrorCode.SERVER_UNAVAILABLE, 'away'),
  ])('is %o', (error) => {
    expect(isOutage(error)).toBe(true);
  });

  it.each([
    new LimitExceededError('too much'),
    new PermissionError('not allowed'),
    new InvalidArgumentError('wrong'),
    new CancelledError('ended'),
    new MomentoCacheError(operation, MomentoErrorCode.LIMIT_EXCEEDED_ERROR, 'too much'),
    new MomentoClosedError('default'),
    new Error('TIMEOUT_ERROR'),
    { code: 'TIMEOUT_ERROR' },
    'TIMEOUT_ERROR',
    undefined,
    null,
  ])('is not %o', (error) => {
    expect(isOutage(error)).toBe(false);
  });
});
