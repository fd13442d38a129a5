import { CacheGetBatch, CacheSetBatch, MomentoErrorCode } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { answerOf, useService } from './conformance.fixture.js';

const service = useService();

const eachAnswer = async (response: unknown) => {
  const settled: unknown = await response;
  const isBatch = settled instanceof CacheGetBatch.Success || settled instanceof CacheSetBatch.Success;
  return isBatch ? Promise.all(settled.results().map(answerOf)) : answerOf(settled);
};

describe('Batches', () => {
  it('answer each item in the order of the request; one that is refused does not stop the others', async () => {
    const cache = service.newCache();
    await cache.listPushBack('list', 'x');
    const entries = new Map([
      ['a', '1'],
      ['', '2'],
      ['c', '3'],
    ]);

    expect(await eachAnswer(cache.setBatch(entries))).toEqual(['Success', 'UNKNOWN_ERROR', 'Success']);
    expect(await eachAnswer(cache.getBatch(['c', 'none', '', 'list', 'a']))).toEqual([
      ['Hit', '3'],
      'Miss',
      'UNKNOWN_ERROR',
      'UNKNOWN_ERROR',
      ['Hit', '1'],
    ]);
  });

  it('say why an item is refused', async () => {
    const batch = await service.newCache().getBatch(['']);

    expect(String(batch instanceof CacheGetBatch.Success && batch.results()[0])).toContain(
      'The key must not be empty',
    );
  });

  it('set each item with its TTL, or that of the batch, or that of the client', async () => {
    const cache = service.newCache();
    await cache.setBatch(
      [
        { key: 'own', value: '1', ttl: 10 },
        { key: 'batch', value: '2' },
      ],
      { ttl: 20 },
    );
    await cache.setBatch({ client: '3' });

    expect(await answerOf(cache.itemGetTtl('own'))).toEqual(['Hit', 10_000]);
    expect(await answerOf(cache.itemGetTtl('batch'))).toEqual(['Hit', 20_000]);
    expect(await answerOf(cache.itemGetTtl('client'))).toEqual(['Hit', 60_000]);
  });

  it('of nothing answer nothing', async () => {
    expect(await eachAnswer(service.newCache().getBatch([]))).toEqual([]);
    expect(await eachAnswer(service.newCache().setBatch({}))).toEqual([]);
  });

  it('know no cache of another name', async () => {
    expect(await answerOf(service.missingCache().getBatch(['k']))).toBe(
      MomentoErrorCode.CACHE_NOT_FOUND_ERROR,
    );
    expect(await answerOf(service.missingCache().setBatch({ k: 'v' }))).toBe(
      MomentoErrorCode.CACHE_NOT_FOUND_ERROR,
    );
  });
});
