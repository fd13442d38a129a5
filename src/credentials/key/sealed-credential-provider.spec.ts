import { inspect } from 'node:util';
import {
  CacheClient,
  CacheGetResponse,
  Configurations,
  CredentialProvider,
  TopicClient,
  TopicConfigurations,
  TopicPublishResponse,
} from '@gomomento/sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeJwt, regionEndpoint } from '../../../test/support/keys.js';
import { MomentoLocal } from '../../local/index.js';
import { toCredential } from '../fetched/credential.js';
import { resolveEndpoints } from './endpoint.js';
import { SealedCredentialProvider } from './sealed-credential-provider.js';
import { Secret } from './secret.js';

const key = makeJwt();
const hosts = resolveEndpoints(regionEndpoint, 'the option endpoint');

const seal = (text = key, endpoints = hosts) =>
  new SealedCredentialProvider(new Secret(text), endpoints, false);

function createClients(credentialProvider: CredentialProvider) {
  const cacheClient = new CacheClient({
    credentialProvider,
    configuration: Configurations.Laptop.latest(),
    defaultTtlSeconds: 60,
  });
  onTestFinished(() => cacheClient.close());
  const topicClient = new TopicClient({
    credentialProvider,
    configuration: TopicConfigurations.Default.latest(),
  });
  return { cacheClient, topicClient };
}

/** All that printing and serialising could show of a value. */
const shown = (value: object): string =>
  [
    inspect(value, { depth: 20, showHidden: true }),
    inspect(value, { depth: 20, showHidden: true, customInspect: false, showProxy: true }),
    inspect(value.valueOf(), { depth: 20, showHidden: true }),
    inspect({ ...value }, { depth: 20 }),
    Object.entries(value).join(),
    value instanceof CredentialProvider ? JSON.stringify(value) : '',
  ].join('\n');

const partsOf = (text: string) => text.split('.').map((part) => part.slice(0, 12));

describe('SealedCredentialProvider', () => {
  it('tells its host apart from another’s', () => {
    expect(seal().host).toBe(`cache.${regionEndpoint}`);
    expect(seal(key, resolveEndpoints('127.0.0.1:8080', 'the option endpoint')).host).toBe('127.0.0.1:8080');
  });

  it('is a CredentialProvider that gives the SDK all it asks for', () => {
    const provider = seal();
    expect(provider).toBeInstanceOf(CredentialProvider);
    expect({
      authToken: provider.getAuthToken(),
      cache: provider.getCacheEndpoint(),
      control: provider.getControlEndpoint(),
      token: provider.getTokenEndpoint(),
      secure: [
        provider.isEndpointSecure(),
        provider.isCacheEndpointSecure(),
        provider.isControlEndpointSecure(),
        provider.isTokenEndpointSecure(),
      ],
      overridden: provider.areEndpointsOverridden(),
    }).toEqual({
      authToken: key,
      cache: `cache.${regionEndpoint}`,
      control: `control.${regionEndpoint}`,
      token: `token.${regionEndpoint}`,
      secure: [true, true, true, true],
      overridden: false,
    });
    expect(provider.withMomentoLocal().getAuthToken()).toBe('');
  });

  it('has every method that the SDK’s own provider has', () => {
    const own = CredentialProvider.forMomentoLocal({});
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(own));
    expect(Object.getOwnPropertyNames(SealedCredentialProvider.prototype)).toEqual(
      expect.arrayContaining(methods),
    );
  });

  it.each([
    ['another key', seal(makeJwt()), false],
    ['another host', seal(key, { ...hosts, cacheEndpoint: 'other.example.com' }), false],
    ['another control host', seal(key, { ...hosts, controlEndpoint: 'other.example.com' }), false],
    ['another token host', seal(key, { ...hosts, tokenEndpoint: 'other.example.com' }), false],
    ['no TLS', seal(key, { ...hosts, secureConnection: false }), false],
    ['the same key and hosts', seal(), true],
  ])('compared with one of %s', (_what, other, expected) => {
    expect(seal().equals(other)).toBe(expected);
    expect(other.equals(seal())).toBe(expected);
  });

  it('shows no part of its key', () => {
    const printed = shown(seal());
    for (const part of partsOf(key)) expect(printed).not.toContain(part);
  });

  it('keeps it from showing in the clients that hold it, where the SDK’s own provider does not', () => {
    const own = CredentialProvider.fromApiKeyV2({ apiKey: makeJwt({ t: 'g' }), endpoint: regionEndpoint });
    expect(shown(createClients(own).cacheClient)).toContain(own.getAuthToken());

    const { cacheClient, topicClient } = createClients(seal());
    const printed = shown(cacheClient) + shown(topicClient);
    for (const part of partsOf(key)) expect(printed).not.toContain(part);
  });

  it.each([1, 2] as const)(
    'lets the SDK send a v%d key, and shows none of it after calls',
    async (version) => {
      const momento = await MomentoLocal.start({ port: 0, caches: ['demo-cache'] });
      onTestFinished(() => momento.stop());
      const stored = momento.issueApiKey({ version });
      const { provider } = toCredential({ content: stored }, `127.0.0.1:${momento.port}`, 'a test');
      const { cacheClient, topicClient } = createClients(provider);

      expect((await cacheClient.get('demo-cache', 'key')).type).toBe(CacheGetResponse.Miss);
      expect((await topicClient.publish('demo-cache', 'topic', 'value')).type).toBe(
        TopicPublishResponse.Success,
      );

      expect(momento.requests).toMatchObject([
        { rpc: 'get', status: 'OK', keyId: 'key-1', keyVersion: version },
        { rpc: 'topic-publish', status: 'OK', keyId: 'key-1', keyVersion: version },
      ]);
      const printed = shown(cacheClient) + shown(topicClient);
      for (const part of [stored.slice(0, 12), ...partsOf(provider.getAuthToken())]) {
        expect(printed).not.toContain(part);
      }
    },
  );
});
