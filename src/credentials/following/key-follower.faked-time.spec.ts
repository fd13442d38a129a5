import { inspect } from 'node:util';
import { CredentialProvider, InvalidArgumentError } from '@gomomento/sdk';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  failureOf,
  inSeconds,
  makeJwt,
  makeV1Key,
  makeV2Key,
  regionEndpoint,
} from '../../../test/support/keys.js';
import { MomentoClosedError, MomentoConfigurationError } from '../../foundation/momento.errors.js';
import type {
  CredentialFetchContext,
  CredentialSource,
  FetchedCredential,
} from '../fetched/credential-source.js';
import type { CredentialEvent, CredentialStatus } from './credential-events.js';
import { MomentoCredentials } from '../momento-credentials.js';
import { KeyFollower, type KeyFollowerOptions } from './key-follower.js';
import { SourceUnavailableError } from '../sources/source-unavailable.error.js';

const key = makeV1Key();
const otherKey = makeV1Key();

/** What the source does at a fetch: answer a key, throw, or whatever a function does. */
type Step =
  string | Error | FetchedCredential | ((context: CredentialFetchContext) => Promise<FetchedCredential>);

/** A source that does one step a fetch, and stays at the last. */
class ScriptedSource implements CredentialSource {
  readonly fetches: CredentialFetchContext[] = [];
  readonly close = vi.fn<() => void>();
  #steps: Step[];

  constructor(...steps: Step[]) {
    this.#steps = steps;
  }

  describe(): string {
    return "secret 'momento' in a test";
  }

  continueWith(...steps: Step[]): void {
    this.#steps = steps;
  }

  async fetch(context: CredentialFetchContext): Promise<FetchedCredential> {
    this.fetches.push(context);
    const step = this.#steps.length > 1 ? this.#steps.shift() : this.#steps[0];
    if (step === undefined) throw new Error('The source has no step.');
    if (step instanceof Error) throw step;
    if (typeof step === 'function') return step(context);
    return typeof step === 'string' ? { content: step } : step;
  }
}

const hang = () => new Promise<never>(() => undefined);

function createCredentials(source: CredentialSource, options: Partial<KeyFollowerOptions> = {}) {
  return new KeyFollower({
    connectionName: 'default',
    source,
    bootTimeoutSeconds: 10,
    refresh: false,
    ...options,
  });
}

/** Notes each event with the generation it came with. */
function watch(credentials: KeyFollower): string[] {
  const events: string[] = [];
  for (const event of ['refreshed', 'rotated', 'refreshFailed'] as const satisfies CredentialEvent[]) {
    credentials.on(event, ({ generation }) => events.push(`${event} ${generation}`));
  }
  return events;
}

/** The outcome of a promise, and the time that passes until it is there. */
async function settle(promise: Promise<unknown>): Promise<{ outcome: unknown; seconds: number }> {
  const start = Date.now();
  const outcomes: unknown[] = [];
  const note = (outcome: unknown) => void outcomes.push(outcome);
  void promise.then(note, note);
  while (outcomes.length === 0) await vi.advanceTimersByTimeAsync(10);
  return { outcome: outcomes[0], seconds: (Date.now() - start) / 1000 };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('KeyFollower, the first key', () => {
  it('is not fetched before it is needed', async () => {
    const source = new ScriptedSource(key);
    const credentials = createCredentials(source);
    expect(credentials.status()).toEqual({ source: "secret 'momento' in a test", generation: 0 });
    expect(source.fetches).toHaveLength(0);
    await credentials.current();
    expect(source.fetches).toMatchObject([{ refresh: false }]);
  });

  it('is fetched once, for 10,000 callers at once and for all who come later', async () => {
    const source = new ScriptedSource(async () => ({ content: key }));
    const credentials = createCredentials(source);
    const asked = await Promise.all(Array.from({ length: 10_000 }, () => credentials.current()));
    asked.push(await credentials.current());
    expect(new Set(asked).size).toBe(1);
    expect(source.fetches).toHaveLength(1);
  });

  it('is known by its status afterwards', async () => {
    const expiresAt = new Date(Math.floor(inSeconds(3_600).getTime() / 1000) * 1000);
    const content = JSON.stringify({ apiKey: key, validUntil: expiresAt.getTime() / 1000 });
    const credentials = createCredentials(new ScriptedSource({ content, versionId: 'v-1' }));
    await credentials.current();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(credentials.status()).toEqual({
      source: "secret 'momento' in a test",
      endpoint: `cache.${regionEndpoint}`,
      versionId: 'v-1',
      generation: 1,
      fetchedAt: expect.any(Date),
      ageSeconds: 1.5,
      expiresAt,
    });
  });

  it('is tried again by the next caller, after the first fetch failed', async () => {
    const source = new ScriptedSource('changeme', key);
    const credentials = createCredentials(source);
    await expect(credentials.current()).rejects.toThrow('is not a Momento key');
    expect(credentials.status()).toMatchObject({
      generation: 0,
      lastError: expect.stringContaining('is not a Momento key'),
    });
    await expect(credentials.current()).resolves.toMatchObject({ provider: expect.anything() });
    expect(credentials.status()).not.toHaveProperty('lastError');
  });

  it('is asked for once by all who wait for a failure', async () => {
    const source = new ScriptedSource('changeme');
    const credentials = createCredentials(source);
    const failures = await Promise.all(
      Array.from({ length: 1_000 }, () => failureOf(() => credentials.current())),
    );
    expect(new Set(failures).size).toBe(1);
    expect(source.fetches).toHaveLength(1);
  });
});

describe('KeyFollower, a source that fails', () => {
  it.each([
    ['an error of the network', new Error('connect ECONNREFUSED')],
    ['an unavailable source', new SourceUnavailableError('Throttled.')],
    ['an answer that is no JSON', new SyntaxError('Unexpected token')],
  ])('is tried again after %s, until it answers', async (_what, failure) => {
    const source = new ScriptedSource(failure, failure, failure, key);
    const { outcome, seconds } = await settle(createCredentials(source).current());
    expect(outcome).toMatchObject({ provider: expect.anything() });
    expect(source.fetches).toHaveLength(4);
    expect(seconds).toBeLessThan(1);
  });

  it('is tried again at growing distances, and given up when the time is over', async () => {
    const source = new ScriptedSource(new Error('connect ECONNREFUSED'));
    const { outcome, seconds } = await settle(createCredentials(source).current());
    expect(outcome).toMatchObject({
      code: 'source-unreachable',
      message:
        "No key came from secret 'momento' in a test within 10 s. connect ECONNREFUSED. " +
        'Check that the process can reach it (network, VPC endpoint, security group), or raise the option bootTimeoutSeconds.',
    });
    expect(seconds).toBeCloseTo(10, 1);
    // 0, 0.1, 0.3, 0.7, 1.5, 3.1, 5.1, 7.1, 9.1 s at the slowest; at half these distances at the fastest.
    expect(source.fetches.length).toBeGreaterThanOrEqual(9);
    expect(source.fetches.length).toBeLessThanOrEqual(14);
  });

  it('is given up when it never answers and ignores the signal', async () => {
    const source = new ScriptedSource(hang);
    const { outcome, seconds } = await settle(createCredentials(source, { bootTimeoutSeconds: 3 }).current());
    expect(outcome).toMatchObject({
      code: 'source-unreachable',
      message: expect.stringContaining('within 3 s. It did not answer.'),
    });
    expect(seconds).toBeCloseTo(3, 1);
    expect(source.fetches).toMatchObject([{ signal: { aborted: true } }]);
  });

  it('is given up for the reason it gave before it fell silent', async () => {
    const source = new ScriptedSource(new SourceUnavailableError('Throttled.'), hang);
    const { outcome } = await settle(createCredentials(source).current());
    expect(outcome).toMatchObject({ message: expect.stringContaining('within 10 s. Throttled.') });
  });

  it('is given up with the advice it gave', async () => {
    const source = new ScriptedSource(new SourceUnavailableError('The clock is wrong.', 'Set the clock.'));
    const { outcome } = await settle(createCredentials(source).current());
    expect(outcome).toMatchObject({
      code: 'source-unreachable',
      message: expect.stringMatching(/The clock is wrong\. Set the clock\.$/),
      advice: 'Set the clock.',
    });
  });

  it('ends the wait at once when trying again cannot help', async () => {
    const failure = new MomentoConfigurationError('secret-not-found', 'There is none.', 'Make one.');
    const source = new ScriptedSource(failure);
    const { outcome, seconds } = await settle(createCredentials(source).current());
    expect(outcome).toBe(failure);
    expect(seconds).toBeLessThan(0.1);
    expect(source.fetches).toHaveLength(1);
  });

  it.each<[string, string, string]>([
    ['no key', 'changeme', 'key-malformed'],
    ['nothing', '', 'secret-empty'],
    ['no known field', '{}', 'secret-field-missing'],
    ['a v2 key without an endpoint', makeV2Key(), 'endpoint-missing'],
    ['an expired key', makeV1Key(makeJwt({ exp: 1_000_000_000 })), 'key-expired'],
    ['an endpoint with a scheme', makeV1Key(makeJwt(), 'https://example.com'), 'endpoint-malformed'],
  ])('ends the wait at once when it has %s', async (_what, content, code) => {
    const source = new ScriptedSource(content);
    const { outcome, seconds } = await settle(createCredentials(source).current());
    expect(outcome).toMatchObject({
      code,
      message: expect.stringContaining("secret 'momento' in a test"),
    });
    expect(seconds).toBeLessThan(0.1);
    expect(source.fetches).toHaveLength(1);
  });

  it('may throw before it makes a promise', async () => {
    const source: CredentialSource = {
      describe: () => 'a rash source',
      fetch: () => {
        throw new Error('connect ECONNREFUSED');
      },
    };
    const { outcome } = await settle(createCredentials(source).current());
    expect(outcome).toMatchObject({ code: 'source-unreachable' });
  });
});

describe('KeyFollower, a source that shows the key', () => {
  /** What users without a type checker, or with one that is silenced, return. */
  it.each<[string, unknown]>([
    ['the key itself', key],
    ['the key in bytes', new TextEncoder().encode(key)],
    ['the key under another name', { apiKey: key }],
    ['a content that is no text', { content: { apiKey: key } }],
    ['a provider that is none', { provider: key }],
    ['nothing', undefined],
    ['null', null],
  ])('is told what to return when it returns %s', async (_what, answer) => {
    const source = new ScriptedSource();
    Reflect.set(source, 'fetch', async () => answer);
    const { outcome, seconds } = await settle(createCredentials(source).current());
    expect(outcome).toMatchObject({
      code: 'source-failed',
      message: expect.stringMatching(
        /^No key was found in secret 'momento' in a test: it returned something else/,
      ),
      advice: expect.stringContaining('{ content }'),
    });
    expect(seconds).toBeLessThan(0.1);
    expect(inspect(outcome, { depth: 20, showHidden: true })).not.toContain(key.slice(20, 40));
  });

  it.each<[string, () => Promise<FetchedCredential>]>([
    [
      'v1',
      async () => ({
        provider: CredentialProvider.fromString({
          authToken: Buffer.from('{"api_key":"the inner key"').toString('base64'),
        }),
      }),
    ],
    [
      'v2',
      async () => ({
        provider: CredentialProvider.fromApiKeyV2({
          apiKey: `a.${btoa('the inner key')}.b`,
          endpoint: regionEndpoint,
        }),
      }),
    ],
    [
      'any',
      async () => {
        throw new InvalidArgumentError('failed to parse token: the inner key');
      },
    ],
  ])(
    'is not quoted when the Momento SDK refuses its %s key: its parser decodes it',
    async (_format, step) => {
      const { outcome, seconds } = await settle(createCredentials(new ScriptedSource(step)).current());
      expect(outcome).toMatchObject({
        code: 'source-failed',
        advice: expect.stringContaining('{ content }'),
      });
      expect(inspect(outcome, { depth: 20, showHidden: true })).not.toContain('inner key');
      expect(seconds).toBeLessThan(0.1);
    },
  );

  it('is not quoted when its own message quotes it', async () => {
    const credentials = createCredentials(new ScriptedSource(new Error(`Vault refused ${key}, sealed`)));
    const { outcome } = await settle(credentials.current());
    expect(outcome).toMatchObject({ message: expect.stringContaining('Vault refused [REDACTED], sealed.') });
    expect(inspect([outcome, credentials.status()], { depth: 20 })).not.toContain(key.slice(0, 12));
  });

  it('is not quoted when it fails to parse', async () => {
    const source = new ScriptedSource(async () => JSON.parse(`{"content": ${key}`));
    const credentials = createCredentials(source);
    const { outcome } = await settle(credentials.current());
    expect(outcome).toMatchObject({ code: 'source-unreachable' });
    expect(inspect([outcome, credentials.status()], { depth: 20 })).not.toContain(key.slice(0, 5));
  });
});

describe('KeyFollower.refreshNow', () => {
  async function startCredentials(...steps: Step[]) {
    const source = new ScriptedSource(...steps);
    const credentials = createCredentials(source);
    await credentials.current();
    return { source, credentials, events: watch(credentials) };
  }

  it('fetches past every cache of the source', async () => {
    const { source, credentials } = await startCredentials(key);
    await credentials.refreshNow();
    expect(source.fetches).toMatchObject([{ refresh: false }, { refresh: true }]);
  });

  it('joins a refresh that is under way', async () => {
    const { source, credentials } = await startCredentials(key);
    const statuses = await Promise.all(Array.from({ length: 100 }, () => credentials.refreshNow()));
    expect(new Set(statuses).size).toBe(1);
    expect(source.fetches).toHaveLength(2);
    await credentials.refreshNow();
    expect(source.fetches).toHaveLength(3);
  });

  it('replaces nothing when the key is equal, though its version is not', async () => {
    const { credentials, events } = await startCredentials(
      { content: key, versionId: 'v-1' },
      { content: JSON.stringify({ apiKey: key }), versionId: 'v-2' },
    );
    const before = await credentials.current();
    await expect(credentials.refreshNow()).resolves.toMatchObject({ generation: 1, versionId: 'v-2' });
    expect((await credentials.current()).provider).toBe(before.provider);
    expect(events).toEqual(['refreshed 1']);
  });

  it('takes another key, and says so once', async () => {
    const { credentials, events } = await startCredentials(key, otherKey);
    const before = await credentials.current();
    await expect(credentials.refreshNow()).resolves.toMatchObject({ generation: 2 });
    const after = await credentials.current();
    expect(after.provider).not.toBe(before.provider);
    expect(after.provider.getAuthToken()).not.toBe(before.provider.getAuthToken());
    await credentials.refreshNow();
    expect(events).toEqual(['refreshed 2', 'rotated 2', 'refreshed 2']);
  });

  it('takes the same key at another endpoint for another', async () => {
    const jwt = makeJwt();
    const { credentials } = await startCredentials(makeV1Key(jwt), makeV1Key(jwt, 'cell-9.example.com'));
    await expect(credentials.refreshNow()).resolves.toMatchObject({ generation: 2 });
  });

  it.each<[string, Step, string]>([
    ['cannot be reached', new Error('connect ECONNREFUSED'), 'source-unreachable'],
    ['has no key any more', 'changeme', 'key-malformed'],
    ['has an expired key', makeV1Key(makeJwt({ exp: 1_000_000_000 })), 'key-expired'],
  ])('keeps the key when the source %s', async (_what, step, code) => {
    const { source, credentials, events } = await startCredentials(key);
    const before = await credentials.current();
    source.continueWith(step);
    const { outcome } = await settle(credentials.refreshNow());
    expect(outcome).toMatchObject({ code });
    expect(await credentials.current()).toBe(before);
    expect(events).toEqual(['refreshFailed 1']);
    expect(credentials.status()).toMatchObject({
      generation: 1,
      lastError: outcome instanceof Error ? outcome.message : '',
    });
    source.continueWith(key);
    await expect(credentials.refreshNow()).resolves.not.toHaveProperty('lastError');
  });

  it('fetches the first key when there is none, and then past the caches', async () => {
    const source = new ScriptedSource(key);
    const credentials = createCredentials(source);
    await expect(credentials.refreshNow()).resolves.toMatchObject({ generation: 1 });
    expect(source.fetches).toMatchObject([{ refresh: false }, { refresh: true }]);
  });
});

describe('KeyFollower.on', () => {
  it.each<[string, (status: CredentialStatus) => void]>([
    [
      'throws',
      () => {
        throw new Error('The listener is broken.');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('The listener is broken.');
      },
    ],
  ])('logs a listener that %s; the refresh and other listeners go on', async (_how, listener) => {
    const log = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    const credentials = createCredentials(new ScriptedSource(key, otherKey));
    await credentials.current();
    credentials.on('rotated', listener);
    const events = watch(credentials);
    await expect(credentials.refreshNow()).resolves.toMatchObject({ generation: 2 });
    await vi.advanceTimersByTimeAsync(0);
    expect(events).toEqual(['refreshed 2', 'rotated 2']);
    expect(log).toHaveBeenCalledExactlyOnceWith(
      "A listener of 'rotated' failed.",
      expect.stringContaining('The listener is broken.'),
    );
  });

  it('can be chained', () => {
    const credentials = new MomentoCredentials(createCredentials(new ScriptedSource(key)));
    expect(credentials.on('refreshed', () => undefined).on('rotated', () => undefined)).toBe(credentials);
  });
});

describe('KeyFollower.stop', () => {
  it('ends a fetch that is under way, whether or not it listens', async () => {
    const source = new ScriptedSource(hang);
    const credentials = createCredentials(source);
    const fetching = failureOf(() => credentials.current());
    await vi.advanceTimersByTimeAsync(1_000);
    credentials.stop();
    expect(await fetching).toBeInstanceOf(MomentoClosedError);
    expect(source.fetches).toMatchObject([{ signal: { aborted: true } }]);
  });

  it('ends the pause between two tries', async () => {
    const source = new ScriptedSource(new Error('connect ECONNREFUSED'));
    const credentials = createCredentials(source);
    const fetching = failureOf(() => credentials.current());
    await vi.advanceTimersByTimeAsync(5_000);
    const tries = source.fetches.length;
    credentials.stop();
    expect(await fetching).toBeInstanceOf(MomentoClosedError);
    expect(source.fetches).toHaveLength(tries);
  });

  it('lets the source alone afterwards', async () => {
    const source = new ScriptedSource(key);
    const credentials = createCredentials(source);
    await credentials.current();
    credentials.stop();
    await expect(credentials.refreshNow()).rejects.toThrow(MomentoClosedError);
    const unused = createCredentials(source);
    unused.stop();
    await expect(unused.current()).rejects.toThrow(MomentoClosedError);
    expect(source.fetches).toHaveLength(1);
  });

  it('tells listeners nothing more', async () => {
    const credentials = createCredentials(new ScriptedSource(key, hang));
    await credentials.current();
    const events = watch(credentials);
    const refreshing = failureOf(() => credentials.refreshNow());
    credentials.stop();
    await refreshing;
    expect(events).toEqual([]);
  });

  it('is followed by close(), which releases what the source holds', async () => {
    const source = new ScriptedSource(key);
    await createCredentials(source).close();
    expect(source.close).toHaveBeenCalledOnce();
    await createCredentials({ describe: () => '', fetch: hang }).close();
  });
});

describe('KeyFollower, printed', () => {
  it('shows no part of the key', async () => {
    const credentials = createCredentials(new ScriptedSource(key, otherKey));
    const { provider } = await credentials.current();
    const first = provider.getAuthToken();
    await credentials.refreshNow();
    const printed = [
      inspect(credentials, { depth: 20, showHidden: true, getters: true }),
      inspect(credentials, { customInspect: false }),
      JSON.stringify(credentials),
      inspect(credentials.status(), { depth: 20, showHidden: true }),
      JSON.stringify(credentials.status()),
      inspect(await credentials.current(), { depth: 20, showHidden: true }),
      JSON.stringify(await credentials.current()),
    ].join('\n');
    for (const part of [key, otherKey, ...first.split('.')]) expect(printed).not.toContain(part.slice(0, 12));
  });
});
