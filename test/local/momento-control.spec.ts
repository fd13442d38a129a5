import { ListCaches, MomentoErrorCode } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { MomentoLocal } from '../../src/local/momento/momento-local.js';
import { CACHE, cacheClientFor, errorCodeOf, nameOf, startMomento } from './momento.fixture.js';

describe('MomentoLocal, caches', () => {
  it('creates, lists and deletes caches', async () => {
    const momento = await startMomento({ caches: [] });
    const client = cacheClientFor(momento);

    expect(nameOf(await client.createCache('one'))).toBe('Success');
    expect(nameOf(await client.createCache('two'))).toBe('Success');
    expect(nameOf(await client.createCache('one'))).toBe('AlreadyExists');

    const listed = await client.listCaches();
    expect(
      listed instanceof ListCaches.Success && listed.getCaches().map((cache) => cache.getName()),
    ).toEqual(['one', 'two']);
    expect(nameOf(await client.deleteCache('one'))).toBe('Success');
    expect(await errorCodeOf(client.deleteCache('one'))).toBe(MomentoErrorCode.CACHE_NOT_FOUND_ERROR);
    expect(momento.cacheNames).toEqual(['two']);
  });

  it('flushes the items of one cache, and of no other', async () => {
    const client = cacheClientFor(await startMomento({ caches: ['one', 'two'] }));
    await client.set('one', 'k', '1');
    await client.set('two', 'k', '2');

    expect(nameOf(await client.flushCache('one'))).toBe('Success');

    expect(nameOf(await client.get('one', 'k'))).toBe('Miss');
    expect((await client.get('two', 'k')).value()).toBe('2');
    expect(await errorCodeOf(client.flushCache('nope'))).toBe(MomentoErrorCode.CACHE_NOT_FOUND_ERROR);
  });

  it('forgets the items of a deleted cache', async () => {
    const client = cacheClientFor(await startMomento());
    await client.set(CACHE, 'k', '1');

    await client.deleteCache(CACHE);
    await client.createCache(CACHE);

    expect(nameOf(await client.get(CACHE, 'k'))).toBe('Miss');
  });

  it('creates caches when they are named first, if told to', async () => {
    const momento = await startMomento({ caches: [], autoCreateCaches: true });
    const client = cacheClientFor(momento);

    expect(nameOf(await client.set('new', 'k', 'v'))).toBe('Success');
    expect(momento.cacheNames).toEqual(['new']);
    expect(await errorCodeOf(client.deleteCache('other'))).toBe(MomentoErrorCode.CACHE_NOT_FOUND_ERROR);
  });

  it('creates, deletes and flushes without a client', async () => {
    const momento = await startMomento({ caches: ['one'] });
    const client = cacheClientFor(momento);
    momento.createCache('two');
    await client.set('two', 'k', 'v');

    momento.flush();
    expect(nameOf(await client.get('two', 'k'))).toBe('Miss');
    momento.deleteCache('one');

    expect(momento.cacheNames).toEqual(['two']);
    expect(() => momento.createCache('two')).toThrow('Cache with name: two already exists');
    expect(() => momento.deleteCache('one')).toThrow('Cache not found: one');
    expect(() => momento.createCache(' ')).toThrow('must not be empty');
  });

  it('does not start with the same cache twice', async () => {
    await expect(MomentoLocal.start({ caches: ['a', 'a'] })).rejects.toThrow('already exists');
  });
});
