import { isIPv4, isIPv6 } from 'node:net';
import { MomentoConfigurationError } from '../../foundation/momento.errors.js';

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

const label = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const hostAndPort = new RegExp(
  `^(?<host>\\[[0-9a-fA-F:]+\\]|${label}(?:\\.${label})*)(?::(?<port>\\d{1,5}))?$`,
);
const highestPort = 65_535;
/** Resolvers read these as addresses, each in its own way: `127.1`, `2130706433`, `0x7f.1`, `127.999.999.999`. */
const numericHost = /(^|\.)(\d+|0x[0-9a-f]*)$/i;

/**
 * The hosts of the data, control and token planes.
 *
 * @param from what the endpoint was found in, for the error; `the option endpoint`, or the source
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
  const host = checkHost(base, from, (name) => !isAddress(name));
  const before = prefix === undefined || prefix === '' ? '' : `${checkHost(prefix, from, () => true)}.`;
  return {
    cacheEndpoint: `${before}cache.${host}`,
    controlEndpoint: `${before}control.${host}`,
    tokenEndpoint: `${before}token.${host}`,
    secureConnection,
  };
}

/** A plaintext server can only be one on this machine: a key never leaves it without TLS by way of a string. */
function isLocalServer(endpoint: string): boolean {
  const { host, port } = parseHost(endpoint) ?? {};
  return host !== undefined && port !== undefined && isLoopback(host);
}

/** No form but the usual ones: `0.0.0.0` is any address, and what resolvers make of `127.1` is theirs to say. */
function isLoopback(host: string): boolean {
  return /^(localhost|\[::1\])$/i.test(host) || (isIPv4(host) && host.startsWith('127.'));
}

function isAddress(host: string): boolean {
  return host.startsWith('[') || numericHost.test(host);
}

function isValidAddress(host: string): boolean {
  return isIPv4(host) || isIPv6(host.slice(1, -1));
}

/** By the limits of DNS, which no key meets: one that was put into the place of the endpoint is not looked up, nor logged. */
function parseHost(text: string): { host?: string; port?: string } | undefined {
  const { host, port } = hostAndPort.exec(text)?.groups ?? {};
  if (host === undefined) return undefined;
  if (port === undefined) return { host };
  return Number(port) >= 1 && Number(port) <= highestPort ? { host, port } : undefined;
}

function sameHost(host: string): Required<MomentoEndpoints> {
  return { cacheEndpoint: host, controlEndpoint: host, tokenEndpoint: host, secureConnection: false };
}

function checkHost(
  text: string,
  from: string,
  isAllowed = (host: string) => !isAddress(host) || isValidAddress(host),
): string {
  const { host } = (typeof text === 'string' ? parseHost(text) : undefined) ?? {};
  if (host !== undefined && isAllowed(host)) return text;
  throw new MomentoConfigurationError(
    'endpoint-malformed',
    `The Momento endpoint in ${from} is not a host name${describeFault(text)}.`,
    "Give the host alone, without scheme, path or spaces, such as 'cell-4-us-west-2-1.prod.a.momentohq.com', or a local server with its port, such as '127.0.0.1:8080'.",
  );
}

/** Names the fault without quoting the text, which may be a key that was put into the wrong field. */
function describeFault(host: unknown): string {
  if (typeof host !== 'string') return ` but ${host === null ? 'null' : typeof host}`;
  if (host.trim() === '') return ': it is empty';
  if (host.includes('://')) return ': it has a scheme';
  if (host.includes('/')) return ': it has a path';
  if (/\s/.test(host)) return ': it has spaces or line breaks';
  if (isAddress(parseHost(host)?.host ?? '')) return ': it is an address or a number';
  return '';
}
