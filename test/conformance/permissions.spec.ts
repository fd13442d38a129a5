import {
  AllCaches,
  AllDataReadWrite,
  AllTopics,
  CacheRole,
  CacheSet,
  type DisposableTokenScope,
  ExpiresIn,
  GenerateDisposableToken,
  LeaderboardConfigurations,
  MomentoErrorCode,
  NoopMomentoLoggerFactory,
  type PermissionScope,
  PreviewLeaderboardClient,
  TopicRole,
} from '@gomomento/sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MomentoLocal } from '../../src/local/momento/momento-local.js';
import { startMomento } from '../local/momento.fixture.js';
import { type Cache, answerOf, useService } from './conformance.fixture.js';
import { authClientFor, clientsWith, credentialsWith, keyFor } from './keys.fixture.js';

const service = useService({ caches: ['one', 'two'] });
const { PERMISSION_ERROR } = MomentoErrorCode;

async function tokenFor(momento: MomentoLocal, scope: DisposableTokenScope): Promise<string> {
  const token = await authClientFor(momento).generateDisposableToken(scope, ExpiresIn.minutes(5));
  return token instanceof GenerateDisposableToken.Success ? token.authToken : token.toString();
}

/** What a key may do, as a list of those of these calls that it may. */
async function allowedTo(momento: MomentoLocal, apiKey: string): Promise<string[]> {
  const { cache, topics } = clientsWith(momento, apiKey);
  const calls: Record<string, Promise<unknown>> = {
    'read one': cache.get('one', 'k'),
    'write one': cache.set('one', 'k', 'v'),
    'read two': cache.listFetch('two', 'l'),
    'write two': cache.listPopBack('two', 'l'),
    'publish one': topics.publish('one', 't', 'x'),
    'subscribe one': topics.subscribe('one', 't', {}),
    'publish two': topics.publish('two', 't', 'x'),
    'list caches': cache.listCaches(),
    'create a cache': cache.createCache('one'),
  };
  const answers = await Promise.all(
    Object.entries(calls).map(async ([name, response]) => {
      const settled = await response;
      Reflect.apply(Reflect.get(Object(settled), 'unsubscribe') ?? (() => undefined), settled, []);
      return { name, answer: await answerOf(settled) };
    }),
  );
  return answers.filter(({ answer }) => answer !== PERMISSION_ERROR).map(({ name }) => name);
}

describe('A key may do what any of its permissions allows, and nothing else', () => {
  const ONE = { name: 'one' };

  it.each<[string, PermissionScope, string[]]>([
    [
      'AllDataReadWrite: everything but the control plane',
      AllDataReadWrite,
      ['read one', 'write one', 'read two', 'write two', 'publish one', 'subscribe one', 'publish two'],
    ],
    [
      'read all caches',
      { permissions: [{ role: CacheRole.ReadOnly, cache: AllCaches }] },
      ['read one', 'read two'],
    ],
    [
      'write all caches',
      { permissions: [{ role: CacheRole.WriteOnly, cache: AllCaches }] },
      ['write one', 'write two'],
    ],
    [
      'read and write one cache',
      { permissions: [{ role: CacheRole.ReadWrite, cache: ONE }] },
      ['read one', 'write one'],
    ],
    [
      'read one cache and write another',
      {
        permissions: [
          { role: CacheRole.ReadOnly, cache: 'one' },
          { role: CacheRole.WriteOnly, cache: 'two' },
        ],
      },
      ['read one', 'write two'],
    ],
    [
      'publish to all topics',
      { permissions: [{ role: TopicRole.PublishOnly, cache: AllCaches, topic: AllTopics }] },
      ['publish one', 'publish two'],
    ],
    [
      'subscribe to one topic',
      { permissions: [{ role: TopicRole.SubscribeOnly, cache: ONE, topic: { name: 't' } }] },
      ['subscribe one'],
    ],
    [
      'another topic',
      { permissions: [{ role: TopicRole.PublishSubscribe, cache: AllCaches, topic: 'other' }] },
      [],
    ],
  ])('%s', async (_what, scope, allowed) => {
    expect(await allowedTo(service.momento, await keyFor(service.momento, scope))).toEqual(allowed);
  });

  it('a super user may do everything', async () => {
    const momento = await startMomento({ caches: ['one', 'two'] });

    expect(await allowedTo(momento, momento.issueApiKey())).toHaveLength(9);
  });
});

describe('A disposable token may be for some items only', () => {
  const permission = (item: string | { key: string } | { keyPrefix: string }): DisposableTokenScope => ({
    permissions: [{ role: CacheRole.ReadWrite, cache: 'one', item }],
  });

  it.each([
    ['one key', permission('user-1')],
    ['keys with a prefix', permission({ keyPrefix: 'user-' })],
  ])('%s: calls that name such items', async (_what, scope) => {
    const { cache } = clientsWith(service.momento, await tokenFor(service.momento, scope));
    const one = cache.cache('one');

    expect(await answerOf(one.set('user-1', 'v'))).toBe('Success');
    expect(await answerOf(one.getBatch(['user-1']))).not.toBe(PERMISSION_ERROR);
    expect(await answerOf(one.keysExist(['user-1']))).toEqual(['Success', [true]]);
  });

  it.each<[string, (cache: Cache) => Promise<unknown>]>([
    ['another key', (cache) => cache.get('other')],
    ['a batch with another key', (cache) => cache.getBatch(['user-1', 'other'])],
    ['existence of another key', (cache) => cache.keysExist(['user-1', 'other'])],
    ['another list', (cache) => cache.listFetch('other')],
    [
      'a union of another sorted set',
      (cache) => cache.sortedSetUnionStore('user-1', [{ sortedSetName: 'other', weight: 1 }]),
    ],
  ])('%s is refused', async (_what, run) => {
    const token = await tokenFor(service.momento, permission({ keyPrefix: 'user-' }));

    expect(await answerOf(run(clientsWith(service.momento, token).cache.cache('one')))).toBe(
      PERMISSION_ERROR,
    );
  });

  it('and not for leaderboards', async () => {
    const { momento } = service;
    const client = new PreviewLeaderboardClient({
      credentialProvider: credentialsWith(
        momento,
        await tokenFor(momento, permission({ keyPrefix: 'user-' })),
      ),
      configuration: LeaderboardConfigurations.Laptop.v1(new NoopMomentoLoggerFactory()),
    });
    onTestFinished(() => client.close());

    expect(await answerOf(client.leaderboard('one', 'user-1').length())).toBe(PERMISSION_ERROR);
  });
});

describe('What is refused', () => {
  it('is told apart from a missing cache, in the words of the service', async () => {
    const key = await keyFor(service.momento, { permissions: [{ role: CacheRole.ReadOnly, cache: 'one' }] });
    const { cache } = clientsWith(service.momento, key);
    const refused = await cache.set('one', 'k', 'v');

    expect(String(refused)).toBe(
      'Insufficient permissions to perform an operation on a cache: 7 PERMISSION_DENIED: Unauthorized: Token is not authorized to make this call',
    );
    expect(refused instanceof CacheSet.Error && refused.errorCode()).toBe(PERMISSION_ERROR);
    expect(await answerOf(cache.get('none', 'k'))).toBe(PERMISSION_ERROR);
  });
});
