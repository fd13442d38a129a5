import { randomUUID } from 'node:crypto';
import {
  CacheClient,
  Configurations,
  type Middleware,
  MomentoErrorCode,
  TopicClient,
  TopicConfigurations,
} from '@gomomento/sdk';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MomentoLocal } from '../../src/local/momento/momento-local.js';
import { CACHE, credentialsFor, errorCodeOf, nameOf, startMomento, subscribe } from './momento.fixture.js';

const DEFAULT_REQUEST_ID = randomUUID();

/** Sends headers with each call, as the SDK's own tests ask the official local Momento for faults. */
function withHeaders(headers: Readonly<Record<string, string>>): Middleware {
  return {
    onNewRequest: () => ({
      onRequestMetadata: async (metadata) => {
        const { _grpcMetadata: grpcMetadata } = metadata;
        for (const [name, value] of Object.entries({ 'request-id': DEFAULT_REQUEST_ID, ...headers })) {
          grpcMetadata.set(name, value);
        }
        return metadata;
      },
      onRequestBody: async (message) => message,
      onResponseMetadata: async (metadata) => metadata,
      onResponseBody: async (message) => message,
      onResponseStatus: async (status) => status,
    }),
  };
}

function cacheClientWithHeaders(
  momento: MomentoLocal,
  headers: Readonly<Record<string, string>>,
): CacheClient {
  const client = new CacheClient({
    credentialProvider: credentialsFor(momento),
    configuration: Configurations.Laptop.latest()
      .withClientTimeoutMillis(1000)
      .addMiddleware(withHeaders(headers)),
    defaultTtlSeconds: 60,
  });
  onTestFinished(() => client.close());
  return client;
}

describe('MomentoLocal, faults by request header', () => {
  it.each([
    ['unavailable', MomentoErrorCode.SERVER_UNAVAILABLE],
    ['not-found', MomentoErrorCode.CACHE_NOT_FOUND_ERROR],
    ['NOT_FOUND_ERROR', MomentoErrorCode.CACHE_NOT_FOUND_ERROR],
    ['internal', MomentoErrorCode.INTERNAL_SERVER_ERROR],
    ['INTERNAL_SERVER_ERROR', MomentoErrorCode.INTERNAL_SERVER_ERROR],
    ['LIMIT_EXCEEDED_ERROR', MomentoErrorCode.LIMIT_EXCEEDED_ERROR],
    ['gibberish', MomentoErrorCode.UNKNOWN_SERVICE_ERROR],
  ])('return-error: %s', async (error, expected) => {
    const momento = await startMomento();
    const client = cacheClientWithHeaders(momento, { 'return-error': error, 'error-rpcs': 'set increment' });

    expect(await errorCodeOf(client.increment(CACHE, 'k'))).toBe(expected);
    expect(nameOf(await client.get(CACHE, 'k'))).toBe('Miss');
  });

  it('counts errors and delays for each request id and rpc', async () => {
    const momento = await startMomento();
    const headers = { 'return-error': 'internal', 'error-rpcs': 'increment set', 'error-count': '1' };
    const client = cacheClientWithHeaders(momento, headers);
    const other = cacheClientWithHeaders(momento, { ...headers, 'request-id': randomUUID() });

    expect(await errorCodeOf(client.increment(CACHE, 'n'))).toBe(MomentoErrorCode.INTERNAL_SERVER_ERROR);
    expect(nameOf(await client.increment(CACHE, 'n'))).toBe('Success');
    // The SDK retries a set, so that it succeeds after its own one failure.
    expect(nameOf(await client.set(CACHE, 'k', 'v'))).toBe('Success');
    expect(momento.requestCount('set')).toBe(2);
    expect(await errorCodeOf(other.increment(CACHE, 'n'))).toBe(MomentoErrorCode.INTERNAL_SERVER_ERROR);
  });

  it('delays', async () => {
    const momento = await startMomento();
    const client = cacheClientWithHeaders(momento, {
      'delay-rpcs': 'get',
      'delay-ms': '60',
      'delay-count': '1',
    });

    const startedAt = performance.now();
    await client.get(CACHE, 'k');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(55);
  });

  it('takes set-if for the old setIfNotExists as well', async () => {
    const momento = await startMomento();
    const client = cacheClientWithHeaders(momento, {
      'return-error': 'internal',
      'error-rpcs': 'set-if',
      'error-count': '9',
    });

    expect(await errorCodeOf(client.setIfNotExists(CACHE, 'k', 'v'))).toBe(
      MomentoErrorCode.INTERNAL_SERVER_ERROR,
    );
  });

  it('ends a stream before its first message', async () => {
    const momento = await startMomento();
    const client = new TopicClient({
      credentialProvider: credentialsFor(momento),
      configuration: TopicConfigurations.Default.latest().withMiddlewares([
        withHeaders({ 'stream-error-rpcs': 'topic-subscribe', 'stream-error': 'permission-denied' }),
      ]),
    });

    expect(await errorCodeOf(client.subscribe(CACHE, 't', {}))).toBe(MomentoErrorCode.PERMISSION_ERROR);
    expect(momento.requests).toMatchObject([{ rpc: 'topic-subscribe', status: 'PERMISSION_DENIED' }]);
  });

  it('ends a stream with an error after so many messages', async () => {
    const momento = await startMomento({ heartbeatIntervalMs: 10 });
    const client = new TopicClient({
      credentialProvider: credentialsFor(momento),
      configuration: TopicConfigurations.Default.latest().withMiddlewares([
        withHeaders({
          'stream-error-rpcs': 'topic-subscribe',
          'stream-error': 'NOT_FOUND_ERROR',
          'stream-error-message-limit': '3',
        }),
      ]),
    });
    const onHeartbeat = vi.fn<() => void>();
    const onError = vi.fn<(error: { errorCode(): string }) => void>();
    await subscribe(client, 't', { onHeartbeat, onError });

    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce());
    expect(onError.mock.calls[0]?.[0].errorCode()).toBe(MomentoErrorCode.CACHE_NOT_FOUND_ERROR);
    expect(onHeartbeat).toHaveBeenCalledTimes(3);
    expect(momento.requests).toMatchObject([{ rpc: 'topic-subscribe', status: 'OK' }]);
  });
});
