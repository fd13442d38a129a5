import { NoopMomentoLoggerFactory } from '@gomomento/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { releaseReconnectTimers, releaseTimersOf } from './held-timers.js';

/** As the SDK says it right before it leaves a timer that closes its former gRPC client. */
const reconnecting = 'reconnecting client due to an idle channel';

describe('releaseReconnectTimers', () => {
  const timers: NodeJS.Timeout[] = [];
  const makeTimer = () => {
    const timer = setTimeout(() => undefined, 60_000);
    timers.push(timer);
    return timer;
  };
  afterEach(() => {
    for (const timer of timers.splice(0)) clearTimeout(timer);
  });
  const logger = () => releaseReconnectTimers(new NoopMomentoLoggerFactory()).getLogger('test');

  it('lets go of the timer that is made right after the line', async () => {
    logger().info(reconnecting);
    const timer = makeTimer();
    await Promise.resolve();
    expect(timer.hasRef()).toBe(false);
  });

  it('leaves alone whatever timer comes after that one, and one that was there before', async () => {
    const before = makeTimer();
    logger().info(reconnecting);
    const [ofSdk, second] = [makeTimer(), makeTimer()];
    await Promise.resolve();
    const later = makeTimer();
    await new Promise((resolve) => setImmediate(resolve));
    expect([before, ofSdk, second, later].map((timer) => timer.hasRef())).toEqual([true, false, true, true]);
  });

  it('leaves somebody else’s timer alone when the SDK makes none in that moment', async () => {
    logger().info(reconnecting);
    await Promise.resolve();
    const ofSomebodyElse = makeTimer();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ofSomebodyElse.hasRef()).toBe(true);
  });

  it('leaves timers alone after any other line', async () => {
    logger().info('connected');
    logger().debug(reconnecting);
    const timer = makeTimer();
    await Promise.resolve();
    expect(timer.hasRef()).toBe(true);
  });
});

describe('releaseTimersOf', () => {
  it('lets go of every timer that the work makes at once, and of no other', async () => {
    const timers: NodeJS.Timeout[] = [];
    const make = () => timers.push(setTimeout(() => undefined, 60_000));
    make();
    expect(releaseTimersOf(() => make() + make())).toBe(5);
    make();
    await Promise.resolve();
    expect(timers.map((timer) => timer.hasRef())).toEqual([true, false, false, true]);
    for (const timer of timers) clearTimeout(timer);
  });

  it('leaves no hook behind when the work throws', async () => {
    const failing = () => {
      throw new Error('the work failed');
    };
    expect(() => releaseTimersOf(failing)).toThrow('the work failed');
    const timer = setTimeout(() => undefined, 60_000);
    await Promise.resolve();
    expect(timer.hasRef()).toBe(true);
    clearTimeout(timer);
  });
});
