import { MomentoConfigurationError } from '../momento.errors.js';

/**
 * Where Momento is reached.
 *
 * - a string: a region's endpoint such as `cell-4-us-west-2-1.prod.a.momentohq.com`, over TLS; or a loopback
 *   `host:port` such as `127.0.0.1:8080`, a local Momento without TLS
 * - `{ baseEndpoint, endpointPrefix?, secureConnection? }`: the same with a prefix, as private link needs it
 * - `{ cacheEndpoint, controlEndpoint, tokenEndpoint, secureConnection? }`: each host as given
 */
export type MomentoEndpoint = string | MomentoBaseEndpoint | MomentoEndpoints;

export interface MomentoBaseEndpoint {
  readonly baseEndpoint: string;
  readonly endpointPrefix?: string;
  /** @default true */
  readonly secureConnection?: boolean;
}

export interface MomentoEndpoints {
  readonly cacheEndpoint: string;
  readonly controlEndpoint: string;
  readonly tokenEndpoint: string;
  /** @default true */
  readonly secureConnection?: boolean;
}

const hostAndPort =
  /^(?<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)(?::(?<port>\d{1,5}))?$/;
const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * The hosts of the data, control and token planes.
 *
 * @param from what the endpoint was found in, for the error
 * @throws MomentoConfigurationError `endpoint-malformed`, because the SDK would accept `https://x` and never connect
 */
export function resolveEndpoints(endpoint: MomentoEndpoint, from: string): Required<MomentoEndpoints> {
  if (typeof endpoint === 'string')
    return isLocalServer(endpoint) ? sameHost(endpoint) : regionHosts(endpoint, from);
  if ('baseEndpoint' in endpoint) {
    const { baseEndpoint, endpointPrefix, secureConnection } = endpoint;
    return regionHosts(baseEndpoint, from, endpointPrefix, secureConnection);
  }
  const { cacheEndpoint, controlEndpoint, tokenEndpoint, secureConnection = true } = endpoint;
  return {
    cacheEndpoint: checkHost(cacheEndpoint, from),
    controlEndpoint: checkHost(controlEndpoint, from),
    tokenEndpoint: checkHost(tokenEndpoint, from),
    secureConnection,
  };
}

function regionHosts(
  base: string,
  from: string,
  prefix?: string,
  secureConnection = true,
): Required<MomentoEndpoints> {
  const host = checkHost(base, from);
  const before = prefix === undefined || prefix === '' ? '' : `${checkHost(prefix, from)}.`;
  return {
    cacheEndpoint: `${before}cache.${host}`,
    controlEndpoint: `${before}control.${host}`,
    tokenEndpoint: `${before}token.${host}`,
    secureConnection,
  };
}

/** A plaintext server can only be one on this machine: a key never leaves it without TLS by way of a string. */
function isLocalServer(endpoint: string): boolean {
  const { host, port } = hostAndPort.exec(endpoint)?.groups ?? {};
  return host !== undefined && port !== undefined && loopbackHost.test(host);
}

function sameHost(host: string): Required<MomentoEndpoints> {
  return { cacheEndpoint: host, controlEndpoint: host, tokenEndpoint: host, secureConnection: false };
}

function checkHost(host: string, from: string): string {
  if (typeof host === 'string' && hostAndPort.test(host)) return host;
  throw new MomentoConfigurationError(
    'endpoint-malformed',
    `The Momento endpoint of ${from} is not a host name${describeFault(host)}.`,
    "Give the host alone, without scheme, path or spaces, such as 'cell-4-us-west-2-1.prod.a.momentohq.com'.",
  );
}

/** Names the fault without quoting the text, which may be a key that was put into the wrong field. */
function describeFault(host: unknown): string {
  if (typeof host !== 'string') return ` but ${host === null ? 'null' : typeof host}`;
  if (host.trim() === '') return ': it is empty';
  if (host.includes('://')) return ': it has a scheme';
  if (host.includes('/')) return ': it has a path';
  return '';
}
