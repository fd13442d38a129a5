import { BlockList, isIPv4 } from 'node:net';
import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { quoteName } from '../../foundation/text/redaction.js';
import type { MomentoEndpoints } from './endpoint.js';

/**
 * Refuses a connection without TLS that gRPC would make by way of a proxy: the proxy would see the key and every value, and a
 * local server is not to be found there. gRPC has a channel option for it, which the SDK's configuration does not reach; so
 * this reads the environment as `@grpc/grpc-js` does.
 *
 * @throws MomentoConfigurationError `proxy-without-tls`
 */
export function refuseProxyWithoutTls(hosts: Required<MomentoEndpoints>): void {
  const variable = proxyVariable();
  if (hosts.secureConnection || variable === undefined) return;
  const { cacheEndpoint, controlEndpoint, tokenEndpoint } = hosts;
  const proxied = [cacheEndpoint, controlEndpoint, tokenEndpoint]
    .map(withoutPort)
    .find((host) => !goesDirect(host));
  if (proxied === undefined) return;
  const [exceptions] = exceptionsList();
  throw new MomentoConfigurationError(
    'proxy-without-tls',
    `The connection to ${quoteName(proxied)} has no TLS, and the variable ${variable} leads it through a proxy, which would see the key.`,
    `Add ${proxied} to the variable ${exceptions}, without spaces; or connect with TLS.`,
  );
}

/** The first that is set counts; gRPC ignores one that is no URL of a plain HTTP proxy. Those in capitals it does not read. */
function proxyVariable(): string | undefined {
  const name = ['grpc_proxy', 'https_proxy', 'http_proxy'].find((variable) => isSet(process.env[variable]));
  const url = name === undefined ? '' : (process.env[name] ?? '');
  return URL.canParse(url) && new URL(url).protocol === 'http:' ? name : undefined;
}

function exceptionsList(): [name: string, list: string] {
  const own = process.env['no_grpc_proxy'];
  return isSet(own) ? ['no_grpc_proxy', own] : ['no_proxy', process.env['no_proxy'] ?? ''];
}

/** By the ends of names, and by ranges of IPv4 addresses. */
function goesDirect(host: string): boolean {
  const [, list] = exceptionsList();
  return list.split(',').some((entry) => entry !== '' && (host.endsWith(entry) || isInRange(host, entry)));
}

function isInRange(host: string, entry: string): boolean {
  const [, network = '', prefix = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(entry) ?? [];
  const length = Number(prefix);
  // To gRPC a prefix of 0 bits is one of 32.
  if (!isIPv4(host) || !isIPv4(network) || length < 1 || length > 32) return false;
  const range = new BlockList();
  range.addSubnet(network, length);
  return range.check(host);
}

/** What is looked for in the list: a name, or an address without its brackets. */
function withoutPort(endpoint: string): string {
  return endpoint.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
