import { describe, expect, it, vi } from 'vitest';
import { CACHE, cacheClientFor, startMomento, subscribe, topicClientFor } from './momento.fixture.js';

describe('MomentoLocal, stats', () => {
  it('counts calls by kind, and what is held', async () => {
    const momento = await startMomento({ caches: [CACHE, 'other'] });
    const client = cacheClientFor(momento);
    await client.set(CACHE, 'key', 'value');
    await client.set('other', 'k', 'v');
    await client.listPushBack('other', 'list', 'abc');
    await client.get('none', 'k');

    expect(momento.stats()).toEqual({
      calls: { set: 2, 'list-push-back': 1, get: 1 },
      hits: 0,
      misses: 0,
      subscriptions: 0,
      caches: 2,
      items: 3,
      itemBytes: 'keyvaluekvlistabc'.length,
      topics: 0,
      topicBytes: 0,
      leaderboardBytes: 0,
      evictions: 0,
    });
    momento.flush();
    expect(momento.stats()).toMatchObject({ items: 0, itemBytes: 0 });
  });

  it('counts what is read and was there, or was not, thing by thing', async () => {
    const momento = await startMomento();
    const client = cacheClientFor(momento);
    await client.setBatch(CACHE, { a: '1', b: '2' });
    await client.dictionarySetField(CACHE, 'd', 'f', 'v');
    await client.sortedSetPutElement(CACHE, 'z', 'v', 1);
    const counted = async (...reads: Promise<unknown>[]) => {
      const before = momento.stats();
      await Promise.all(reads);
      const after = momento.stats();
      return [after.hits - before.hits, after.misses - before.misses];
    };

    expect(await counted(client.get(CACHE, 'a'), client.get(CACHE, 'none'))).toEqual([1, 1]);
    expect(await counted(client.getBatch(CACHE, ['a', 'b', 'none']))).toEqual([2, 1]);
    expect(await counted(client.getWithHash(CACHE, 'a'), client.setFetch(CACHE, 'none'))).toEqual([1, 1]);
    expect(await counted(client.dictionaryGetFields(CACHE, 'd', ['f', 'none', 'neither']))).toEqual([1, 2]);
    expect(
      await counted(client.dictionaryFetch(CACHE, 'd'), client.sortedSetFetchByRank(CACHE, 'z')),
    ).toEqual([2, 0]);
    expect(await counted(client.sortedSetGetScores(CACHE, 'z', ['v', 'none']))).toEqual([1, 1]);
    expect(
      await counted(client.sortedSetGetRank(CACHE, 'z', 'v'), client.sortedSetGetRank(CACHE, 'z', 'none')),
    ).toEqual([1, 1]);
    expect(await counted(client.set(CACHE, 'a', '1'), client.listPopBack(CACHE, 'none'))).toEqual([0, 0]);
  });

  it('counts the subscriptions that are open', async () => {
    const momento = await startMomento();
    const topics = topicClientFor(momento);
    const subscription = await subscribe(topics, 't', {});
    await subscribe(topics, 'other', {});

    expect(momento.stats().subscriptions).toBe(2);
    subscription.unsubscribe();
    await vi.waitFor(() => expect(momento.stats().subscriptions).toBe(1));
  });

  it('lets the least recently used items of a cache go beyond maxBytes', async () => {
    const momento = await startMomento({ maxBytes: 1000 });
    const client = cacheClientFor(momento);
    for (const key of ['a', 'b', 'c']) {
      await client.set(CACHE, key, 'x'.repeat(299));
    }
    await client.get(CACHE, 'a');
    await client.listPushBack(CACHE, 'list', 'x'.repeat(296));

    expect(momento.stats()).toMatchObject({ items: 3, itemBytes: 900, evictions: 1 });
    expect(String(await client.keysExist(CACHE, ['a', 'b', 'c', 'list']))).toContain(
      'true, false, true, true',
    );
    await client.listConcatenateBack(CACHE, 'list', ['x'.repeat(150)]);
    expect(momento.stats()).toMatchObject({ items: 2, itemBytes: 750, evictions: 2 });
  });
});
