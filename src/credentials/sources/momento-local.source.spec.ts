import { CacheClient, CacheGetResponse, Configurations } from '@gomomento/sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeV1Key } from '../../../test/support/keys.js';
import { MomentoLocal } from '../../local/index.js';
import { toCredential } from '../fetched/credential.js';
import { fromMomentoLocal, type MomentoLocalSourceOptions } from './momento-local.source.js';

async function providerOf(options?: MomentoLocalSourceOptions) {
  const source = fromMomentoLocal(options);
  const fetched = await source.fetch({ signal: new AbortController().signal, refresh: false });
  return toCredential(fetched, undefined, source.describe()).provider;
}

describe('fromMomentoLocal', () => {
  it.each<[MomentoLocalSourceOptions | undefined, string]>([
    [undefined, '127.0.0.1:8080'],
    [{ port: 9090 }, '127.0.0.1:9090'],
    [{ hostname: 'momento' }, 'momento:8080'],
    [{ hostname: '::1', port: 9090 }, '[::1]:9090'],
    [{ hostname: '[::1]' }, '[::1]:8080'],
  ])('with %o finds Momento at %s, without key and TLS', async (options, address) => {
    expect(fromMomentoLocal(options).describe()).toBe(`local Momento at ${address}`);
    const provider = await providerOf(options);
    expect([provider.getCacheEndpoint(), provider.getControlEndpoint(), provider.getTokenEndpoint()]).toEqual(
      [address, address, address],
    );
    expect(provider.getAuthToken()).toBe('');
    expect(provider.isEndpointSecure()).toBe(false);
  });

  it('shows no key that was put into the place of the hostname', () => {
    const described = fromMomentoLocal({ hostname: makeV1Key() }).describe();
    expect(described).toMatch(/^local Momento at \[REDACTED\]/);
  });

  it('lets the SDK’s clients call a Momento of this process', async () => {
    const momento = await MomentoLocal.start({ caches: ['demo-cache'] });
    onTestFinished(() => momento.stop());
    const client = new CacheClient({
      credentialProvider: await providerOf({ hostname: momento.hostname, port: momento.port }),
      configuration: Configurations.Laptop.latest(),
      defaultTtlSeconds: 60,
    });
    onTestFinished(() => client.close());
    expect((await client.get('demo-cache', 'key')).type).toBe(CacheGetResponse.Miss);
  });
});
