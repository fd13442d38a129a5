import { NoopMomentoLoggerFactory } from '@gomomento/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { releaseReconnectTimers } from './reconnect-timers.js';

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
