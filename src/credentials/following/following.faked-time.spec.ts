import type { CredentialProvider } from '@gomomento/sdk';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inSeconds, makeJwt, makeV1Key, regionEndpoint } from '../../../test/support/keys.js';
import type { Credential } from '../fetched/credential.js';
import type { CredentialEvent } from './credential-events.js';
import type { CredentialSource, FetchedSecret } from '../fetched/credential-source.js';
import { MomentoClosedError } from '../../foundation/momento.errors.js';
import { KeyFollower, type KeyFollowerOptions } from './key-follower.js';
import { pollPauseMs, rejectedKeyPolls } from './refresh-plan.js';

/** A source that answers at once what it holds, or fails. */
class Secret implements CredentialSource {
  readonly fetchedAtMs: number[] = [];
  content: FetchedSecret | Error;
  isFixed = false;

  constructor(content: string) {
    this.content = { content };
  }

  describe(): string {
    return "secret 'momento' in a test";
  }

  async fetch(): Promise<FetchedSecret> {
    this.fetchedAtMs.push(Date.now());
    if (this.content instanceof Error) throw this.content;
    return this.content;
  }
}

const started: KeyFollower[] = [];

function follow(source: CredentialSource, options: Partial<KeyFollowerOptions> = {}) {
  const credentials = new KeyFollower({
    connectionName: 'default',
    source,
    bootTimeoutSeconds: 10,
    ...options,
  });
  started.push(credentials);
  const events: CredentialEvent[] = [];
  for (const event of ['refreshed', 'rotated', 'refreshFailed', 'stale', 'expiring'] as const) {
    credentials.on(event, () => events.push(event));
  }
  return { credentials, events };
}

/** Asks for another key than this one. @returns whether there is another in the end */
async function renew(
  credentials: KeyFollower,
  rejected: CredentialProvider,
  limitMs: number,
): Promise<boolean> {
  await credentials.renewRejected(rejected, limitMs, true);
  return (await credentials.current()).provider !== rejected;
}

const minutes = (count: number) => count * 60_000;
const hours = (count: number) => minutes(60 * count);

const warnings: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  warnings.length = 0;
  vi.spyOn(Logger.prototype, 'warn').mockImplementation(
    (message: unknown) => void warnings.push(String(message)),
  );
  vi.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
});
afterEach(() => {
  for (const credentials of started.splice(0)) credentials.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('a key that is followed', () => {
  it('costs 276 to 323 calls a day', async () => {
    const source = new Secret(makeV1Key());
    const { credentials } = follow(source);
    await credentials.current();
    await vi.advanceTimersByTimeAsync(hours(24));
    expect(source.fetchedAtMs.length).toBeGreaterThanOrEqual(276);
    expect(source.fetchedAtMs.length).toBeLessThanOrEqual(323);
  });

  it(
    'of 1,000 processes that start at once is asked for at most 15 times a second',
    { timeout: 60_000 },
    async () => {
      const source = new Secret(makeV1Key());
      await Promise.all(Array.from({ length: 1_000 }, () => follow(source).credentials.current()));
      source.fetchedAtMs.length = 0;
      const startedAt = Date.now();
      await vi.advanceTimersByTimeAsync(minutes(6));
      const perSecond = new Map<number, number>();
      for (const at of source.fetchedAtMs) {
        const second = Math.floor((at - startedAt) / 1_000);
        perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      }
      expect(source.fetchedAtMs.length).toBeGreaterThanOrEqual(1_000);
      expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(15);
    },
  );

  it('is asked for when a process that was frozen for an hour is used again, once', async () => {
    const source = new Secret(makeV1Key());
    const { credentials } = follow(source);
    await credentials.current();
    vi.setSystemTime(Date.now() + hours(1));
    credentials.noteUse(performance.now());
    credentials.noteUse(performance.now());
    await vi.advanceTimersByTimeAsync(0);
    expect(source.fetchedAtMs).toHaveLength(2);
  });

  it('has no timer in Lambda: use drives it', async () => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'my-function');
    const source = new Secret(makeV1Key());
    const { credentials } = follow(source);
    vi.unstubAllEnvs();
    await credentials.current();
    expect(vi.getTimerCount()).toBe(0);
    vi.setSystemTime(Date.now() + minutes(6));
    credentials.noteUse(performance.now());
    await vi.advanceTimersByTimeAsync(0);
    expect(source.fetchedAtMs).toHaveLength(2);
  });

  it.each<[string, Partial<KeyFollowerOptions>, boolean]>([
    ['refresh: false', { refresh: false }, false],
    ['a source that is fixed', {}, true],
  ])('is not asked for on time with %s', async (_case, options, isFixed) => {
    const source = new Secret(makeV1Key());
    source.isFixed = isFixed;
    const { credentials } = follow(source, options);
    await credentials.current();
    await vi.advanceTimersByTimeAsync(hours(24));
    expect(source.fetchedAtMs).toHaveLength(1);
    expect(credentials.status()).not.toHaveProperty('nextRefreshAt');
  });

  it('takes another key by itself, and says when it asks next', async () => {
    const source = new Secret(makeV1Key());
    const { credentials, events } = follow(source, { refresh: { intervalSeconds: 10 } });
    await credentials.current();
    const { nextRefreshAt } = credentials.status();
    expect(nextRefreshAt?.getTime()).toBeLessThanOrEqual(Date.now() + 10_000);
    source.content = { content: makeV1Key() };
    await vi.advanceTimersByTimeAsync(11_000);
    expect(credentials.status().generation).toBe(2);
    expect(events).toContain('rotated');
  });
});

describe('a source that fails', () => {
  it('is asked with backoff, the key stays, and all is said once', async () => {
    const source = new Secret(makeV1Key());
    const { credentials, events } = follow(source);
    await credentials.current();
    source.content = new Error('connect ECONNREFUSED');
    await vi.advanceTimersByTimeAsync(hours(1));

    expect(credentials.status()).toMatchObject({
      generation: 1,
      lastError: expect.stringContaining('ECONNREFUSED'),
    });
    expect(events.filter((event) => event === 'stale')).toHaveLength(1);
    // A minute at the longest, half of it at the shortest.
    expect(source.fetchedAtMs.length).toBeGreaterThan(55);
    expect(source.fetchedAtMs.length).toBeLessThan(130);
    expect(warnings.filter((warning) => warning.includes('refreshing failed'))).toHaveLength(1);

    source.content = { content: makeV1Key() };
    await vi.advanceTimersByTimeAsync(minutes(1));
    expect(credentials.status()).toMatchObject({ generation: 2 });
    expect(credentials.status()).not.toHaveProperty('lastError');
  });
});

describe('a source that fails twice', () => {
  it('is said to fail each time, once', async () => {
    const source = new Secret(makeV1Key());
    const { credentials } = follow(source, { refresh: false });
    await credentials.current();
    const good = source.content;
    for (let outage = 1; outage <= 2; outage += 1) {
      source.content = new Error('connect ECONNREFUSED');
      for (let look = 0; look < 3; look += 1) await credentials.refreshNow().catch(() => undefined);
      expect(warnings.filter((line) => line.startsWith('The key in use stays'))).toHaveLength(outage);
      source.content = good;
      await credentials.refreshNow();
    }
  });
});

describe('a key that ends', () => {
  it('is said to be expiring once, and is asked for ever more often, up to its end', async () => {
    const endsInMs = hours(1);
    const token = makeJwt({ exp: inSeconds(endsInMs / 1_000).getTime() / 1_000 });
    const source = new Secret(JSON.stringify({ apiKey: token, endpoint: regionEndpoint }));
    const { credentials, events } = follow(source);
    const { expiresAt } = await credentials.current();
    await vi.advanceTimersByTimeAsync(endsInMs);
    expect(events.filter((event) => event === 'expiring')).toHaveLength(1);
    const inLastMinute = source.fetchedAtMs.filter((at) => at > (expiresAt?.getTime() ?? 0) - 60_000);
    expect(inLastMinute.length).toBeGreaterThanOrEqual(4);
    expect(inLastMinute.length).toBeLessThan(20);
  });
});

describe('a key that Momento rejected', () => {
  it('is looked for once, however many ask', async () => {
    const source = new Secret(makeV1Key());
    const { credentials } = follow(source);
    const { provider } = await credentials.current();
    source.content = { content: makeV1Key() };
    const renewed = Promise.all(Array.from({ length: 10_000 }, () => renew(credentials, provider, 1_000)));
    await vi.advanceTimersByTimeAsync(0);
    expect(new Set(await renewed)).toEqual(new Set([true]));
    expect(source.fetchedAtMs).toHaveLength(2);
    expect(await renew(credentials, provider, 1_000)).toBe(true);
    expect(source.fetchedAtMs).toHaveLength(2);
  });

  it('is waited for only as long as the caller has time', async () => {
    const { credentials } = follow(new Secret(makeV1Key()));
    const { provider } = await credentials.current();
    const renewed = renew(credentials, provider, 700);
    await vi.advanceTimersByTimeAsync(700);
    expect(await renewed).toBe(false);
  });

  it('costs a bounded number of calls while there is no other, and rejections then wait no more', async () => {
    const source = new Secret(makeV1Key());
    const { credentials } = follow(source, { refresh: false });
    const { provider } = await credentials.current();
    const renewed = renew(credentials, provider, minutes(10));
    await vi.advanceTimersByTimeAsync(minutes(10));
    expect(await renewed).toBe(false);
    expect(source.fetchedAtMs).toHaveLength(1 + rejectedKeyPolls);
  });

  it('is not looked for again for a while after a look that found no other, wherever the wall clock is set meanwhile', async () => {
    const source = new Secret(makeV1Key());
    const { credentials } = follow(source, { refresh: false });
    const { provider } = await credentials.current();
    const first = renew(credentials, provider, minutes(10));
    while (source.fetchedAtMs.length <= rejectedKeyPolls) await vi.advanceTimersByTimeAsync(500);
    expect(await first).toBe(false);
    expect(await renew(credentials, provider, minutes(10))).toBe(false);
    expect(source.fetchedAtMs).toHaveLength(1 + rejectedKeyPolls);
    vi.setSystemTime(Date.now() - hours(1));
    await vi.advanceTimersByTimeAsync(pollPauseMs);
    const again = renew(credentials, provider, 50);
    await vi.advanceTimersByTimeAsync(50);
    expect(await again).toBe(false);
    expect(source.fetchedAtMs).toHaveLength(2 + rejectedKeyPolls);
  });

  it('is not looked for in a source that is fixed', async () => {
    const source = new Secret(makeV1Key());
    source.isFixed = true;
    const { credentials } = follow(source);
    const { provider } = await credentials.current();
    expect(await renew(credentials, provider, 1_000)).toBe(false);
    expect(source.fetchedAtMs).toHaveLength(1);
  });
});

describe('after a rejection', () => {
  const untilNextMs = (credentials: KeyFollower) =>
    (credentials.status().nextRefreshAt?.getTime() ?? Number.NaN) - Date.now();

  it('that was a passing fault, nobody waits any more, and the key is followed at its regular pace', async () => {
    const source = new Secret(makeV1Key());
    const { credentials } = follow(source);
    const { provider } = await credentials.current();
    const waiting = credentials.renewRejected(provider, minutes(1), true);
    await vi.advanceTimersByTimeAsync(50);
    credentials.noteAccepted(provider);
    await vi.advanceTimersByTimeAsync(0);
    expect(await waiting).toBe('same');
    const asked = source.fetchedAtMs.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(source.fetchedAtMs).toHaveLength(asked);
    expect(untilNextMs(credentials)).toBeGreaterThan(200_000);
  });

  it('a call is to be made once more as soon as the source has given the same key, and then waits', async () => {
    const source = new Secret(makeV1Key());
    const { credentials } = follow(source, { refresh: false });
    const { provider } = await credentials.current();
    const first = credentials.renewRejected(provider, minutes(1));
    await vi.advanceTimersByTimeAsync(0);
    expect(await first).toBe('same');
    expect(source.fetchedAtMs).toHaveLength(2);
    const second = credentials.renewRejected(provider, minutes(1), true);
    while (source.fetchedAtMs.length <= rejectedKeyPolls) await vi.advanceTimersByTimeAsync(500);
    expect(await second).toBe('none');
  });

  it('after which no other key was found, looks come from 1 s apart to 60 s', async () => {
    const source = new Secret(makeV1Key());
    const { credentials } = follow(source);
    const { provider } = await credentials.current();
    void credentials.renewRejected(provider, 0, true);
    while (source.fetchedAtMs.length <= rejectedKeyPolls) await vi.advanceTimersByTimeAsync(500);
    await vi.advanceTimersByTimeAsync(0);
    expect(untilNextMs(credentials)).toBeLessThanOrEqual(1_000);
    await vi.advanceTimersByTimeAsync(minutes(5));
    source.fetchedAtMs.length = 0;
    await vi.advanceTimersByTimeAsync(minutes(10));
    expect(source.fetchedAtMs.length).toBeGreaterThanOrEqual(9);
    expect(source.fetchedAtMs.length).toBeLessThanOrEqual(21);
  });

  it('after which none was found, the rejection of another key is looked into at once', async () => {
    const source = new Secret(makeV1Key());
    const { credentials } = follow(source, { refresh: false });
    const { provider } = await credentials.current();
    void credentials.renewRejected(provider, 0, true);
    while (source.fetchedAtMs.length <= rejectedKeyPolls) await vi.advanceTimersByTimeAsync(500);
    source.content = { content: makeV1Key() };
    await credentials.refreshNow();
    const second = (await credentials.current()).provider;
    expect(second).not.toBe(provider);
    source.content = { content: makeV1Key() };
    const renewed = renew(credentials, second, 1_000);
    await vi.advanceTimersByTimeAsync(0);
    expect(await renewed).toBe(true);
  });
});

describe('bringing a key into use', () => {
  it('comes before it counts; when it fails, the key before stays and it is tried again', async () => {
    const source = new Secret(makeV1Key());
    const { credentials, events } = follow(source);
    const before = await credentials.current();
    const brought: Credential[] = [];
    const taking = (async () => {
      for await (const candidate of credentials.candidates) {
        const { credential } = candidate;
        brought.push(credential);
        expect(credentials.isInUse(credential.provider)).toBe(false);
        if (brought.length === 1) candidate.refuse(new Error('not accepted'));
        else candidate.accept();
        expect(credentials.isInUse(credential.provider)).toBe(brought.length > 1);
      }
    })();
    source.content = { content: makeV1Key() };
    await expect(credentials.refreshNow()).rejects.toThrow('not accepted');
    expect((await credentials.current()).provider).toBe(before.provider);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(credentials.status().generation).toBe(2);
    expect((await credentials.current()).provider).toBe(brought[1]?.provider);
    expect(events).toEqual(['refreshFailed', 'refreshed', 'rotated']);
    credentials.stop();
    await taking;
  });

  it.each([
    ['that nobody has taken yet', 0],
    ['that is being looked at', 1],
  ])('is refused at the end when it is one %s', async (_what, keysTaken) => {
    const source = new Secret(makeV1Key());
    const { credentials } = follow(source);
    await credentials.current();
    const iterator = credentials.candidates[Symbol.asyncIterator]();
    const taken = iterator.next();
    source.content = { content: makeV1Key() };
    if (keysTaken === 0) {
      // The one before is still being looked at: `next()` has not been called again.
      const first = credentials.refreshNow();
      (await taken).value?.accept();
      await first;
      source.content = { content: makeV1Key() };
    }
    const refreshing = credentials.refreshNow().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(0);
    credentials.stop();
    if (keysTaken > 0) (await taken).value?.refuse(new MomentoClosedError('default'));
    expect(await refreshing).toBeInstanceOf(MomentoClosedError);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});

describe('a key that is not asked for regularly', () => {
  it.each<[string, Partial<KeyFollowerOptions>, boolean]>([
    ['with refresh: false', { refresh: false }, false],
    ['of a fixed source', {}, true],
  ])('is said to be expiring all the same, %s, and once', async (_what, options, isFixed) => {
    const expiresAt = inSeconds(3_600);
    const source = new Secret(
      JSON.stringify({ apiKey: makeV1Key(), validUntil: expiresAt.getTime() / 1000 }),
    );
    source.isFixed = isFixed;
    const { credentials, events } = follow(source, options);
    await credentials.current();
    await vi.advanceTimersByTimeAsync(minutes(49));
    expect(events).toEqual([]);
    await vi.advanceTimersByTimeAsync(minutes(5));
    expect(events).toEqual(['expiring']);
    expect(warnings).toEqual([expect.stringMatching(/ends at .*: store another one there\.$/)]);
    await vi.advanceTimersByTimeAsync(hours(1));
    expect(events).toEqual(['expiring']);
    expect(source.fetchedAtMs).toHaveLength(1);
  });
});
