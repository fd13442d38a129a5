import { ListCaches, MomentoErrorCode } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { answerOf, useService } from './conformance.fixture.js';

const service = useService();

async function cacheNames(): Promise<string[]> {
  const listed = await service.client.listCaches();
  return listed instanceof ListCaches.Success ? listed.getCaches().map((cache) => cache.getName()) : [];
}

describe('Caches', () => {
  it('are created once, listed in the order of their creation, and deleted once', async () => {
    const { client } = service;

    expect(await answerOf(client.createCache('one'))).toBe('Success');
    expect(await answerOf(client.createCache('two'))).toBe('Success');
    expect(await answerOf(client.createCache('one'))).toBe('AlreadyExists');
    expect(await cacheNames()).toEqual(['one', 'two']);
    expect(await answerOf(client.deleteCache('one'))).toBe('Success');
    expect(await answerOf(client.deleteCache('one'))).toBe(MomentoErrorCode.CACHE_NOT_FOUND_ERROR);
    expect(await cacheNames()).toEqual(['two']);
  });

  it('are listed with the limits that the accounts of the SDK’s own tests have', async () => {
    service.newCache();
    const listed = await service.client.listCaches();
    const cache = listed instanceof ListCaches.Success ? listed.getCaches().at(-1) : undefined;

    expect(cache?.getCacheLimits()).toEqual({
      maxItemSizeKb: 4_883,
      maxThroughputKbps: 10_240,
      maxTrafficRate: 500,
      maxTtlSeconds: 86_400,
    });
    expect(cache?.getTopicLimits()).toEqual({
      maxPublishMessageSizeKb: 100,
      maxPublishRate: 100,
      maxSubscriptionCount: 100,
    });
  });

  it('are flushed without the others', async () => {
    const [flushed, kept] = [service.newCache(), service.newCache()];
    await flushed.set('k', '1');
    await kept.set('k', '2');
    const name = (await cacheNames()).at(-2) ?? '';

    expect(await answerOf(service.client.flushCache(name))).toBe('Success');
    expect(await answerOf(flushed.get('k'))).toBe('Miss');
    expect(await answerOf(kept.get('k'))).toEqual(['Hit', '2']);
  });

  it('of a name that was deleted are empty', async () => {
    const { client } = service;
    await client.createCache('again');
    await client.set('again', 'k', 'v');
    await client.deleteCache('again');
    await client.createCache('again');

    expect(await answerOf(client.get('again', 'k'))).toBe('Miss');
  });

  it.each(['createCache', 'deleteCache', 'flushCache'] as const)('%s without a name', async (call) => {
    expect(await answerOf(service.client[call](' '))).toBe(MomentoErrorCode.INVALID_ARGUMENT_ERROR);
  });

  it.each(['deleteCache', 'flushCache'] as const)('%s of a cache that does not exist', async (call) => {
    expect(await answerOf(service.client[call]('none'))).toBe(MomentoErrorCode.CACHE_NOT_FOUND_ERROR);
  });
});
