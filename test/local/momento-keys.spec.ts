import { inspect } from 'node:util';
import { ping } from '@gomomento/generated-types';
import { CredentialProvider, MomentoErrorCode } from '@gomomento/sdk';
import { credentials } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MomentoLocal } from '../../src/local/momento/momento-local.js';
import {
  CACHE,
  cacheClientFor,
  credentialsFor,
  errorCodeOf,
  nameOf,
  startMomento,
  stoppedClock,
  subscribe,
  topicClientFor,
} from './momento.fixture.js';

const { PingClient, _PingRequest: PingRequest } = ping.cache_client;

/** A v2 key says nothing of its endpoint, and the SDK then takes TLS for granted: here it gets the server's address. */
function credentialsForV2(momento: MomentoLocal, apiKey: string): CredentialProvider {
  const keyless = credentialsFor(momento);
  return Object.create(keyless, { getAuthToken: { value: () => apiKey } });
}

describe('MomentoLocal, keys', () => {
  it('accepts every call until it has issued a key', async () => {
    const momento = await startMomento();
    const client = cacheClientFor(momento);

    expect(nameOf(await client.set(CACHE, 'k', 'v'))).toBe('Success');
    momento.issueApiKey();

    expect(await errorCodeOf(client.get(CACHE, 'k'))).toBe(MomentoErrorCode.AUTHENTICATION_ERROR);
  });

  it('asks for the key in data, control and topic calls', async () => {
    const momento = await startMomento();
    const key = momento.issueApiKey();
    const stranger = CredentialProvider.fromString({
      authToken: (await startMomento()).issueApiKey(),
      endpointOverrides: momento.endpoints,
    });

    for (const [credentialProvider, expected] of [
      [stranger, [MomentoErrorCode.AUTHENTICATION_ERROR]],
      [credentialsFor(momento, key), ['Success', 'Subscription']],
    ] as const) {
      const cache = cacheClientFor(momento, credentialProvider);
      const topics = topicClientFor(momento, credentialProvider);
      expect(expected).toContain(await errorCodeOf(cache.set(CACHE, 'k', 'v')));
      expect(expected).toContain(await errorCodeOf(cache.listCaches()));
      expect(expected).toContain(await errorCodeOf(topics.publish(CACHE, 't', 'v')));
      const subscription = await topics.subscribe(CACHE, 't', {});
      expect(expected).toContain(await errorCodeOf(subscription));
      if ('unsubscribe' in subscription) {
        subscription.unsubscribe();
      }
    }
  });

  it('asks no key of a ping', async () => {
    const momento = await startMomento();
    momento.issueApiKey();
    const client = new PingClient(momento.endpoints.cacheEndpoint, credentials.createInsecure());
    onTestFinished(() => client.close());

    await expect(
      new Promise((resolve, reject) =>
        client.Ping(new PingRequest(), (error, response) => (error ? reject(error) : resolve(response))),
      ),
    ).resolves.toBeDefined();
  });

  it('issues v1 keys that hold its address, and v2 keys that the SDK takes for such', async () => {
    const momento = await startMomento();
    const v1 = JSON.parse(Buffer.from(momento.issueApiKey(), 'base64').toString());
    const v2 = momento.issueApiKey({ version: 2 });

    expect(v1).toEqual({
      endpoint: `127.0.0.1:${momento.port}`,
      api_key: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    });
    expect(() => CredentialProvider.fromApiKeyV2({ apiKey: v2, endpoint: 'example.com' })).not.toThrow();
    const client = cacheClientFor(momento, credentialsForV2(momento, v2));
    expect(nameOf(await client.set(CACHE, 'k', 'v'))).toBe('Success');
    expect(momento.requests.at(-1)).toMatchObject({ keyId: 'key-2', keyVersion: 2 });
  });

  it('issues no key twice', async () => {
    const momento = await startMomento();
    const keys = Array.from({ length: 50 }, (_, index) =>
      momento.issueApiKey({ version: index % 2 === 0 ? 1 : 2 }),
    );

    expect(new Set(keys).size).toBe(50);
  });

  it.each([1, 2] as const)('lets a v%d key expire by its clock, as its claim says', async (version) => {
    const clock = stoppedClock();
    const momento = await startMomento({ now: clock.now });
    const key = momento.issueApiKey({ version, expiresAt: new Date(clock.now() + 5_000) });
    const token = version === 1 ? credentialsFor(momento, key).getAuthToken() : key;
    const client = cacheClientFor(momento, credentialsForV2(momento, token));

    const claims = JSON.parse(Buffer.from(String(token.split('.')[1]), 'base64url').toString());
    expect(claims.exp).toBe(clock.now() / 1000 + 5);
    clock.advance(4_999);
    expect(nameOf(await client.get(CACHE, 'k'))).toBe('Miss');
    clock.advance(1);
    expect(await errorCodeOf(client.get(CACHE, 'k'))).toBe(MomentoErrorCode.AUTHENTICATION_ERROR);
  });

  it('revokes one key: its calls and subscriptions fail, those of another go on', async () => {
    const momento = await startMomento();
    const [revoked, kept] = [momento.issueApiKey(), momento.issueApiKey()];
    const onError = vi.fn<(error: { errorCode(): string }) => void>();
    const onItem = vi.fn<() => void>();
    await subscribe(topicClientFor(momento, credentialsFor(momento, revoked)), 't', { onError });
    const keptTopics = topicClientFor(momento, credentialsFor(momento, kept));
    await subscribe(keptTopics, 't', { onItem, onError: () => expect.unreachable() });

    momento.revokeApiKey(revoked);

    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce());
    expect(onError.mock.calls[0]?.[0].errorCode()).toBe(MomentoErrorCode.AUTHENTICATION_ERROR);
    await keptTopics.publish(CACHE, 't', 'still here');
    await vi.waitFor(() => expect(onItem).toHaveBeenCalledOnce());
    expect(await errorCodeOf(cacheClientFor(momento, credentialsFor(momento, revoked)).get(CACHE, 'k'))).toBe(
      MomentoErrorCode.AUTHENTICATION_ERROR,
    );
    expect(momento.requests.at(-1)).toMatchObject({ keyId: 'key-1', status: 'UNAUTHENTICATED' });
    expect(nameOf(await cacheClientFor(momento, credentialsFor(momento, kept)).get(CACHE, 'k'))).toBe('Miss');
  });

  it('keeps asking for a key when the only one is revoked', async () => {
    const momento = await startMomento();
    momento.revokeApiKey(momento.issueApiKey());

    expect(await errorCodeOf(cacheClientFor(momento).get(CACHE, 'k'))).toBe(
      MomentoErrorCode.AUTHENTICATION_ERROR,
    );
  });

  it('refuses to revoke what it has not issued, without repeating it', async () => {
    const momento = await startMomento();

    expect(() => momento.revokeApiKey('c2VjcmV0')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('c2VjcmV0') }),
    );
  });

  it('shows no key in its log or when it is printed', async () => {
    const momento = await startMomento();
    const key = momento.issueApiKey();
    await cacheClientFor(momento, credentialsFor(momento, key)).get(CACHE, 'k');
    const printed =
      inspect([momento, momento.requests], { depth: 20, showHidden: true }) +
      JSON.stringify(momento.requests);

    expect(printed).not.toContain(key);
    expect(printed).not.toContain(credentialsFor(momento, key).getAuthToken());
    expect(momento.requests).toMatchObject([{ rpc: 'get', keyId: 'key-1', keyVersion: 1 }]);
  });
});
