import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { LogThrottle } from './log-throttle.js';

describe('LogThrottle', () => {
  let nowMs: number;
  let lines: string[];
  let throttle: LogThrottle;
  const say = (kind: string, line = kind) => throttle.say(kind, line, (text) => lines.push(text));

  beforeEach(() => {
    nowMs = 5_000;
    lines = [];
    throttle = new LogThrottle(() => nowMs);
  });

  it('says the first of a kind at once, and the next one after 10 s with the number left out', () => {
    say('outage', 'first');
    nowMs += 9_999;
    say('outage', 'second');
    say('outage', 'third');
    nowMs += 1;
    say('outage', 'fourth');
    nowMs += 10_000;
    say('outage', 'fifth');
    expect(lines).toEqual(['first', 'fourth (2 more since the last one)', 'fifth']);
  });

  it('keeps kinds apart: one does not hide behind another', () => {
    for (const kind of ['outage', 'too large', 'outage', 'too large']) say(kind);
    expect(lines).toEqual(['outage', 'too large']);
  });

  it('says at most a hundred kinds, and one for all others, in 10 s, whatever it is told', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 150, maxLength: 400 }), (kinds) => {
        lines = [];
        throttle = new LogThrottle(() => nowMs);
        for (const kind of kinds) say(kind);
        expect(lines.length).toBe(Math.min(new Set(kinds).size, 101));
      }),
    );
  });

  it('has room for other kinds when those before are over', () => {
    for (let kind = 0; kind < 500; kind += 1) say(`first ${kind}`);
    expect(lines).toHaveLength(101);
    nowMs += 10_000;
    lines = [];
    say('another');
    say('and another');
    expect(lines).toEqual(['another', 'and another']);
  });
});
