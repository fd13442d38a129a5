import { describe, expect, it } from 'vitest';
import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { defineCache, isCacheDefinition } from './cache-definition.js';

const key = (id: string) => `user:${id}`;

/** As a caller without types may write it. */
const define = defineCache as (name: unknown, options: unknown) => unknown;

describe('a definition of a cache', () => {
  it('has its name, its keys, and all other options for the cache', () => {
    const users = defineCache('users', { key, cacheName: 'demo', keyPrefix: 'p:', ttlSeconds: 60 });
    expect(users).toMatchObject({ name: 'users', cacheName: 'demo' });
    expect(users.key('7')).toBe('user:7');
    expect(users.binding).toEqual({ keyPrefix: 'p:', ttlSeconds: 60 });
    expect(isCacheDefinition(users)).toBe(true);
  });

  it('cannot be changed afterwards: it is shared by all apps of the process', () => {
    const users = defineCache('users', { key, ttlSeconds: 60 });
    expect(Object.isFrozen(users) && Object.isFrozen(users.binding)).toBe(true);
  });

  it.each([[undefined], [null], ['users'], [{ name: 'users', key }], [{ cacheName: 'users' }]])(
    'is not %o',
    (value) => {
      expect(isCacheDefinition(value)).toBe(false);
    },
  );

  it.each([
    ['', { key }, 'the name: must be a filled string, not an empty string'],
    [undefined, { key }, 'the name: must be a filled string, not a undefined'],
    ['users', undefined, 'must be an object, not a undefined'],
    ['users', {}, 'key: is missing'],
    ['users', { key: 'user:' }, 'key: must be a function of the id, not a string'],
    ['users', { key, cacheName: '' }, 'cacheName: must be a filled string, not an empty string'],
    ['users', { key, ttl: 5 }, 'ttl: is not an option'],
    [
      'users',
      { key, ttlSeconds: 0, staleSeconds: -1 },
      'staleSeconds: must be a number of seconds, 0 or more',
    ],
  ])('is refused where it is made: %o, %o', (name, options, problem) => {
    const failure = failureOf(() => define(name, options));
    expect(failure).toBeInstanceOf(MomentoConfigurationError);
    expect(failure).toMatchObject({
      code: 'invalid-options',
      message: expect.stringContaining(problem),
      advice: 'Correct them where the cache is defined.',
    });
  });
});

function failureOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
