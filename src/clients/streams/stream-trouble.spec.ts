import {
  AuthenticationError,
  CacheNotFoundError,
  PermissionError,
  ServerUnavailableError,
  TopicSubscribe,
} from '@gomomento/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultStreamTiming } from './stream-timing.js';
import { StreamTrouble } from './stream-trouble.js';

const timing = { ...defaultStreamTiming, random: () => 1 };
const errors = {
  permission: new TopicSubscribe.Error(new PermissionError('')),
  unavailable: new TopicSubscribe.Error(new ServerUnavailableError('')),
  authentication: new TopicSubscribe.Error(new AuthenticationError('')),
  notFound: new TopicSubscribe.Error(new CacheNotFoundError('')),
};

describe('the trouble of a subscription', () => {
  it('makes each pause longer, from 0.5 s to 30 s', () => {
    const trouble = new StreamTrouble(timing);
    const pauses = Array.from({ length: 8 }, () => {
      trouble.noteRefused();
      return trouble.nextPauseMs();
    });
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('pauses at random within these bounds', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.double({ min: 0, max: 1, noNaN: true }), (failures, chance) => {
        const trouble = new StreamTrouble({ ...timing, random: () => chance });
        for (let count = 0; count < failures; count += 1) trouble.noteRefused();
        expect(trouble.nextPauseMs()).toBeGreaterThanOrEqual(500);
        expect(trouble.nextPauseMs()).toBeLessThanOrEqual(30_000);
      }),
    );
  });

  it('is forgotten by a stream that was steady; after one that was lost at once the pause is a second at most', () => {
    const trouble = new StreamTrouble(timing);
    for (let count = 0; count < 4; count += 1) {
      trouble.noteLive();
      trouble.noteLost(9_999);
    }
    // Each was accepted: Momento would not hold what is missed in a longer pause.
    expect(trouble.nextPauseMs()).toBe(1_000);
    trouble.noteRefused();
    expect(trouble.nextPauseMs()).toBe(2_000);
    trouble.noteLost(10_000);
    expect(trouble.nextPauseMs()).toBe(1_000);
  });

  it('has failed after five refusals in a row', () => {
    const trouble = new StreamTrouble(timing);
    for (let count = 0; count < 4; count += 1) trouble.noteRefused();
    expect(trouble.hasFailed).toBe(false);
    trouble.noteRefused();
    expect(trouble.hasFailed).toBe(true);
    trouble.noteLive();
    expect(trouble.hasFailed).toBe(false);
  });

  it.each([
    ['a missing permission', errors.permission, 1],
    ['a missing cache', errors.notFound, 1],
    ['a rejected key', errors.authentication, 2],
    ['what mostly passes', errors.unavailable, 5],
  ])('is told once: %s', (_case, error, refusals) => {
    const trouble = new StreamTrouble(timing);
    trouble.noteLost(60_000);
    const told = Array.from({ length: 10 }, () => {
      const isTold = trouble.mustTell(error);
      trouble.noteRefused();
      return isTold;
    });
    expect(told.indexOf(true)).toBe(Math.min(refusals, 4));
    expect(told.filter(Boolean)).toHaveLength(1);
    expect(trouble.noteLive()).toBe(true);
    expect(trouble.noteLive()).toBe(false);
  });

  it('is told although no stream is refused, when each is lost at once', () => {
    const trouble = new StreamTrouble(timing);
    const told = Array.from({ length: 6 }, () => {
      trouble.noteLost(10);
      const isTold = trouble.mustTell(errors.permission);
      trouble.noteLive();
      return isTold;
    });
    expect(told).toEqual([false, false, false, false, true, true]);
  });
});
