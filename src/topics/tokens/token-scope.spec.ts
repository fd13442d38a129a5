import { AllTopics, TopicRole } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { makeV1Key } from '../../../test/support/keys.js';
import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { defineTopic } from '../definitions/topic-definition.js';
import { toTokenScope } from './token-scope.js';
import type { TopicTokenRequest } from './topic-token.options.js';

const orders = defineTopic('orders', { cacheName: 'shop' });
const life = { permissions: 'subscribe', expiresInSeconds: 60 } as const;
const scopeOf = (request: TopicTokenRequest, cacheName: string | undefined = 'demo') =>
  toTokenScope(request, cacheName);

function errorOf(request: unknown, cacheName?: string): MomentoConfigurationError {
  try {
    toTokenScope(request as TopicTokenRequest, cacheName);
  } catch (error) {
    if (error instanceof MomentoConfigurationError) return error;
    throw error;
  }
  throw new Error('It was taken.');
}

describe('toTokenScope', () => {
  it('asks for each topic in its cache, once', () => {
    const { permissions } = scopeOf({ topics: ['news', orders, 'news'], ...life });
    const role = TopicRole.SubscribeOnly;
    expect(permissions).toEqual({
      permissions: [
        { role, cache: 'demo', topic: 'news' },
        { role, cache: 'shop', topic: 'orders' },
      ],
    });
  });

  it.each([
    ['subscribe', TopicRole.SubscribeOnly],
    ['publish', TopicRole.PublishOnly],
    ['both', TopicRole.PublishSubscribe],
  ] as const)('asks to %s for all topics of whole caches', (permissions, role) => {
    expect(scopeOf({ caches: ['b', 'a'], permissions, expiresInSeconds: 60 }).permissions).toEqual({
      permissions: [
        { role, cache: 'a', topic: AllTopics },
        { role, cache: 'b', topic: AllTopics },
      ],
    });
  });

  it('has one key for all who ask for the same, in whatever way', () => {
    const keys = [
      scopeOf({ topics: ['a', orders], ...life }),
      scopeOf({ topics: [orders, 'a', 'a'], ...life, tokenId: undefined }),
      scopeOf({ topics: [{ ...orders }, defineTopic('a', { cacheName: 'demo' })], ...life }, 'another'),
    ].map(({ key }) => key);
    expect(new Set(keys).size).toBe(1);
  });

  it('has another key for each thing that differs', () => {
    const requests: TopicTokenRequest[] = [
      { topics: ['a'], ...life },
      { topics: ['b'], ...life },
      { topics: ['a', 'b'], ...life },
      { topics: ['a,b'], ...life },
      { topics: [defineTopic('a', { cacheName: 'shop' })], ...life },
      { topics: ['a'], ...life, permissions: 'both' },
      { topics: ['a'], ...life, expiresInSeconds: 61 },
      { topics: ['a'], ...life, tokenId: 'u1' },
      { topics: ['a'], ...life, tokenId: 'u2' },
      { caches: ['a'], ...life },
      { caches: ['demo'], ...life },
    ];
    expect(new Set(requests.map((request) => scopeOf(request).key)).size).toBe(requests.length);
  });

  it('says for errors what it is about', () => {
    expect(scopeOf({ topics: ['a'], ...life }).operation).toEqual({
      name: 'issue',
      cacheName: 'demo',
      target: 'a',
    });
    expect(scopeOf({ topics: ['a', orders], ...life }).operation).toEqual({
      name: 'issue',
      cacheName: 'demo, shop',
    });
  });

  const names = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);

  it('takes what is at the limits', () => {
    const request = { topics: names(20), permissions: 'both', expiresInSeconds: 90_000 } as const;
    expect(scopeOf({ ...request, tokenId: 'x'.repeat(64) }).expiresInSeconds).toBe(90_000);
    expect(scopeOf({ caches: names(20), ...life, expiresInSeconds: 1 }).expiresInSeconds).toBe(1);
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'must be an object, not a undefined'],
    ['neither topics nor caches', life, 'topics, caches: exactly one of them is needed'],
    ['both', { topics: ['a'], caches: ['b'], ...life }, 'topics, caches: exactly one of them is needed'],
    ['a text for topics', { topics: 'news', ...life }, 'topics: must be an array of 1 to 20 topics'],
    ['no topic', { topics: [], ...life }, 'topics: must be an array of 1 to 20 topics'],
    ['too many topics', { topics: names(21), ...life }, 'topics: must be an array of 1 to 20 topics'],
    ['an empty name', { topics: [''], ...life }, 'topics: must be'],
    ['no name', { topics: [{ cacheName: 'a' }], ...life }, 'topics: must be'],
    ['no cache name', { topics: [{ name: 'a', cacheName: '' }], ...life }, 'topics: must be'],
    ['null for a topic', { topics: [null], ...life }, 'topics: must be'],
    ['too many caches', { caches: names(21), ...life }, 'caches: must be an array of 1 to 20 filled names'],
    ['an empty cache', { caches: [''], ...life }, 'caches: must be'],
    ['no permissions', { topics: ['a'], expiresInSeconds: 1 }, 'permissions: is missing'],
    ['other permissions', { topics: ['a'], ...life, permissions: 'read' }, "must be 'subscribe', 'publish'"],
    ['inherited names', { topics: ['a'], ...life, permissions: 'toString' }, 'permissions: must be'],
    ['no end', { topics: ['a'], permissions: 'both' }, 'expiresInSeconds: is missing'],
    ...[0, -1, 1.5, 90_001, Number.NaN, Infinity, '60'].map((expiresInSeconds): [string, unknown, string] => [
      `an end of ${expiresInSeconds}`,
      { topics: ['a'], permissions: 'both', expiresInSeconds },
      'expiresInSeconds: must be a whole number from 1 to 90,000',
    ]),
    ['no id', { topics: ['a'], ...life, tokenId: '' }, 'tokenId: must be a text of 1 to 64 characters'],
    ['a long id', { topics: ['a'], ...life, tokenId: 'x'.repeat(65) }, 'tokenId: must be'],
    ['what is no option', { topics: ['a'], ...life, ttlSeconds: 1 }, 'ttlSeconds: is not an option'],
  ])('refuses %s', (_what, request, problem) => {
    const error = errorOf(request, 'demo');
    expect(error.code).toBe('invalid-options');
    expect(error.message).toContain('The options of TopicTokenService.issue() are not valid');
    expect(error.message).toContain(problem);
    expect(error.advice).toBe('Correct them where the token is asked for.');
  });

  it('does not know the cache of a topic when nothing names one', () => {
    const error = errorOf({ topics: ['a'], ...life });
    expect(error.code).toBe('cache-name-missing');
    expect(error.advice).toBe('Set the option cacheName of MomentoModule, or of the topic.');
    expect(toTokenScope({ topics: [orders], ...life }, undefined).operation.cacheName).toBe('shop');
  });

  it('shows no key that was put into the place of something else', () => {
    const key = makeV1Key();
    for (const wrong of [
      { topics: key },
      { caches: [7, key] },
      { permissions: key },
      { tokenId: key },
      { [key]: 1 },
    ])
      expect(errorOf({ topics: ['a'], ...life, ...wrong }, 'demo').message).not.toContain(key.slice(0, 20));
  });
});
