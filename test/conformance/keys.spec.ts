import {
  AllDataReadWrite,
  CacheRole,
  ExpiresIn,
  GenerateApiKey,
  GenerateDisposableToken,
  MomentoErrorCode,
  type PermissionScope,
  RefreshApiKey,
  TopicRole,
} from '@gomomento/sdk';
import { describe, expect, it, vi } from 'vitest';
import { startMomento, stoppedClock, subscribe } from '../local/momento.fixture.js';
import { answerOf } from './conformance.fixture.js';
import { askToBeSuperUser, authClientFor, clientsWith, keyFor } from './keys.fixture.js';

const { AUTHENTICATION_ERROR, INVALID_ARGUMENT_ERROR, PERMISSION_ERROR } = MomentoErrorCode;
const HOUR_SECONDS = 3600;
const CACHES = { caches: ['one', 'two'] };

describe('generateApiKey', () => {
  it('answers a key, its end, and what refreshes it', async () => {
    const clock = stoppedClock();
    const momento = await startMomento({ ...CACHES, now: clock.now });
    const generated = await authClientFor(momento).generateApiKey(AllDataReadWrite, ExpiresIn.hours(1));

    expect(generated).toBeInstanceOf(GenerateApiKey.Success);
    expect(generated).toMatchObject({
      apiKey: expect.stringMatching(/^[\w+/=]+$/),
      refreshToken: expect.stringMatching(/./),
      endpoint: momento.endpoints.cacheEndpoint,
    });
    expect(generated instanceof GenerateApiKey.Success && generated.expiresAt.epoch()).toBe(
      clock.now() / 1000 + HOUR_SECONDS,
    );
  });

  it('answers one that never expires', async () => {
    const generated = await authClientFor(await startMomento()).generateApiKey(
      AllDataReadWrite,
      ExpiresIn.never(),
    );

    expect(generated instanceof GenerateApiKey.Success && generated.expiresAt.doesExpire()).toBe(false);
  });

  it('grants a super user anything but to be one, and grants nobody else anything', async () => {
    const momento = await startMomento(CACHES);
    const superKey = momento.issueApiKey();
    const data = await authClientFor(momento, superKey).generateApiKey(AllDataReadWrite, ExpiresIn.hours(1));
    const dataKey = data instanceof GenerateApiKey.Success ? data.apiKey : '';
    const dataUser = authClientFor(momento, dataKey);

    expect(data).toBeInstanceOf(GenerateApiKey.Success);
    expect(await askToBeSuperUser(momento, superKey)).toBe('PERMISSION_DENIED');
    expect(await askToBeSuperUser(momento, dataKey)).toBe('PERMISSION_DENIED');
    expect(await askToBeSuperUser(momento)).toBe('UNAUTHENTICATED');
    expect(await answerOf(dataUser.generateApiKey(AllDataReadWrite, ExpiresIn.hours(1)))).toBe(
      PERMISSION_ERROR,
    );
    expect(await answerOf(dataUser.generateDisposableToken(AllDataReadWrite, ExpiresIn.hours(1)))).toBe(
      PERMISSION_ERROR,
    );
    expect(await answerOf(authClientFor(momento).generateApiKey(AllDataReadWrite, ExpiresIn.hours(1)))).toBe(
      AUTHENTICATION_ERROR,
    );
  });

  const readOnly = { role: CacheRole.ReadOnly, cache: 'one' };

  it.each<[string, PermissionScope, ExpiresIn]>([
    ['no permissions', { permissions: [] }, ExpiresIn.hours(1)],
    [
      'two for a cache',
      { permissions: [readOnly, { role: CacheRole.ReadWrite, cache: { name: 'one' } }] },
      ExpiresIn.hours(1),
    ],
    [
      'two for a topic',
      {
        permissions: [
          { role: TopicRole.SubscribeOnly, cache: 'one', topic: 't' },
          { role: TopicRole.PublishOnly, cache: 'one', topic: { name: 't' } },
        ],
      },
      ExpiresIn.hours(1),
    ],
    [
      'more than ten',
      { permissions: Array.from({ length: 11 }, (_, index) => ({ ...readOnly, cache: `${index}` })) },
      ExpiresIn.hours(1),
    ],
    ['an end in the past', AllDataReadWrite, ExpiresIn.seconds(-1)],
    ['an end at once', AllDataReadWrite, ExpiresIn.seconds(0)],
  ])('bad arguments: %s', async (_what, scope, expiresIn) => {
    expect(await answerOf(authClientFor(await startMomento()).generateApiKey(scope, expiresIn))).toBe(
      INVALID_ARGUMENT_ERROR,
    );
  });

  it('a key is accepted until it expires or is revoked', async () => {
    const clock = stoppedClock();
    const momento = await startMomento({ ...CACHES, now: clock.now });
    const [expiring, revoked] = [
      await keyFor(momento, AllDataReadWrite),
      await keyFor(momento, AllDataReadWrite),
    ];

    momento.revokeApiKey(revoked);
    expect(await answerOf(clientsWith(momento, revoked).cache.get('one', 'k'))).toBe(AUTHENTICATION_ERROR);
    clock.advance(HOUR_SECONDS * 1000 - 1);
    expect(await answerOf(clientsWith(momento, expiring).cache.get('one', 'k'))).toBe('Miss');
    clock.advance(1);
    expect(await answerOf(clientsWith(momento, expiring).cache.get('one', 'k'))).toBe(AUTHENTICATION_ERROR);
  });

  it('does not make a server that asks for no key ask for one', async () => {
    const momento = await startMomento(CACHES);
    await keyFor(momento, { permissions: [readOnly] });

    expect(await askToBeSuperUser(momento)).toBe('OK');
  });
});

describe('refreshApiKey', () => {
  it('answers a new key that allows the same for as long again', async () => {
    const clock = stoppedClock();
    const momento = await startMomento({ ...CACHES, now: clock.now });
    const scope = { permissions: [{ role: CacheRole.ReadOnly, cache: 'one' }] };
    const old = await authClientFor(momento).generateApiKey(scope, ExpiresIn.hours(1));
    const { apiKey, refreshToken } =
      old instanceof GenerateApiKey.Success ? old : { apiKey: '', refreshToken: '' };
    clock.advance(HOUR_SECONDS * 500);

    const fresh = await authClientFor(momento, apiKey).refreshApiKey(refreshToken);

    expect(fresh instanceof RefreshApiKey.Success && fresh.expiresAt.epoch()).toBe(
      clock.now() / 1000 + HOUR_SECONDS,
    );
    const freshKey = fresh instanceof RefreshApiKey.Success ? fresh.apiKey : '';
    expect(freshKey).not.toBe(apiKey);
    expect(await answerOf(clientsWith(momento, freshKey).cache.get('one', 'k'))).toBe('Miss');
    expect(await answerOf(clientsWith(momento, freshKey).cache.set('one', 'k', 'v'))).toBe(PERMISSION_ERROR);
    expect(await answerOf(clientsWith(momento, apiKey).cache.get('one', 'k'))).toBe('Miss');
  });

  it('refuses a key that has expired, and the refresh token of another', async () => {
    const clock = stoppedClock();
    const momento = await startMomento({ ...CACHES, now: clock.now });
    const client = authClientFor(momento);
    const one = await client.generateApiKey(AllDataReadWrite, ExpiresIn.hours(1));
    const other = await client.generateApiKey(AllDataReadWrite, ExpiresIn.hours(1));
    const own = authClientFor(momento, one instanceof GenerateApiKey.Success ? one.apiKey : '');
    const ownRefresh = one instanceof GenerateApiKey.Success ? one.refreshToken : '';

    expect(
      await answerOf(own.refreshApiKey(other instanceof GenerateApiKey.Success ? other.refreshToken : '')),
    ).toBe(AUTHENTICATION_ERROR);
    clock.advance(HOUR_SECONDS * 1000);
    expect(await answerOf(own.refreshApiKey(ownRefresh))).toBe(AUTHENTICATION_ERROR);
  });
});

describe('generateDisposableToken', () => {
  it('answers a token that ends, whose id subscribers learn with each message', async () => {
    const clock = stoppedClock();
    const momento = await startMomento({ ...CACHES, now: clock.now });
    const generated = await authClientFor(momento).generateDisposableToken(
      AllDataReadWrite,
      ExpiresIn.hours(1),
      {
        tokenId: 'alice',
      },
    );
    const { topics } = clientsWith(
      momento,
      generated instanceof GenerateDisposableToken.Success ? generated.authToken : '',
    );
    const publishers: unknown[] = [];
    await subscribe(topics, 't', { onItem: (item) => publishers.push(item.tokenId()) }, 'one');
    await topics.publish('one', 't', 'x');

    await vi.waitFor(() => expect(publishers).toEqual(['alice']));
    clock.advance(HOUR_SECONDS * 1000);
    expect(await answerOf(topics.publish('one', 't', 'x'))).toBe(AUTHENTICATION_ERROR);
  });

  it.each([
    ['none', ExpiresIn.never(), undefined],
    ['more than 25 hours', ExpiresIn.seconds(25 * HOUR_SECONDS + 1), undefined],
    ['an id of more than 64 characters', ExpiresIn.hours(1), 'x'.repeat(65)],
  ])('bad arguments: an end of %s', async (_what, expiresIn, tokenId) => {
    const client = authClientFor(await startMomento());
    const options = tokenId === undefined ? {} : { tokenId };

    expect(await answerOf(client.generateDisposableToken(AllDataReadWrite, expiresIn, options))).toBe(
      INVALID_ARGUMENT_ERROR,
    );
  });

  it('takes twenty permissions and 25 hours, and no more permissions', async () => {
    const momento = await startMomento(CACHES);
    const topics = (count: number) => ({
      permissions: Array.from({ length: count }, (_, index) => ({
        role: TopicRole.SubscribeOnly,
        cache: 'one',
        topic: `t${index}`,
      })),
    });
    const answers = [20, 21].map((count) =>
      answerOf(authClientFor(momento).generateDisposableToken(topics(count), ExpiresIn.hours(25))),
    );

    expect(await Promise.all(answers)).toEqual(['Success', INVALID_ARGUMENT_ERROR]);
  });
});
