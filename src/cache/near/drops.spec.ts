import { describe, expect, it } from 'vitest';
import { Drops } from './drops.js';
import { hashOf } from './invalidation/key-hash.js';

function scene() {
  const clock = { nowMs: 1e6 };
  return { clock, drops: new Drops(() => clock.nowMs) };
}

const [key, other] = [hashOf('key'), hashOf('other')];

describe('what a read found', () => {
  it('is kept when nothing was changed', () => {
    const { drops } = scene();
    expect(drops.mayKeep(key, drops.stamp)).toBe(true);
  });

  it('is not kept when the key was changed after the read began, however long ago that is', () => {
    const { drops, clock } = scene();
    const { stamp } = drops;
    drops.add(key);
    clock.nowMs += 1e6;
    expect([drops.mayKeep(key, stamp), drops.mayKeep(other, stamp)]).toEqual([false, true]);
    expect(drops.mayKeep(key, drops.stamp)).toBe(true);
  });

  it('is not kept for 2 s after a change, also when the read began after it', () => {
    const { drops, clock } = scene();
    drops.add(key);
    clock.nowMs += 1_000;
    drops.add(key);
    clock.nowMs += 1_999;
    expect([drops.mayKeep(key, drops.stamp), drops.mayKeep(other, drops.stamp)]).toEqual([false, true]);
    clock.nowMs += 1;
    expect(drops.mayKeep(key, drops.stamp)).toBe(true);
  });

  it('is not kept when anything may have changed', () => {
    const { drops, clock } = scene();
    const { stamp } = drops;
    drops.addAll();
    expect(drops.mayKeep(key, drops.stamp)).toBe(false);
    clock.nowMs += 2_000;
    expect([drops.mayKeep(key, stamp), drops.mayKeep(key, drops.stamp)]).toEqual([false, true]);
  });

  it('is not kept when more keys were changed than are remembered', () => {
    const { drops, clock } = scene();
    const hashes = Array.from({ length: 100_001 }, (_, index) => hashOf(String(index)));
    for (const hash of hashes) drops.add(hash);
    expect([hashes[0], hashes.at(-1), other].map((hash) => drops.mayKeep(hash ?? '', drops.stamp))).toEqual([
      false,
      false,
      false,
    ]);
    clock.nowMs += 2_000;
    expect(drops.mayKeep(other, drops.stamp)).toBe(true);
  });
});
