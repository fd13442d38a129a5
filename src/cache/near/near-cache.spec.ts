import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Drops } from './drops.js';
import { hashOf } from './invalidation/key-hash.js';
import { NearCache } from './near-cache.js';

function scene({ maxItems = 100, maxBytes = 1e9, ttlMs = 5_000 } = {}) {
  const clock = { nowMs: 1e6, ttlMs };
  const now = () => clock.nowMs;
  const drops = new Drops(now);
  const near = new NearCache({ maxItems, maxBytes, drops, now, ttlMs: () => clock.ttlMs });
  const kept = (value: unknown, more = {}) => ({
    shareable: { value, isCopied: false },
    sizeBytes: 10,
    createdAtMs: undefined,
    freshMs: Infinity,
    dependsOn: [],
    ...more,
  });
  const keep = (key: string, value: unknown, more = {}) => near.begin(key)(kept(value, more));
  const valueOf = (key: string) => near.get(key)?.shareable.value;
  const change = (...keys: string[]) => {
    for (const hash of keys.map(hashOf)) {
      drops.add(hash);
      near.drop(hash);
    }
  };
  return { clock, drops, near, kept, keep, valueOf, change };
}

describe('a near cache', () => {
  it('gives what it keeps, until the time is over', () => {
    const { keep, valueOf, clock, near } = scene();
    keep('key', 'value');
    clock.nowMs += 4_999;
    expect([valueOf('key'), valueOf('other')]).toEqual(['value', undefined]);
    clock.nowMs += 1;
    expect(valueOf('key')).toBeUndefined();
    expect([near.items, near.bytes]).toEqual([0, 0]);
  });

  it('gives nothing that is not fresh any more', () => {
    const { keep, valueOf, clock } = scene();
    keep('key', 'value', { freshMs: 100 });
    clock.nowMs += 99;
    expect(valueOf('key')).toBe('value');
    clock.nowMs += 1;
    expect(valueOf('key')).toBeUndefined();
  });

  it('shortens the time of what it keeps already', () => {
    const { keep, valueOf, clock } = scene({ ttlMs: 60_000 });
    keep('key', 'value');
    clock.nowMs += 6_000;
    expect(valueOf('key')).toBe('value');
    clock.ttlMs = 5_000;
    expect(valueOf('key')).toBeUndefined();
  });

  it('forgets what is changed, and what depends on it', () => {
    const { keep, valueOf, change, near } = scene();
    keep('one', 1, { dependsOn: ['tag a', 'tag b'] });
    keep('two', 2, { dependsOn: ['tag b'] });
    keep('three', 3);
    change('tag a');
    expect([valueOf('one'), valueOf('two'), valueOf('three')]).toEqual([undefined, 2, 3]);
    change('tag b', 'three');
    expect([near.items, near.bytes]).toEqual([0, 0]);
  });

  it.each(['key', 'tag'])('keeps nothing that was read before a change of the %s', (changed) => {
    const { near, kept, valueOf, change, clock } = scene();
    const keep = near.begin('key');
    change(changed);
    clock.nowMs += 10_000;
    keep(kept('old', { dependsOn: ['tag'] }));
    expect(valueOf('key')).toBeUndefined();
  });

  it('does not replace what was read later', () => {
    const { near, kept, keep, valueOf, clock } = scene();
    const slow = near.begin('key');
    clock.nowMs += 1;
    keep('key', 'newer');
    slow(kept('older'));
    expect(valueOf('key')).toBe('newer');
  });

  it('keeps no more items than it may, those used last', () => {
    const { keep, valueOf, near } = scene({ maxItems: 2 });
    keep('one', 1);
    keep('two', 2);
    valueOf('one');
    keep('three', 3);
    expect([near.items, valueOf('one'), valueOf('two'), valueOf('three')]).toEqual([2, 1, undefined, 3]);
  });

  it('keeps no more bytes than it may, and nothing that is larger than all of them', () => {
    const { keep, near, valueOf } = scene({ maxBytes: 10_000 });
    keep('key', 'small');
    keep('key', 'large', { sizeBytes: 20_000 });
    expect([near.items, valueOf('key')]).toEqual([0, undefined]);
    for (let index = 0; index < 50; index += 1) keep(`key ${index}`, index, { sizeBytes: 1_000 });
    expect(near.items).toBeGreaterThan(4);
    expect(near.bytes).toBeLessThanOrEqual(10_000);
  });

  it('leaves nothing of what is gone: a change drops all that depend on it, in any order of things', () => {
    const keyOf = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('keep' as const), key: keyOf, dependsOn: fc.uniqueArray(keyOf) }),
      fc.record({ kind: fc.constant('change' as const), key: keyOf }),
      fc.record({ kind: fc.constant('wait' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { keep, change, valueOf, near, clock } = scene({ maxItems: 3, ttlMs: 1e9 });
        const model = new Map<string, readonly string[]>();
        for (const [index, one] of steps.entries()) {
          if (one.kind === 'wait') clock.nowMs += 2_000;
          else if (one.kind === 'keep') {
            keep(one.key, index, { dependsOn: one.dependsOn });
            if (valueOf(one.key) === index) model.set(one.key, one.dependsOn);
          } else {
            change(one.key);
            for (const [key, on] of model) if (key === one.key || on.includes(one.key)) model.delete(key);
          }
          const there = ['a', 'b', 'c', 'd'].filter((key) => valueOf(key) !== undefined);
          expect(there.filter((key) => !model.has(key))).toEqual([]);
          expect(near.items).toBe(there.length);
        }
      }),
    );
  });
});
