import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { type IssuedToken, IssuedTokens } from './issued-tokens.js';

const lifeMs = 60_000;
let clock: { nowMs: number; timeOfDayMs: number };
let keyGeneration: number;
let made: number;
let tokens: IssuedTokens;

beforeEach(() => {
  clock = { nowMs: 0, timeOfDayMs: 1_000_000 };
  keyGeneration = 1;
  made = 0;
  tokens = new IssuedTokens({ moment: () => ({ ...clock }), keyGeneration: () => keyGeneration });
});

const issued = (): IssuedToken => {
  made += 1;
  return { token: `token ${made}`, endpoint: 'host', expiresAtMs: 0, askedAt: { ...clock }, lifeMs };
};
const get = async (key = 'scope', make: () => Promise<IssuedToken> = async () => issued()) =>
  (await tokens.get(key, make)).token;

/** Whose makers end when they are told to. */
function slow() {
  let finish: () => void = () => undefined;
  const over = new Promise<void>((resolve) => (finish = resolve));
  return {
    finish,
    make: async () => {
      const token = issued();
      await over;
      return token;
    },
  };
}

describe('a token', () => {
  it('is handed out for half its life, by the monotonic clock', async () => {
    expect(await get()).toBe('token 1');
    clock.nowMs = lifeMs / 2 - 1;
    expect(await get()).toBe('token 1');
    clock.nowMs = lifeMs / 2;
    expect(await get()).toBe('token 2');
  });

  it('does not care for a clock that is set, unless its whole life is over by it', async () => {
    await get();
    for (const timeOfDayMs of [0, 1_000_000 + lifeMs - 1]) {
      clock.timeOfDayMs = timeOfDayMs;
      expect(await get()).toBe('token 1');
    }
    clock.timeOfDayMs = 1_000_000 + lifeMs;
    expect(await get()).toBe('token 2');
  });

  it('is for its scope alone', async () => {
    expect([await get('a'), await get('b'), await get('a')]).toEqual(['token 1', 'token 2', 'token 1']);
  });

  it('is made once for all who ask while it is made', async () => {
    const { make, finish } = slow();
    const asked = Array.from({ length: 50 }, () => get('scope', make));
    finish();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['token 1']));
  });

  it('that could not be made fails all who wait, and is made anew for the next', async () => {
    const asked = Array.from({ length: 3 }, () =>
      get('scope', () => Promise.reject(new Error('not this time'))),
    );
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await get()).toBe('token 1');
  });

  it('of a key that was replaced is not handed out again, nor is one that is being made then', async () => {
    await get('kept');
    const { make, finish } = slow();
    const before = get('slow', make);
    keyGeneration = 2;
    expect(await get('kept')).toBe('token 3');
    expect(await get('slow')).toBe('token 4');
    finish();
    expect(await before).toBe('token 2');
    expect(await get('slow')).toBe('token 4');
  });

  it('is not kept when the key was replaced while it was made', async () => {
    const { make, finish } = slow();
    const asked = get('scope', make);
    keyGeneration = 2;
    finish();
    expect(await asked).toBe('token 1');
    expect(await get()).toBe('token 2');
  });

  it('stays when the first key of all was fetched for it', async () => {
    keyGeneration = 0;
    tokens = new IssuedTokens({ moment: () => ({ ...clock }), keyGeneration: () => keyGeneration });
    const { make, finish } = slow();
    const asked = get('scope', make);
    keyGeneration = 1;
    finish();
    expect(await asked).toBe('token 1');
    expect(await get()).toBe('token 1');
  });
});

describe('tokens', () => {
  it('are kept for 1,000 scopes, those that were used last', async () => {
    for (let index = 0; index <= 1_000; index += 1) await get(`scope ${index}`);
    expect(made).toBe(1_001);
    await get('scope 1');
    expect(made).toBe(1_001);
    await get('scope 0');
    expect(made).toBe(1_002);
  });

  it('are not seen from outside', async () => {
    await get();
    const seen = inspect(tokens, { depth: 20, showHidden: true }) + JSON.stringify(tokens);
    expect(seen).not.toContain('token 1');
  });
});
