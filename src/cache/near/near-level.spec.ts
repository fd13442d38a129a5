import { describe, expect, it } from 'vitest';
import { jsonCodec, stringCodec } from '../../foundation/momento.codecs.js';
import type { NearCacheOptions } from '../options/cache.options.js';
import type { HeardChanges } from './invalidation/invalidation.js';
import { hashOf, type KeyHash } from './invalidation/key-hash.js';
import type { NearCache } from './near-cache.js';
import { NearLevel } from './near-level.js';

function scene() {
  const clock = { nowMs: 1e6 };
  const channel = { isHearing: true, told: [] as KeyHash[] };
  const made: HeardChanges[] = [];
  const level = new NearLevel({
    now: () => clock.nowMs,
    invalidation: (heard) => {
      made.push(heard);
      return {
        checkHearing: () => channel.isHearing,
        tell: (hashes) => void channel.told.push(...hashes),
      };
    },
  });
  const openIn = (options: NearCacheOptions, form: object = jsonCodec) => {
    const cache = level.open(form, options);
    if (cache === undefined) throw new Error('there are too many');
    return cache;
  };
  return { clock, channel, made, level, open: openIn };
}

function keep(near: NearCache, key: string, value: unknown, dependsOn: readonly string[] = []) {
  near.begin(key)({
    shareable: { value, isCopied: false },
    sizeBytes: 1,
    createdAtMs: undefined,
    freshMs: Infinity,
    dependsOn,
  });
}
const valueOf = (near: NearCache, key: string) => near.get(key)?.shareable.value;

describe('the near caches of a cache', () => {
  it('are one for handles that read and keep alike, and others for the others', () => {
    const { open } = scene();
    expect(open({ maxItems: 10 })).toBe(open({ maxItems: 10 }));
    expect(open({ maxItems: 11 })).not.toBe(open({ maxItems: 10 }));
    expect(open({ maxItems: 10 }, stringCodec)).not.toBe(open({ maxItems: 10 }));
  });

  it('are not made without end for handles that are', () => {
    const { level, open } = scene();
    const first = open({});
    for (let time = 0; time < 300; time += 1) level.open({}, {});
    expect(level.open({}, {})).toBeUndefined();
    expect(open({})).toBe(first);
  });

  it('all drop what is changed, here or elsewhere, and are counted together', () => {
    const { level, open } = scene();
    const nears = [open({ maxItems: 10 }), open({ maxItems: 20 })];
    for (const near of nears) for (const key of ['a', 'b', 'c']) keep(near, key, key, ['tag']);
    expect([level.items, level.bytes > 6]).toEqual([6, true]);
    level.drop(['a']);
    level.changed([hashOf('b')]);
    expect(nears.map((near) => ['a', 'b', 'c'].map((key) => valueOf(near, key)))).toEqual([
      [undefined, undefined, 'c'],
      [undefined, undefined, 'c'],
    ]);
    level.drop(['tag']);
    expect([level.items, level.bytes]).toEqual([0, 0]);
  });

  it('forget everything when anything may have changed', () => {
    const { level, open, clock } = scene();
    const near = open({});
    keep(near, 'a', 1);
    level.anythingChanged();
    keep(near, 'b', 2);
    expect(level.items).toBe(0);
    clock.nowMs += 2_000;
    keep(near, 'b', 2);
    expect(valueOf(near, 'b')).toBe(2);
  });

  it.each<[NearCacheOptions, hearing: number, deaf: number]>([
    [{}, 5, 5],
    [{ ttlSeconds: 30 }, 30, 30],
    [{ invalidation: 'topic' }, 60, 5],
    [{ invalidation: 'topic', ttlSeconds: 600 }, 600, 5],
    [{ invalidation: 'topic', ttlSeconds: 2 }, 2, 2],
  ])('keep values with %j for %i s, and %i s while nothing is heard', (options, hearing, deaf) => {
    const { open, channel, clock } = scene();
    const near = open(options);
    for (const [isHearing, seconds] of [
      [true, hearing],
      [false, deaf],
    ] as const) {
      channel.isHearing = isHearing;
      keep(near, 'key', 'value');
      clock.nowMs += seconds * 1000 - 1;
      expect(valueOf(near, 'key')).toBe('value');
      clock.nowMs += 1;
      expect(valueOf(near, 'key')).toBeUndefined();
    }
  });

  it('tell of changes where one of them wants it, by one channel', () => {
    const { level, open, channel, made } = scene();
    open({});
    level.tell(['a']);
    expect([made.length, channel.told]).toEqual([0, []]);
    open({ invalidation: 'topic' });
    open({ invalidation: 'topic', maxItems: 7 });
    level.tell(['a', 'b']);
    expect([made, channel.told]).toEqual([[level], ['a', 'b'].map(hashOf)]);
  });
});
