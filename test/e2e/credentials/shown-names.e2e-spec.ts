import { CacheClient, Configurations, SdkError, TopicClient } from '@gomomento/sdk';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  CacheService,
  fromSecretsManager,
  MomentoCacheError,
  MomentoCredentials,
  MomentoModule,
  type MomentoModuleOptions,
  MomentoServiceError,
  TopicService,
} from 'nestjs-momento';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Canary, everythingOf, printed } from '../../support/canary.js';
import { type CapturedOutput, captureOutput } from './captured-output.fixture.js';
import { failureOf, makeV1Key } from '../../support/keys.js';
import { cacheName, options, secretId, useAccount } from './wrong-set-ups.fixture.js';

const account = useAccount();

/** What an enemy calls things: it forges a line of the log, colours the terminal, turns the writing round. */
const forged = 'x\n[Nest] 1  - ERROR [Momento] all keys are lost\u001b[2J\u202e\ud800';
const shownForged = String.raw`x\n[Nest] 1  - ERROR [Momento] all keys are lost\u001b[2J\u202e\ud800`;

async function boot(output: CapturedOutput, more: MomentoModuleOptions = {}): Promise<TestingModule> {
  const configuration = Configurations.Laptop.latest().withClientTimeoutMillis(2_000);
  const app = await Test.createTestingModule({
    imports: [MomentoModule.forRoot({ ...options(account), configuration, ...more })],
  })
    .setLogger(output.logger)
    .compile();
  onTestFinished(() => app.close());
  return app;
}

/** No line begins with what a name brought along, and nothing steers the terminal. */
function expectNoForgery(text: string): void {
  expect(text).not.toMatch(/^(\[Nest\] 1 )/m);
  expect(text).not.toContain('\u001b[2J');
  expect(text).not.toMatch(/\p{Cf}|\p{Cs}/u);
}

describe('names in logs and messages', () => {
  it('are one line, whatever caches, keys and topics are called', async () => {
    const output = captureOutput();
    const app = await boot(output);
    const [cache, topics] = [app.get(CacheService), app.get(TopicService)];
    const received: unknown[] = [];
    await topics.subscribe(forged, ({ value }) => {
      received.push(value);
      throw new Error(`The handler of ${forged} failed.`);
    });
    await topics.publish(forged, 1);
    await app.get(TopicClient).publish(cacheName, forged, 'no JSON');
    await vi.waitFor(() => expect(output.text()).toContain('cannot be read'));
    account.momento.faults.fail('get', 'INTERNAL', { message: forged });
    const failures = [
      await failureOf(() => cache.get(forged)),
      await failureOf(() => cache.cache(forged).get('key')),
      await failureOf(() => topics.publish(forged, () => undefined)),
      await failureOf(() => topics.publish('topic', 1, { cacheName: `${forged} is missing` })),
    ];
    await cache.getOrSet(forged, () => 'loaded');

    for (const failure of failures) {
      expect(failure).toBeInstanceOf(MomentoServiceError);
      expect(failure).toMatchObject({ message: expect.stringContaining(shownForged) });
      expectNoForgery(String(failure));
    }
    expect(output.text()).toContain(`The handler of topic '${shownForged}' in cache '${cacheName}' failed`);
    expect(output.text()).toContain(`Going on without the cache`);
    expectNoForgery(output.text());
  });

  it('hold no key that was put into the place of a name', async () => {
    const output = captureOutput();
    const app = await boot(output);
    const canary = new Canary(account.key);
    const [cache, topics] = [app.get(CacheService), app.get(TopicService)];
    const { key } = account;
    account.momento.faults.fail('get', 'INTERNAL');
    await topics.subscribe(key, () => {
      throw new Error('The handler is broken.');
    });
    await topics.publish(key, 1);
    await app.get(TopicClient).publish(cacheName, key, 'no JSON');
    await vi.waitFor(() => expect(output.text()).toContain('cannot be read'));
    const failures = [
      await failureOf(() => cache.get(key)),
      await failureOf(() => cache.cache(key).get('key')),
      await failureOf(() => topics.publish('topic', 1, { cacheName: key })),
      await failureOf(() => cache.set('key', 1, { ttlSeconds: -1 })),
    ];
    await cache.getOrSet(key, () => 'loaded');
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(Error);
      expect(canary.findIn(everythingOf(failure))).toBeUndefined();
    }
    expect(canary.findIn(output.text())).toBeUndefined();
  });
});

describe('what a server or a proxy echoes', () => {
  it('is without the key in message, cause and log', async () => {
    const output = captureOutput();
    const app = await boot(output);
    const { key } = account;
    const canary = new Canary(key);
    const message = `unexpected header authorization: ${key}\n[Nest] 1  - forged`;
    for (const rpc of ['get', 'topic-publish', 'topic-subscribe'] as const)
      account.momento.faults.fail(rpc, 'INVALID_ARGUMENT', { message });
    const [cache, topics] = [app.get(CacheService), app.get(TopicService)];
    const failures = [
      await failureOf(() => cache.get('key')),
      await failureOf(() => topics.publish('topic', 1)),
      await failureOf(() => topics.subscribe('topic', () => undefined)),
    ];
    await cache.getOrSet('key', () => 'loaded');

    for (const failure of failures) {
      expect(failure).toBeInstanceOf(MomentoServiceError);
      expect(failure).toMatchObject({
        code: 'INVALID_ARGUMENT_ERROR',
        message: expect.stringContaining('unexpected header authorization: [REDACTED] [Nest] 1  - forged.'),
        cause: expect.any(SdkError),
      });
      expect(canary.findIn(everythingOf(failure))).toBeUndefined();
    }
    expect(output.text()).toContain('Going on without the cache');
    expect(canary.findIn(output.text())).toBeUndefined();
    expectNoForgery(output.text());
    // The raw client gives the SDK's error as it is: that is the SDK's interface, and a test that it was echoed at all.
    expect(canary.findIn(printed(await app.get(CacheClient).get(cacheName, 'key')))).toBeDefined();
  });

  it('keeps the class, the code and the stack of the SDK’s error', async () => {
    const app = await boot(captureOutput());
    account.momento.faults.fail('get', 'PERMISSION_DENIED', { message: `no role for ${account.key}` });
    const failure = await failureOf(() => app.get(CacheService).get('key'));
    expect(failure).toBeInstanceOf(MomentoCacheError);
    const { cause } = failure as MomentoCacheError;
    expect(cause).toMatchObject({
      message: expect.stringContaining('no role for [REDACTED]'),
      stack: expect.stringMatching(/\n {4}at /),
    });
    expect((cause as SdkError).errorCode()).toBe('PERMISSION_ERROR');
    expect((cause as SdkError).constructor.name).toBe('PermissionError');
  });
});

describe('a version’s id and a source of one’s own', () => {
  it('are shown in status and log as one line without keys', async () => {
    const output = captureOutput();
    const keys = [account.key, account.momento.issueApiKey(), makeV1Key()];
    const canary = new Canary(...keys);
    let fetches = 0;
    const app = await boot(output, {
      credentials: {
        describe: () => `vault ${keys[2]}\n${forged}`,
        fetch: async () => {
          fetches += 1;
          return { content: keys[fetches - 1] ?? '', versionId: `v${fetches} ${keys[2]} ${forged}` };
        },
      },
    });
    await app.get(MomentoCredentials).refreshNow();
    const status = app.get(MomentoCredentials).status();
    expect(status).toMatchObject({
      generation: 2,
      versionId: expect.stringMatching(/^v2 \[REDACTED\] x\\n/),
    });
    expect(status.source).toMatch(/^vault \[REDACTED\] x \[Nest\]/);
    expect(output.text()).toContain('Another key is in use');
    expect(canary.findIn(`${output.text()} ${printed(status)}`)).toBeUndefined();
    expectNoForgery(`${output.text()}\n${status.source}\n${String(status.versionId)}`);
  });
});

describe('a secret’s name', () => {
  it.each(['secretId', 'region', 'versionStage', 'field'] as const)(
    'in the option %s forges no line and shows no key',
    async (option) => {
      for (const value of [forged, account.key]) {
        const output = captureOutput();
        const credentials = fromSecretsManager({
          secretId,
          endpoint: account.secrets.endpoint,
          [option]: value,
        });
        const failure = await failureOf(() => boot(output, { credentials }));
        expect(failure).toMatchObject({ name: 'MomentoConfigurationError' });
        expectNoForgery(`${String(failure)}\n${credentials.describe()}\n${output.text()}`);
        expect(
          new Canary(account.key).findIn(
            `${everythingOf(failure)} ${credentials.describe()} ${output.text()}`,
          ),
        ).toBeUndefined();
      }
    },
  );
});
