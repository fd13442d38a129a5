import { inspect } from 'node:util';
import { CredentialProvider, MomentoErrorCode, TopicSubscribe } from '@gomomento/sdk';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  defineTopic,
  getTopicTokenServiceToken,
  InjectTopicTokenService,
  MomentoClosedError,
  MomentoConfigurationError,
  MomentoCredentials,
  MomentoModule,
  type MomentoModuleOptions,
  MomentoTopicError,
  type TopicMessage,
  TopicService,
  type TopicTokenRequest,
  TopicTokenService,
} from 'nestjs-momento';
import type { MomentoLocal } from 'nestjs-momento/local';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { errorCodeOf, startMomento, stoppedClock, topicClientFor } from '../../local/momento.fixture.js';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { failureOf } from '../../support/keys.js';

const { PERMISSION_ERROR, AUTHENTICATION_ERROR } = MomentoErrorCode;
const servers = useEmbeddedServers();
const { options, start, startWith } = useApps(servers);
const orders = defineTopic<{ readonly id: number }>('orders');
const prices = defineTopic<number>('prices', { cacheName: 'shop' });
const news: TopicTokenRequest = { topics: ['news'], permissions: 'subscribe', expiresInSeconds: 600 };

async function startTokens(momento: MomentoModuleOptions = {}): Promise<TopicTokenService> {
  const app = await start(MomentoModule.forRoot(options(momento)));
  return app.get(TopicTokenService);
}

const calls = () => servers.momento.requestCount('generate-disposable-token');

/** Who has nothing but the token, as a browser. */
function holderOf(authToken: string, momento: MomentoLocal = servers.momento) {
  const endpointOverrides = momento.endpoints;
  const client = topicClientFor(momento, CredentialProvider.fromString({ authToken, endpointOverrides }));
  return {
    publish: (topic: string, cacheName = 'demo-cache') =>
      errorCodeOf(client.publish(cacheName, topic, '"hello"')),
    async subscribe(topic: string, cacheName = 'demo-cache', onValue: (value: string) => void = () => {}) {
      const answer = await client.subscribe(cacheName, topic, {
        onItem: (item) => onValue(item.valueString()),
      });
      if (answer instanceof TopicSubscribe.Subscription) onTestFinished(() => answer.unsubscribe());
      return errorCodeOf(answer);
    },
  };
}

describe('a token', () => {
  it('subscribes to its topic, and does nothing else', async () => {
    const app = await start(MomentoModule.forRoot(options()));
    const { token, endpoint, expiresAt } = await app.get(TopicTokenService).issue(news);
    expect(endpoint).toBe(servers.momento.endpoints.cacheEndpoint);
    expect(Math.abs(expiresAt.getTime() - Date.now() - 600_000)).toBeLessThan(5_000);

    const holder = holderOf(token);
    const seen: string[] = [];
    expect(await holder.subscribe('news', 'demo-cache', (value) => seen.push(value))).toBe('Subscription');
    await app.get(TopicService).publish('news', 1);
    await vi.waitFor(() => expect(seen).toEqual(['1']));
    expect(await holder.publish('news')).toBe(PERMISSION_ERROR);
    expect(await holder.subscribe('other')).toBe(PERMISSION_ERROR);
    expect(await holder.subscribe('news', 'other-cache')).toBe(PERMISSION_ERROR);
  });

  it('publishes under its id, and does not subscribe', async () => {
    const app = await start(MomentoModule.forRoot(options()));
    const { token } = await app.get(TopicTokenService).issue({
      topics: [orders],
      permissions: 'publish',
      expiresInSeconds: 60,
      tokenId: 'user-7',
    });
    const seen: TopicMessage<unknown>[] = [];
    await app.get(TopicService).subscribe(orders, (message) => void seen.push(message));
    const holder = holderOf(token);
    expect(await holder.publish('orders')).toBe('Success');
    await vi.waitFor(() => expect(seen).toMatchObject([{ value: 'hello', publisherId: 'user-7' }]));
    expect(await holder.subscribe('orders')).toBe(PERMISSION_ERROR);
  });

  it('is for topics of several caches, or for all of a cache', async () => {
    servers.momento.createCache('shop');
    const tokens = await startTokens();
    const life = { permissions: 'both', expiresInSeconds: 60 } as const;
    const some = holderOf((await tokens.issue({ topics: [orders, prices], ...life })).token);
    expect(await some.publish('prices', 'shop')).toBe('Success');
    expect(await some.subscribe('orders')).toBe('Subscription');
    expect(await some.publish('orders', 'shop')).toBe(PERMISSION_ERROR);

    const all = holderOf((await tokens.issue({ caches: ['shop'], ...life })).token);
    expect(await all.publish('whatever', 'shop')).toBe('Success');
    expect(await all.subscribe('prices', 'shop')).toBe('Subscription');
    expect(await all.publish('whatever')).toBe(PERMISSION_ERROR);
  });

  it('ends when it says', async () => {
    const clock = stoppedClock();
    const momento = await startMomento({ caches: ['demo-cache'], now: clock.now });
    const credentials = CredentialProvider.fromString({
      authToken: momento.issueApiKey(),
      endpointOverrides: momento.endpoints,
    });
    const tokens = await startTokens({ credentials, endpoint: undefined });
    const { token, expiresAt } = await tokens.issue({ ...news, permissions: 'both' });
    expect(expiresAt.getTime()).toBe(clock.now() + 600_000);
    const holder = holderOf(token, momento);
    clock.advance(599_999);
    expect(await holder.publish('news')).toBe('Success');
    clock.advance(1);
    expect(await holder.publish('news')).toBe(AUTHENTICATION_ERROR);
    expect(await holder.subscribe('news')).toBe(AUTHENTICATION_ERROR);
  });

  it('is plain as JSON, and shown by nothing that the service shows', async () => {
    const tokens = await startTokens();
    const issued = await tokens.issue(news);
    expect(JSON.parse(JSON.stringify(issued))).toEqual({
      token: issued.token,
      endpoint: issued.endpoint,
      expiresAt: issued.expiresAt.toISOString(),
    });
    expect(inspect(tokens, { depth: 20, showHidden: true }) + JSON.stringify(tokens)).not.toContain(
      issued.token.slice(0, 20),
    );
  });
});

describe('Momento is asked', () => {
  it('once for all who ask for the same, until half the life of the token is over', async () => {
    const tokens = await startTokens();
    const issued = await Promise.all(Array.from({ length: 50 }, () => tokens.issue(news)));
    expect(new Set(issued.map(({ token }) => token)).size).toBe(1);
    expect(await tokens.issue({ ...news, topics: ['news', 'news'] })).toEqual(issued[0]);
    expect(calls()).toBe(1);

    const short = { ...news, expiresInSeconds: 2 };
    const { token } = await tokens.issue(short);
    expect((await tokens.issue(short)).token).toBe(token);
    await vi.waitFor(async () => expect((await tokens.issue(short)).token).not.toBe(token), {
      timeout: 5_000,
    });
    expect(calls()).toBe(3);
  });

  it('at most five times a second: the others wait', async () => {
    const tokens = await startTokens();
    await Promise.all(
      Array.from({ length: 6 }, (_, index) => tokens.issue({ ...news, tokenId: `user-${index}` })),
    );
    const atMs = servers.momento.requests
      .filter(({ rpc }) => rpc === 'generate-disposable-token')
      .map(({ at }) => at.getTime());
    expect(atMs).toHaveLength(6);
    // What lies between the app's clock and the server's is not a second.
    expect((atMs[4] ?? 0) - (atMs[0] ?? 0)).toBeLessThan(900);
    expect((atMs[5] ?? 0) - (atMs[0] ?? 0)).toBeGreaterThan(900);
  });

  it('again after a rotation, with the other key', async () => {
    const app = await start(MomentoModule.forRoot(options({ refresh: false })));
    const tokens = app.get(TopicTokenService);
    const before = await tokens.issue(news);
    servers.secrets.putSecret('Momento_Auth_Token', servers.momento.issueApiKey());
    await app.get(MomentoCredentials).refreshNow();
    servers.momento.revokeApiKey(servers.apiKey);
    const after = await tokens.issue(news);
    expect(after.token).not.toBe(before.token);
    expect(await tokens.issue(news)).toEqual(after);
    expect(calls()).toBe(2);
  });

  it('with another key when it does not know this one any more', async () => {
    const tokens = await startTokens({ refresh: false });
    servers.secrets.putSecret('Momento_Auth_Token', servers.momento.issueApiKey());
    servers.momento.revokeApiKey(servers.apiKey);
    const { token } = await tokens.issue(news);
    expect(await holderOf(token).subscribe('news')).toBe('Subscription');
  });
});

describe('what goes wrong', () => {
  it('is told while Momento is away, and forgotten when it is back', async () => {
    const tokens = await startTokens();
    await servers.momento.faults.down();
    const failures = await Promise.all([1, 2].map(() => failureOf(() => tokens.issue(news))));
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(MomentoTopicError);
      expect(failure).toMatchObject({
        code: MomentoErrorCode.SERVER_UNAVAILABLE,
        operation: { name: 'issue', cacheName: 'demo-cache', target: 'news' },
        advice: expect.stringContaining('check the network'),
      });
      expect(inspect(failure, { depth: 10 })).not.toContain(servers.apiKey.slice(0, 20));
    }
    await servers.momento.faults.up();
    await vi.waitFor(async () => expect((await tokens.issue(news)).token).toBeTruthy(), { timeout: 10_000 });
  });

  it('is told when the key may not issue tokens', async () => {
    const tokens = await startTokens();
    servers.momento.faults.fail('generate-disposable-token', 'PERMISSION_DENIED', { times: 1 });
    const failure = await failureOf(() => tokens.issue(news));
    expect(failure).toBeInstanceOf(MomentoTopicError);
    expect(failure).toMatchObject({ code: PERMISSION_ERROR, advice: expect.stringContaining('role') });
    expect((await tokens.issue(news)).token).toBeTruthy();
  });

  it('in the call is told before Momento is asked', async () => {
    const tokens = await startTokens({ cacheName: undefined });
    const noName = await failureOf(() => tokens.issue(news));
    const tooLong = await failureOf(() => tokens.issue({ ...news, expiresInSeconds: 90_001 }));
    for (const failure of [noName, tooLong]) expect(failure).toBeInstanceOf(MomentoConfigurationError);
    expect([noName, tooLong]).toMatchObject([{ code: 'cache-name-missing' }, { code: 'invalid-options' }]);
    expect(calls()).toBe(0);
  });

  it('is told to who is one too many, and to who waits when the app closes', async () => {
    const app = await start(MomentoModule.forRoot(options()));
    const tokens = app.get(TopicTokenService);
    const outcomes = Array.from({ length: 56 }, (_, index) =>
      tokens.issue({ ...news, tokenId: `user-${index}` }).then(
        () => 'issued',
        (error: unknown) => error,
      ),
    );
    const tooMany = await outcomes[55];
    expect(tooMany).toBeInstanceOf(MomentoTopicError);
    expect(tooMany).toMatchObject({
      code: MomentoErrorCode.LIMIT_EXCEEDED_ERROR,
      message: expect.stringContaining('issue tokens that many can share, without a tokenId'),
    });
    await Promise.all(outcomes.slice(0, 5));
    await app.close();
    const waiting = await Promise.all(outcomes.slice(5, 55));
    for (const outcome of waiting) expect(outcome).toBeInstanceOf(MomentoClosedError);
    expect(calls()).toBe(5);
    // Also of what is kept.
    await expect(tokens.issue({ ...news, tokenId: 'user-0' })).rejects.toThrow(MomentoClosedError);
  });
});

describe('the service', () => {
  it('of a named connection is injected by its name, and asks with its key', async () => {
    @Injectable()
    class Feeds {
      constructor(
        readonly tokens: TopicTokenService,
        @InjectTopicTokenService('analytics') readonly analytics: TopicTokenService,
      ) {}
    }
    servers.secrets.putSecret('analytics', servers.momento.issueApiKey());
    servers.momento.createCache('reports');
    const app = await startWith({
      imports: [
        MomentoModule.forRoot(options()),
        MomentoModule.forRoot({ ...options({ cacheName: 'reports' }), name: 'analytics' }),
      ],
      providers: [Feeds],
    });
    const { tokens, analytics } = app.get(Feeds);
    expect(tokens).toBe(app.get(TopicTokenService));
    expect(analytics).toBe(app.get(getTopicTokenServiceToken('analytics')));
    const [one, other] = [await tokens.issue(news), await analytics.issue(news)];
    expect(one.token).not.toBe(other.token);
    expect(await holderOf(other.token).subscribe('news', 'reports')).toBe('Subscription');
  });

  it('can be replaced in a test, which lets nothing leave the process', async () => {
    const issue = async () => ({ token: 'made up', endpoint: 'nowhere', expiresAt: new Date() });
    const moduleRef = await Test.createTestingModule({ imports: [MomentoModule.forRoot(options())] })
      .overrideProvider(TopicTokenService)
      .useValue({ issue })
      .compile();
    const app = await moduleRef.init();
    expect((await app.get(TopicTokenService).issue(news)).token).toBe('made up');
    expect(servers.momento.requestCount()).toBe(0);
    expect(servers.secrets.callCount('GetSecretValue')).toBe(0);
    await app.close();
  });
});
