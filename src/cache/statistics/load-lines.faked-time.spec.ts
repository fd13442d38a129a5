import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { quoteName } from '../../foundation/text/redaction.js';
import { startCache } from '../load/load.fixture.js';

vi.mock(import('../../foundation/text/redaction.js'), { spy: true });

const logs = captureLogs(['debug']);
beforeEach(() => {
  vi.useFakeTimers();
  logs.start();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const inMs = <T>(ms: number, value: () => T) =>
  new Promise<void>((resolve) => setTimeout(resolve, ms)).then(value);
const broken = () => {
  throw new Error('The database\nis away.');
};

describe('at the level debug', () => {
  it('a line says that a loader has run, for what, and how long', async () => {
    const { cache } = startCache({}, { connectionName: 'users' });
    const asked = [
      cache.getOrSet('user:7', () => inMs(12, () => 'value')),
      cache.getOrSet('user:8', () => inMs(3, broken)),
    ];
    await Promise.all([Promise.allSettled(asked), passMs(20)]);
    await cache.getOrSet('user:7', broken);
    expect(logs.lines).toEqual([
      "debug [CacheService 'users'] Failed to load 'user:8' from the loader, after 3.0 ms: The database is away.",
      "debug [CacheService 'users'] Loaded 'user:7' from the loader in 12.0 ms.",
    ]);
  });

  it('there is one line for many keys that are loaded together', async () => {
    const { cache } = startCache();
    const load = (keys: string[], fail = () => undefined) =>
      cache.getOrSetMany(keys, (missing) => inMs(5, () => (fail(), missing.map((key) => [key, 1] as const))));
    const asked = [load(['a', 'b', 'c']), load(['d']), load(['e', 'f'], broken)];
    await Promise.all([Promise.allSettled(asked), passMs(20)]);
    expect(logs.lines.map((line) => line.slice('debug [CacheService] '.length))).toEqual([
      "Loaded 'a' and 2 more from the loader in 5.0 ms.",
      "Loaded 'd' from the loader in 5.0 ms.",
      "Failed to load 'e' and 1 more from the loader, after 5.0 ms: The database is away.",
    ]);
  });

  it('a key that an enemy chose is escaped and cut', async () => {
    const { cache } = startCache();
    await cache.getOrSet(`a\nerror [App] \u202E${'x'.repeat(5_000)}`, () => 'value');
    expect(logs.lines).toEqual([
      expect.stringMatching(/ 'a\\nerror \[App\] \\u202ex{70,}…' from the loader/),
    ]);
    expect(logs.lines[0]?.length).toBeLessThan(200);
  });
});

describe('without the level debug', () => {
  it.each([
    ['the levels above', ['log', 'warn', 'error'] as const],
    ['no logs at all', false as const],
  ])('(%s) nothing is said, and no line is built', async (_levels, levels) => {
    Logger.overrideLogger(levels === false ? false : [...levels]);
    vi.mocked(quoteName).mockClear();
    const { cache } = startCache();
    await cache.getOrSet('key', () => 'value');
    await cache.getOrSetMany(['other'], (missing) => missing.map((key) => [key, 1] as const));
    expect(quoteName).not.toHaveBeenCalled();
    expect(logs.lines).toEqual([]);
  });
});
