import { expect, it } from 'vitest';
import { soakCache } from './cache-soak.js';
import { Member } from './member.js';

/** The short form of `npm run soak`, in one process; how long something was stale is not looked at: the machine may be slow. */
it(
  'processes that share a cache hand out nothing old, and count what they do',
  { timeout: 60_000 },
  async () => {
    const report = await soakCache(
      {
        members: 4,
        calls: 2_500,
        keys: 100,
        hotKeys: 20,
        coldShare: 0.1,
        groups: 10,
        callers: 50,
        callsAChange: 20,
        seed: 1,
        minutes: 0.5,
        settleSeconds: 10,
      },
      (options) => Member.start(options),
    );
    expect(report).toMatchObject({ failed: 0, ownStale: 0, staleAfter: 0, wrongCounts: [] });
    expect(report.requests).toBeLessThanOrEqual(report.items);
    expect(Math.min(report.calls, report.nearHits, report.loads, report.changes)).toBeGreaterThan(0);
  },
);
