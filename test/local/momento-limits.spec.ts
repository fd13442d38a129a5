import { CacheSet, ListCaches, MomentoErrorCode } from '@gomomento/sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import type { MomentoLocal } from '../../src/local/momento/momento-local.js';
import {
  CACHE,
  cacheClientFor,
  errorCodeOf,
  startMomento,
  stoppedClock,
  subscribe,
  topicClientFor,
} from './momento.fixture.js';

const { INVALID_ARGUMENT_ERROR, LIMIT_EXCEEDED_ERROR } = MomentoErrorCode;
const DAY_SECONDS = 24 * 60 * 60;

/** How many of so many calls at once are refused for a limit. */
async function refusedOf(count: number, run: (index: number) => Promise<unknown>): Promise<number> {
  const limitExceeded: string = LIMIT_EXCEEDED_ERROR;
  const codes = await Promise.all(Array.from({ length: count }, (_, index) => errorCodeOf(run(index))));
  return codes.filter((code) => code === limitExceeded).length;
}

describe('MomentoLocal, the documented limits', () => {
  const clock = stoppedClock();
  let momento: MomentoLocal;

  beforeEach(async () => {
    momento = await startMomento({ limits: 'documented', now: clock.now });
  });

  it('100 operations a second, anew each second', async () => {
    const client = cacheClientFor(momento);

    expect(await refusedOf(103, () => client.set(CACHE, 'k', 'v'))).toBe(3);
    clock.advance(1000);
    expect(await refusedOf(100, () => client.get(CACHE, 'k'))).toBe(0);
    const refused = await client.set(CACHE, 'k', 'v');
    expect(String(refused)).toContain('Request rate limit exceeded');
    expect(refused instanceof CacheSet.Error && refused.innerException()).toMatchObject({
      errCause: 'operations_rate_limit_exceeded',
    });
  });

  it('listed with each cache', async () => {
    const listed = await cacheClientFor(momento).listCaches();
    const cache = listed instanceof ListCaches.Success ? listed.getCaches()[0] : undefined;

    expect(cache?.getCacheLimits()).toMatchObject({
      maxItemSizeKb: 4_883,
      maxTrafficRate: 100,
      maxTtlSeconds: DAY_SECONDS,
    });
    expect(cache?.getTopicLimits()).toEqual({
      maxPublishMessageSizeKb: 4,
      maxPublishRate: 10,
      maxSubscriptionCount: 100,
    });
  });

  it('two things in one call count as one operation', async () => {
    const client = cacheClientFor(momento);
    const elements = Array.from({ length: 67 }, (_, index) => `${index}`);

    // 34 operations each, and then one that fits.
    expect(await refusedOf(3, () => client.setAddElements(CACHE, 's', elements))).toBe(1);
    expect(await refusedOf(1, () => client.getBatch(CACHE, elements.slice(0, 64)))).toBe(0);
    expect(await refusedOf(1, () => client.get(CACHE, 'k'))).toBe(1);
  });

  it('5 control operations a second, and 3 caches', async () => {
    const client = cacheClientFor(momento);

    expect(await refusedOf(4, (index) => client.createCache(`new-${index}`))).toBe(2);
    expect(momento.cacheNames).toHaveLength(3);
    expect(await refusedOf(4, () => client.listCaches())).toBe(1);
  });

  it('10 messages a second, of 4 KiB each', async () => {
    const topics = topicClientFor(momento);

    expect(await errorCodeOf(topics.publish(CACHE, 't', 'x'.repeat(4097)))).toBe(LIMIT_EXCEEDED_ERROR);
    expect(await errorCodeOf(topics.publish(CACHE, 't', new Uint8Array(4097)))).toBe(LIMIT_EXCEEDED_ERROR);
    expect(await refusedOf(12, () => topics.publish(CACHE, 't', 'x'.repeat(4096)))).toBe(2);
  });

  it('100 subscriptions', async () => {
    const topics = topicClientFor(momento);
    await Promise.all(Array.from({ length: 100 }, (_, index) => subscribe(topics, `t${index}`, {})));

    expect(await errorCodeOf(topics.subscribe(CACHE, 'one too many', {}))).toBe(LIMIT_EXCEEDED_ERROR);
  });

  it('a TTL of a day, wherever one is given', async () => {
    const client = cacheClientFor(momento);
    const ttl = DAY_SECONDS + 1;

    expect(await errorCodeOf(client.set(CACHE, 'k', 'v', { ttl: DAY_SECONDS }))).toBe('Success');
    expect(await errorCodeOf(client.set(CACHE, 'k', 'v', { ttl }))).toBe(INVALID_ARGUMENT_ERROR);
    expect(await errorCodeOf(client.setBatch(CACHE, [{ key: 'k', value: 'v', ttl }]))).toBe(
      INVALID_ARGUMENT_ERROR,
    );
    expect(await errorCodeOf(client.increaseTtl(CACHE, 'k', ttl * 1000))).toBe(INVALID_ARGUMENT_ERROR);
  });

  it('are not enforced unless asked for', async () => {
    const free = await startMomento();
    const client = cacheClientFor(free);

    expect(await refusedOf(150, () => client.set(CACHE, 'k', 'v', { ttl: 7 * DAY_SECONDS }))).toBe(0);
    expect(await refusedOf(8, (index) => client.createCache(`new-${index}`))).toBe(0);
  });
});
