import { isIPv6 } from 'node:net';

/** Where a server listens. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** The host by which this machine reaches a server: of one that listens on every address, the loopback one. */
export function hostOf(hostname: string): string {
  if (hostname === '0.0.0.0' || hostname === '::') return '127.0.0.1';
  return isIPv6(hostname) ? `[${hostname}]` : hostname;
}

/** Where to reach a server from this machine, as `host:port`. */
export function addressOf({ hostname, port }: Address): string {
  return `${hostOf(hostname)}:${port}`;
}
