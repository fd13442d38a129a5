import { CredentialProvider } from '@gomomento/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeJwt, makeV1Key, makeV2Key, regionEndpoint } from '../../../test/support/keys.js';
import { toCredential } from './credential.js';
import type { FetchedCredential } from './credential-source.js';
import type { MomentoEndpoint } from '../key/endpoint.js';

const now = new Date('2030-01-01T00:00:00Z');
const secondsNow = now.getTime() / 1000;

beforeEach(() => {
  vi.useFakeTimers({ now });
});

afterEach(() => {
  vi.useRealTimers();
});

const accept = (fetched: FetchedCredential, endpoint?: MomentoEndpoint) =>
  toCredential(fetched, endpoint, "secret 'momento' in us-west-2");

const refusal = (code: string, message: string | RegExp, advice: string) =>
  expect.objectContaining({
    code,
    message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
    advice: expect.stringContaining(advice),
  });

describe('toCredential, of a secret', () => {
  it('keeps what is known of the key', () => {
    const key = makeV1Key(makeJwt({ exp: secondsNow + 60 }));
    expect(accept({ content: key, versionId: 'v-1' })).toMatchObject({
      versionId: 'v-1',
      expiresAt: new Date('2030-01-01T00:01:00Z'),
    });
    expect(Object.keys(accept({ content: makeV1Key() }))).toEqual(['provider', 'endpoint']);
  });

  it('accepts a key to its last moment, and not in the next', () => {
    const content = makeV1Key(makeJwt({ exp: secondsNow + 1 }));
    vi.setSystemTime(now.getTime() + 999);
    expect(() => accept({ content })).not.toThrow();
    vi.setSystemTime(now.getTime() + 1_000);
    expect(() => accept({ content })).toThrow(
      refusal(
        'key-expired',
        "The key of secret 'momento' in us-west-2 expired at 2030-01-01T00:00:01.000Z.",
        'Make a new key in the Momento console',
      ),
    );
  });

  it('goes by validUntil, in the secrets of Momento’s key-refresh Lambda', () => {
    const content = JSON.stringify({ authToken: makeV1Key(), validUntil: String(secondsNow - 1) });
    expect(() => accept({ content })).toThrow(
      refusal('key-expired', '2029-12-31T23:59:59.000Z', 'Make a new key'),
    );
  });

  it('connects where the option endpoint says, else where the key does', () => {
    const { provider } = accept({ content: makeV1Key() });
    expect(provider.getCacheEndpoint()).toBe(`cache.${regionEndpoint}`);
    expect(provider.areEndpointsOverridden()).toBe(false);
    const overridden = accept({ content: makeV1Key() }, 'cell-9.example.com').provider;
    expect(overridden.getCacheEndpoint()).toBe('cache.cell-9.example.com');
    expect(overridden.areEndpointsOverridden()).toBe(true);
  });

  it('asks for the endpoint of a v2 key', () => {
    expect(() => accept({ content: makeV2Key() })).toThrow(
      refusal(
        'endpoint-missing',
        "The key of secret 'momento' in us-west-2 is a v2 key, which does not say where Momento is.",
        'Set the option endpoint',
      ),
    );
    expect(accept({ content: makeV2Key() }, regionEndpoint).provider.getTokenEndpoint()).toBe(
      `token.${regionEndpoint}`,
    );
  });

  it('says where a wrong endpoint stands', () => {
    const content = JSON.stringify({ apiKey: makeV2Key(), endpoint: 'https://example.com' });
    expect(() => accept({ content })).toThrow(
      refusal(
        'endpoint-malformed',
        "in secret 'momento' in us-west-2 is not a host name: it has a scheme",
        'host alone',
      ),
    );
    expect(() => accept({ content: makeV2Key() }, 'example.com/path')).toThrow(
      refusal('endpoint-malformed', 'in the option endpoint is not a host name: it has a path', 'host alone'),
    );
  });
});

describe('toCredential, of a secret that names a local Momento', () => {
  const local = '127.0.0.1:8080';
  const refused = refusal(
    'endpoint-refused',
    "The value of secret 'momento' in us-west-2 says that Momento is on this machine, without TLS",
    "set the option endpoint, such as '127.0.0.1:8080'; else correct the endpoint in the secret",
  );

  it.each([
    ['in a v1 key', makeV1Key(makeJwt(), local)],
    ['beside a v2 key', JSON.stringify({ apiKey: makeV2Key(), endpoint: local })],
    ['as localhost', makeV1Key(makeJwt(), 'localhost:8080')],
  ])('%s, refuses it unless the option endpoint says where Momento is', (_where, content) => {
    expect(() => accept({ content })).toThrow(refused);
    expect(() => accept({ content, endpoint: '127.0.0.1:9090' })).toThrow(refused);
    expect(accept({ content }, local).endpoint).toBe(local);
    expect(accept({ content }, regionEndpoint).endpoint).toBe(`cache.${regionEndpoint}`);
  });

  it('takes it from beside the secret, where the set-up of the process says it', () => {
    expect(accept({ content: makeV2Key(), endpoint: local }).endpoint).toBe(local);
    expect(accept({ content: makeV1Key(makeJwt(), local), endpoint: local }).endpoint).toBe(local);
  });
});

describe('toCredential, of what may not be shown', () => {
  it('gives the version and the host as they may stand in a log', () => {
    const key = makeV1Key();
    expect(accept({ content: key, versionId: `v\n1 ${key}` })).toMatchObject({
      versionId: String.raw`v\n1 [REDACTED]`,
      endpoint: `cache.${regionEndpoint}`,
    });
  });
});

describe('toCredential, of an SDK CredentialProvider', () => {
  const v2 = makeV2Key();
  const given = (apiKey = v2, endpoint = regionEndpoint) => ({
    provider: CredentialProvider.fromApiKeyV2({ apiKey, endpoint }),
  });

  it('takes over its key and its hosts', () => {
    const { provider } = accept({ ...given(), versionId: 'v-1' });
    expect(provider.getAuthToken()).toBe(v2);
    expect(provider.getCacheEndpoint()).toBe(`cache.${regionEndpoint}`);
    expect(provider.isEndpointSecure()).toBe(true);
    expect(provider.areEndpointsOverridden()).toBe(false);
  });

  it('takes over the hosts that override those of the key', () => {
    const { provider } = accept({
      provider: CredentialProvider.fromString({
        authToken: makeV1Key(),
        endpointOverrides: { baseEndpoint: 'other.example.com', secureConnection: false },
      }),
    });
    expect(provider.getControlEndpoint()).toBe('control.other.example.com');
    expect(provider.isEndpointSecure()).toBe(false);
    expect(provider.areEndpointsOverridden()).toBe(true);
  });

  it('lets the option endpoint win', () => {
    expect(accept(given(), 'cell-9.example.com').provider.getCacheEndpoint()).toBe(
      'cache.cell-9.example.com',
    );
  });

  it('takes the empty key of a local Momento', () => {
    const { provider } = accept({ provider: CredentialProvider.forMomentoLocal({ port: 8080 }) });
    expect(provider.getAuthToken()).toBe('');
    expect(provider.getCacheEndpoint()).toBe('127.0.0.1:8080');
    expect(provider.isEndpointSecure()).toBe(false);
  });

  it('trims its key: the SDK accepts a line break, and then every request rejects where no one listens', () => {
    expect(accept(given(`${v2}\n`)).provider.getAuthToken()).toBe(v2);
    expect(() => accept(given(`${v2}\n${v2}`))).toThrow(
      refusal('key-malformed', 'it has spaces, line breaks', 'as the Momento console shows it'),
    );
  });

  it('checks its hosts: the SDK would accept a scheme, and never connect', () => {
    expect(() => accept(given(v2, 'https://example.com'))).toThrow(
      refusal('endpoint-malformed', 'it has a scheme', 'Give the host alone'),
    );
  });
});
