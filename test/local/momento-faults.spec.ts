import { CacheClient, Configurations, MomentoErrorCode, NoopMomentoLoggerFactory } from '@gomomento/sdk';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  CACHE,
  cacheClientFor,
  credentialsFor,
  errorCodeOf,
  nameOf,
  startMomento,
  subscribe,
  topicClientFor,
} from './momento.fixture.js';

describe('MomentoLocal, faults by API', () => {
  it.each([
    ['INTERNAL', MomentoErrorCode.INTERNAL_SERVER_ERROR],
    ['PERMISSION_DENIED', MomentoErrorCode.PERMISSION_ERROR],
    ['RESOURCE_EXHAUSTED', MomentoErrorCode.LIMIT_EXCEEDED_ERROR],
    ['UNAUTHENTICATED', MomentoErrorCode.AUTHENTICATION_ERROR],
    ['UNKNOWN', MomentoErrorCode.UNKNOWN_SERVICE_ERROR],
  ] as const)('fails a call with %s and does not carry it out', async (statusName, expected) => {
    const momento = await startMomento();
    const client = cacheClientFor(momento);
    momento.faults.fail('increment', statusName, { message: 'as planned' });

    const failed = await client.increment(CACHE, 'n');

    expect(await errorCodeOf(failed)).toBe(expected);
    expect(String(failed)).toContain('as planned');
    expect(nameOf(await client.get(CACHE, 'n'))).toBe('Miss');
    expect(momento.requests[0]).toMatchObject({ rpc: 'increment', status: statusName });
  });

  it('fails as often as it was told to, so that a retry succeeds', async () => {
    const momento = await startMomento();
    momento.faults.fail('get', 'UNAVAILABLE', { times: 2 });

    expect(nameOf(await cacheClientFor(momento).get(CACHE, 'k'))).toBe('Miss');
    expect(momento.requests.map(({ status }) => status)).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'OK']);
    expect(momento.requestCount('get')).toBe(3);
  });

  it('fails until it is cleared, one rpc and no other', async () => {
    const momento = await startMomento();
    const client = cacheClientFor(momento);
    momento.faults.fail('set', 'INTERNAL');

    expect(await errorCodeOf(client.set(CACHE, 'k', 'v'))).toBe(MomentoErrorCode.INTERNAL_SERVER_ERROR);
    expect(await errorCodeOf(client.set(CACHE, 'k', 'v'))).toBe(MomentoErrorCode.INTERNAL_SERVER_ERROR);
    expect(nameOf(await client.get(CACHE, 'k'))).toBe('Miss');
    momento.faults.clear();

    expect(nameOf(await client.set(CACHE, 'k', 'v'))).toBe('Success');
  });

  it('carries a delayed call out late, and adds faults of two kinds up', async () => {
    const momento = await startMomento();
    const client = cacheClientFor(momento);
    momento.faults.delay('set', 60, { times: 1 });
    momento.faults.delay('get', 60);
    momento.faults.fail('get', 'PERMISSION_DENIED', { times: 1 });

    const startedAt = performance.now();
    expect(nameOf(await client.set(CACHE, 'k', 'v'))).toBe('Success');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(55);
    const failedAt = performance.now();
    expect(await errorCodeOf(client.get(CACHE, 'k'))).toBe(MomentoErrorCode.PERMISSION_ERROR);
    expect(performance.now() - failedAt).toBeGreaterThanOrEqual(55);
    expect((await client.get(CACHE, 'k')).value()).toBe('v');
  });

  it('fails no call when it is told to fail none', async () => {
    const momento = await startMomento();
    momento.faults.fail('increment', 'INTERNAL', { times: 0 });

    expect(nameOf(await cacheClientFor(momento).increment(CACHE, 'n'))).toBe('Success');
  });

  it('does not carry out a delayed call that was cancelled meanwhile', async () => {
    const momento = await startMomento();
    const client = cacheClientFor(momento);
    momento.faults.delay('increment', 150, { times: 1 });
    const controller = new AbortController();
    const delayed = client.increment(CACHE, 'n', 1, { abortSignal: controller.signal });
    await vi.waitFor(() => expect(momento.requestCount('increment')).toBe(1), { interval: 5 });
    controller.abort();
    expect(await errorCodeOf(delayed)).toBe(MomentoErrorCode.CANCELLED_ERROR);

    momento.faults.delay('get', 200);
    expect(nameOf(await client.get(CACHE, 'n'))).toBe('Miss');
  });

  it('never answers a call that hangs', async () => {
    const momento = await startMomento();
    const client = cacheClientFor(momento);
    momento.faults.hang('get', { times: 1 });
    const controller = new AbortController();

    const hanging = client.get(CACHE, 'k', { abortSignal: controller.signal });
    await vi.waitFor(() => expect(momento.requestCount('get')).toBe(1));
    expect(momento.requests[0]).toMatchObject({ status: 'PENDING' });
    controller.abort();

    expect(await errorCodeOf(hanging)).toBe(MomentoErrorCode.CANCELLED_ERROR);
    await vi.waitFor(() => expect(momento.requests[0]).toMatchObject({ status: 'CANCELLED' }));
    expect(nameOf(await client.get(CACHE, 'k'))).toBe('Miss');
  });

  it('lets the deadline end a call that hangs', async () => {
    const momento = await startMomento();
    const configuration = Configurations.Laptop.latest(
      new NoopMomentoLoggerFactory(),
    ).withClientTimeoutMillis(50);
    const client = new CacheClient({
      credentialProvider: credentialsFor(momento),
      configuration,
      defaultTtlSeconds: 60,
    });
    onTestFinished(() => client.close());
    await client.get(CACHE, 'k');
    momento.faults.hang('get');

    expect(await errorCodeOf(client.get(CACHE, 'k'))).toBe(MomentoErrorCode.TIMEOUT_ERROR);
    // The server's own timer, or the client's end of the call, whichever comes first.
    await vi.waitFor(() =>
      expect(['DEADLINE_EXCEEDED', 'CANCELLED']).toContain(momento.requests.at(-1)?.status),
    );
  });

  it('fails a subscription before its first message', async () => {
    const momento = await startMomento();
    momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED', { times: 1 });

    expect(await errorCodeOf(topicClientFor(momento).subscribe(CACHE, 't', {}))).toBe(
      MomentoErrorCode.PERMISSION_ERROR,
    );
  });

  it('ends open subscriptions with the status that it is given', async () => {
    const momento = await startMomento();
    const told: string[] = [];
    await subscribe(topicClientFor(momento), 't', { onError: (error) => told.push(error.errorCode()) });
    momento.faults.cut('topic-subscribe', 'PERMISSION_DENIED');
    await vi.waitFor(() => expect(told).toEqual([MomentoErrorCode.PERMISSION_ERROR]));
    expect(momento.stats().subscriptions).toBe(0);
  });

  it('goes down and comes up on the same port with what it held', async () => {
    const momento = await startMomento();
    const client = cacheClientFor(momento);
    const { port } = momento;
    await client.set(CACHE, 'k', 'v');

    await momento.faults.down();
    expect(momento.connections).toBe(0);
    expect(['SERVER_UNAVAILABLE', 'TIMEOUT_ERROR']).toContain(await errorCodeOf(client.get(CACHE, 'k')));
    await momento.faults.up();

    expect(momento.port).toBe(port);
    await vi.waitFor(async () => expect((await client.get(CACHE, 'k')).value()).toBe('v'), {
      timeout: 10_000,
    });
  });

  it('lets a subscription survive a time of being down', async () => {
    const momento = await startMomento();
    const client = topicClientFor(momento);
    const received: string[] = [];
    await subscribe(client, 't', { onItem: (item) => received.push(item.valueString()) });

    await momento.faults.down();
    await momento.faults.up();
    await vi.waitFor(() => expect(momento.requestCount('topic-subscribe')).toBeGreaterThan(1), {
      timeout: 10_000,
    });
    await vi.waitFor(async () => expect(nameOf(await client.publish(CACHE, 't', 'x'))).toBe('Success'));

    await vi.waitFor(() => expect(received).toContain('x'));
  });
});
