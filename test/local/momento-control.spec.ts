import { MomentoErrorCode } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { MomentoLocal } from '../../src/local/momento/momento-local.js';
import { cacheClientFor, errorCodeOf, nameOf, startMomento } from './momento.fixture.js';

describe('MomentoLocal, caches', () => {
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
