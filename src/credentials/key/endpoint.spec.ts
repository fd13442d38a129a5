import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeLegacyKey, makeV1Key, makeV2Key, regionEndpoint } from '../../../test/support/keys.js';
import { type MomentoEndpoint, resolveEndpoints } from './endpoint.js';

const resolve = (endpoint: MomentoEndpoint) => resolveEndpoints(endpoint, 'the option endpoint');

/** As a caller without types does. */
const resolveUntyped = (endpoint: unknown): unknown =>
  Reflect.apply(resolveEndpoints, undefined, [endpoint, 'the option endpoint']);

const regionHosts = {
  cacheEndpoint: `cache.${regionEndpoint}`,
  controlEndpoint: `control.${regionEndpoint}`,
  tokenEndpoint: `token.${regionEndpoint}`,
  secureConnection: true,
};

const allHosts = (host: string, secureConnection: boolean) => ({
  cacheEndpoint: host,
  controlEndpoint: host,
  tokenEndpoint: host,
  secureConnection,
});

/** Private link: the SDK puts the prefix before the plane, as `vpce.cache.…`. */
const prefixedHosts = {
  cacheEndpoint: `vpce.cache.${regionEndpoint}`,
  controlEndpoint: `vpce.control.${regionEndpoint}`,
  tokenEndpoint: `vpce.token.${regionEndpoint}`,
  secureConnection: true,
};

describe('resolveEndpoints', () => {
  it.each<[string, MomentoEndpoint, object]>([
    ['a region’s endpoint', regionEndpoint, regionHosts],
    ['a region’s endpoint as baseEndpoint', { baseEndpoint: regionEndpoint }, regionHosts],
    ['a private link', { baseEndpoint: regionEndpoint, endpointPrefix: 'vpce' }, prefixedHosts],
    ['an empty prefix', { baseEndpoint: regionEndpoint, endpointPrefix: '' }, regionHosts],
    [
      'a base without TLS, when it is asked for',
      { baseEndpoint: regionEndpoint, secureConnection: false },
      { ...regionHosts, secureConnection: false },
    ],
    [
      'hosts of one’s own',
      { cacheEndpoint: 'a.test', controlEndpoint: 'b.test:443', tokenEndpoint: 'c_d.test' },
      {
        cacheEndpoint: 'a.test',
        controlEndpoint: 'b.test:443',
        tokenEndpoint: 'c_d.test',
        secureConnection: true,
      },
    ],
    [
      'hosts without TLS, when it is asked for',
      allHosts('momento:8080', false),
      allHosts('momento:8080', false),
    ],
  ])('resolves %s', (_what, endpoint, expected) => {
    expect(resolve(endpoint)).toEqual(expected);
  });

  it.each(['127.0.0.1:8080', '127.1.2.3:1', 'localhost:8080', 'LOCALHOST:8080', '[::1]:8080'])(
    'takes %s for a local Momento, without TLS',
    (endpoint) => {
      expect(resolve(endpoint)).toEqual(allHosts(endpoint, false));
    },
  );

  it('never leaves this machine without TLS by way of a string', () => {
    fc.assert(
      fc.property(fc.domain(), fc.option(fc.integer({ min: 1, max: 65_535 })), (host, port) => {
        const endpoint = port === null ? host : `${host}:${port}`;
        expect(resolve(endpoint)).toMatchObject({
          cacheEndpoint: `cache.${endpoint}`,
          secureConnection: true,
        });
      }),
    );
    for (const endpoint of ['localhost', 'localhost.evil:80', '127.0.0.1.evil:80', 'momento:80', 'a.1x:80']) {
      expect(resolve(endpoint)).toMatchObject({ cacheEndpoint: `cache.${endpoint}`, secureConnection: true });
    }
  });

  it.each([
    '127.999.999.999:8080',
    '127.0.0.256:8080',
    '127.0.0.01:8080',
    '127.1:8080',
    '2130706433:8080',
    '0x7f000001:8080',
    '0x7f.1:8080',
    '0.0.0.0:8080',
    '128.0.0.1:8080',
    '127.0.0.1',
    '10.0.0.1',
    '[::]:8080',
    '[::2]:8080',
    '[::ffff:7f00:1]:8080',
    '[::1]',
    '[:::1]:8080',
  ])('takes %s neither for a local Momento nor for a region', (endpoint) => {
    for (const given of [endpoint, { baseEndpoint: endpoint }])
      expect(() => resolve(given)).toThrow(
        expect.objectContaining({
          code: 'endpoint-malformed',
          message: expect.stringContaining('is not a host name: it is an address or a number.'),
          advice: expect.stringContaining("a local server with its port, such as '127.0.0.1:8080'"),
        }),
      );
  });

  it('takes an address for each plane as given, when it is one', () => {
    for (const address of ['10.0.0.1:8080', '10.0.0.1', '[2001:db8::1]:443'])
      expect(resolve(allHosts(address, true))).toEqual(allHosts(address, true));
    for (const address of ['127.1:8080', '10.0.0.256', '2130706433', '[:::1]:443'])
      expect(() => resolve(allHosts(address, true))).toThrow('it is an address or a number');
  });

  it.each<[string, unknown, string]>([
    ['a scheme', `https://${regionEndpoint}`, 'it has a scheme'],
    ['a scheme and a path', `https://${regionEndpoint}/cache`, 'it has a scheme'],
    ['a path', `${regionEndpoint}/cache`, 'it has a path'],
    ['a slash at its end', `${regionEndpoint}/`, 'it has a path'],
    ['a space before it', ` ${regionEndpoint}`, 'it has spaces'],
    ['a line break at its end', `${regionEndpoint}\n`, 'it has spaces'],
    ['nothing in it', '', 'it is empty'],
    ['spaces alone', '  ', 'it is empty'],
    ['a query', `${regionEndpoint}?a=b`, 'is not a host name.'],
    ['a user', `me@${regionEndpoint}`, 'is not a host name.'],
    ['a dot at its end', `${regionEndpoint}.`, 'is not a host name.'],
    ['an IPv6 address without brackets', '::1', 'is not a host name.'],
    ['an IPv4 address within an IPv6 address', '[::ffff:127.0.0.1]:8080', 'is not a host name.'],
    ['a port that is none', 'localhost:99999', 'is not a host name.'],
    ['a port that is no number', 'localhost:http', 'is not a host name.'],
    ['null in it', null, 'but null'],
    ['undefined in it', undefined, 'but undefined'],
    ['a number in it', 8080, 'but number'],
  ])('refuses a host with %s, wherever it stands', (_what, host, fault) => {
    const planes = allHosts(regionEndpoint, true);
    const endpoints: unknown[] = [
      { baseEndpoint: host },
      { ...planes, cacheEndpoint: host },
      { ...planes, controlEndpoint: host },
      { ...planes, tokenEndpoint: host },
      ...(typeof host === 'string' ? [host] : []),
      ...(typeof host === 'string' && host !== ''
        ? [{ baseEndpoint: regionEndpoint, endpointPrefix: host }]
        : []),
    ];
    for (const endpoint of endpoints) {
      expect(() => resolveUntyped(endpoint)).toThrow(
        expect.objectContaining({
          code: 'endpoint-malformed',
          message: expect.stringMatching(/^The Momento endpoint in the option endpoint is not a host name/),
          advice:
            "Give the host alone, without scheme, path or spaces, such as 'cell-4-us-west-2-1.prod.a.momentohq.com', or a local server with its port, such as '127.0.0.1:8080'.",
        }),
      );
      expect(() => resolveUntyped(endpoint)).toThrow(fault);
    }
  });

  it.each([
    ['a v1 key', makeV1Key()],
    ['a v1 key of letters and digits alone', 'eyJ'.padEnd(200, 'a1B2')],
    ['a legacy key', makeLegacyKey()],
    ['a v2 key', makeV2Key()],
    ['a v2 key and a space', `${makeV2Key()} `],
    ['a v2 key with a scheme', `https://${makeV2Key()}`],
  ])('refuses %s in the place of the endpoint, and does not show it', (_what, key) => {
    expect(() => resolve(key)).toThrow(
      expect.objectContaining({
        code: 'endpoint-malformed',
        message: expect.not.stringContaining(key.slice(0, 12)),
      }),
    );
  });
});
