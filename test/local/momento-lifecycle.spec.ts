import { connect } from 'node:net';
import { once } from 'node:events';
import { MomentoErrorCode } from '@gomomento/sdk';
import { describe, expect, it, vi } from 'vitest';
import { MomentoLocal } from '../../src/local/momento/momento-local.js';
import {
  CACHE,
  cacheClientFor,
  errorCodeOf,
  nameOf,
  startMomento,
  subscribe,
  topicClientFor,
} from './momento.fixture.js';

describe('MomentoLocal, life', () => {
  it('runs several servers at once that share nothing', async () => {
    const [one, two] = [await startMomento(), await startMomento()];
    await cacheClientFor(one).set(CACHE, 'k', 'v');

    expect(one.port).not.toBe(two.port);
    expect(nameOf(await cacheClientFor(two).get(CACHE, 'k'))).toBe('Miss');
    expect(two.requests).toHaveLength(1);
  });

  it('listens where it is told to, and says so when it cannot', async () => {
    const momento = await startMomento({ hostname: 'localhost' });

    expect(momento.endpoints.cacheEndpoint).toBe(`localhost:${momento.port}`);
    await expect(MomentoLocal.start({ hostname: 'localhost', port: momento.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('counts connections, open ones and all', async () => {
    const momento = await startMomento();
    expect(momento.connectionsAccepted).toBe(0);
    const sockets = [connect(momento.port), connect(momento.port)];

    await vi.waitFor(() => expect([momento.connections, momento.connectionsAccepted]).toEqual([2, 2]));
    for (const socket of sockets) {
      socket.destroy();
    }
    await vi.waitFor(() => expect([momento.connections, momento.connectionsAccepted]).toEqual([0, 2]));
  });

  it('ends subscriptions with UNAVAILABLE when it stops, hanging calls too, and frees its port', async () => {
    const momento = await startMomento();
    const client = cacheClientFor(momento);
    const onConnectionLost = vi.fn<() => void>();
    const onError = vi.fn<() => void>();
    await subscribe(topicClientFor(momento), 't', { onConnectionLost, onError });
    momento.faults.hang('increment');
    const hanging = client.increment(CACHE, 'n');
    await vi.waitFor(() => expect(momento.requestCount('increment')).toBe(1));

    await Promise.all([momento.stop(), momento.stop()]);

    expect(await errorCodeOf(hanging)).toBe(MomentoErrorCode.SERVER_UNAVAILABLE);
    await vi.waitFor(() => expect(onConnectionLost).toHaveBeenCalledOnce());
    expect(onError).not.toHaveBeenCalled();
    expect(momento.connections).toBe(0);
    const [error] = await once(connect(momento.port), 'error').catch((reason: unknown) => [reason]);
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    await expect(momento.faults.up()).rejects.toThrow('was stopped');
  });

  it('closes the connections of clients that stay, without waiting for them', async () => {
    const momento = await startMomento();
    await cacheClientFor(momento).get(CACHE, 'k');
    expect(momento.connections).toBeGreaterThan(0);

    const startedAt = performance.now();
    await momento.stop();

    expect(performance.now() - startedAt).toBeLessThan(240);
    expect(momento.connections).toBe(0);
  });

  it('stops in a moment although a connection never says a word, also when it is down', async () => {
    const silent = await MomentoLocal.start();
    const socket = connect(silent.port).on('error', () => undefined);
    await vi.waitFor(() => expect(silent.connections).toBe(1));
    const startedAt = performance.now();
    await silent.stop();
    expect(performance.now() - startedAt).toBeLessThan(1000);
    socket.destroy();

    const down = await MomentoLocal.start();
    await down.faults.down();
    await expect(down.stop()).resolves.toBeUndefined();
  });

  it('can be disposed of', async () => {
    const momento = await MomentoLocal.start();

    await momento[Symbol.asyncDispose]();

    await expect(momento.faults.up()).rejects.toThrow('was stopped');
  });

  it('starts in less than 50 ms once it is warm', async () => {
    await (await MomentoLocal.start()).stop();
    const durations: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const startedAt = performance.now();
      const momento = await MomentoLocal.start();
      durations.push(performance.now() - startedAt);
      await momento.stop();
    }

    expect(Math.min(...durations)).toBeLessThan(50);
  });

  it('logs each call with what it was about', async () => {
    let nowMs = 1_000;
    const momento = await startMomento({ now: () => nowMs });
    const client = cacheClientFor(momento);
    await client.set(CACHE, 'k', 'v');
    nowMs = 2_000;
    await client.get('nope', 'k'.repeat(300));
    await topicClientFor(momento).publish(CACHE, 't', 'x');
    await client.createCache('new');
    await client.dictionaryFetch(CACHE, 'd');

    expect(momento.requests).toEqual([
      { rpc: 'set', cacheName: CACHE, key: 'k', status: 'OK', at: new Date(1_000) },
      { rpc: 'get', cacheName: 'nope', key: 'k'.repeat(256), status: 'NOT_FOUND', at: new Date(2_000) },
      { rpc: 'topic-publish', cacheName: CACHE, topic: 't', status: 'OK', at: new Date(2_000) },
      { rpc: 'create-cache', cacheName: 'new', status: 'OK', at: new Date(2_000) },
      { rpc: 'dictionary-fetch', cacheName: CACHE, key: 'd', status: 'OK', at: new Date(2_000) },
    ]);
    expect([momento.requestCount(), momento.requestCount('get'), momento.requestCount('delete')]).toEqual([
      5, 1, 0,
    ]);
  });
});
