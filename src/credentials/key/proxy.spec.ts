import { describe, expect, it } from 'vitest';
import { stubEnvironment, useIsolatedEnvironment } from '../../../test/support/stubbed-environment.js';
import { resolveEndpoints } from './endpoint.js';
import { refuseProxyWithoutTls } from './proxy.js';

useIsolatedEnvironment();

const proxy = 'http://user:password@proxy.test:3128';

function connect(endpoint: string, environment: Readonly<Record<string, string>>): string {
  stubEnvironment({
    grpc_proxy: '',
    https_proxy: '',
    http_proxy: '',
    no_grpc_proxy: '',
    no_proxy: '',
    ...environment,
  });
  try {
    refuseProxyWithoutTls(resolveEndpoints(endpoint, 'the option endpoint'));
    return 'connects';
  } catch (error) {
    return String(error);
  }
}

describe('refuseProxyWithoutTls', () => {
  it.each(['grpc_proxy', 'https_proxy', 'http_proxy'])('refuses a local server behind %s', (variable) => {
    const said = connect('127.0.0.1:8080', { [variable]: proxy });
    expect(said).toBe(
      `MomentoConfigurationError: The connection to '127.0.0.1' has no TLS, and the variable ${variable} leads it through a proxy, which would see the key. Add 127.0.0.1 to the variable no_proxy, without spaces; or connect with TLS.`,
    );
    expect(said).not.toContain('password');
  });

  it('names the list that counts', () => {
    expect(connect('[::1]:8080', { http_proxy: proxy, no_grpc_proxy: 'a.test', no_proxy: '::1' })).toContain(
      'Add ::1 to the variable no_grpc_proxy',
    );
  });

  it.each<[string, string, Record<string, string>]>([
    ['no proxy', '127.0.0.1:8080', {}],
    ['TLS', 'cell-0.example.com', { http_proxy: proxy }],
    ['a proxy in capitals, which gRPC does not read', '127.0.0.1:8080', { HTTP_PROXY: proxy }],
    ['a proxy that is no URL', '127.0.0.1:8080', { http_proxy: 'proxy' }],
    ['a proxy of another kind', '127.0.0.1:8080', { http_proxy: 'socks5://proxy.test:1080' }],
    ['a first proxy that gRPC ignores', '127.0.0.1:8080', { grpc_proxy: 'proxy', http_proxy: proxy }],
    ['its address in no_proxy', '127.0.0.1:8080', { http_proxy: proxy, no_proxy: 'a.test,127.0.0.1' }],
    ['its name in no_proxy', 'localhost:8080', { http_proxy: proxy, no_proxy: 'localhost' }],
    ['its IPv6 address in no_proxy', '[::1]:8080', { http_proxy: proxy, no_proxy: '::1' }],
    ['its address in no_grpc_proxy', '127.0.0.1:8080', { http_proxy: proxy, no_grpc_proxy: '127.0.0.1' }],
    ['its range in no_proxy', '127.0.0.1:8080', { http_proxy: proxy, no_proxy: '127.0.0.0/8' }],
  ])('lets a connection be with %s', (_what, endpoint, environment) => {
    expect(connect(endpoint, environment)).toBe('connects');
  });

  it.each(['', ',', ' 127.0.0.1', '*', 'localhost', '127.0.0.0/0', '10.0.0.0/8', '127.0.0.1:8080'])(
    'refuses it with no_proxy %j, which gRPC does not take for it',
    (list) => {
      expect(connect('127.0.0.1:8080', { http_proxy: proxy, no_proxy: list })).toContain('has no TLS');
    },
  );
});
