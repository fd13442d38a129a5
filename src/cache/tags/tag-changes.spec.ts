import { describe, expect, it } from 'vitest';
import { TagChanges } from './tag-changes.js';

const work = (markerKeys?: readonly string[]) => ({ tagEpoch: 0, markerKeys });

describe('TagChanges', () => {
  it('outrun what began before, if it may hang on the tag', () => {
    const changes = new TagChanges();
    const [any, one, other, none] = [work(), work(['a', 'b']), work(['c']), work([])];
    expect([any, one].map((each) => changes.hasOutrun(each))).toEqual([false, false]);
    changes.changed(['b']);
    expect([any, one, other, none].map((each) => changes.hasOutrun(each))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    changes.begin(one);
    expect([one.markerKeys, changes.hasOutrun(one)]).toEqual([undefined, false]);
  });

  it('of more tags than are remembered count for all that are not', () => {
    const changes = new TagChanges();
    const early = work(['never changed', 'x']);
    changes.changed(['x']);
    const late = { tagEpoch: changes.epoch, markerKeys: ['x'] };
    for (let index = 0; index < 10_000; index += 1) changes.changed([`tag ${index}`]);
    expect([changes.hasOutrun(early), changes.hasOutrun(late)]).toEqual([true, false]);
    changes.changed(['one more']);
    const later = { tagEpoch: changes.epoch - 1, markerKeys: ['x'] };
    expect([changes.hasOutrun(late), changes.hasOutrun(later)]).toEqual([true, false]);
  });

  it('are said to who listens', () => {
    const changes = new TagChanges();
    const heard: (readonly string[])[] = [];
    const end = changes.listen((markerKeys) => void heard.push(markerKeys));
    changes.changed(['a']);
    end();
    changes.changed(['b']);
    expect(heard).toEqual([['a']]);
  });
});
