import { BlockList, isIP, isIPv6 } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** The address in a host as URLs and `Host` headers have it: that of IPv6 stands in brackets there. */
export function unbracketed(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

/** Whether a host, without a port, is this very machine. Names but `localhost` may be resolved to anything. */
export function isLoopback(host: string): boolean {
  const address = unbracketed(host);
  return isIP(address) === 0
    ? address.toLowerCase() === 'localhost'
    : LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** Says, as a warning of the process, that others can reach a server which asks nobody who they are. */
export function warnUnlessLoopback(server: string, hostname: string): void {
  if (!isLoopback(hostname)) {
    process.emitWarning(
      `${server} listens on ${hostname}, where other machines may reach it: whoever does can read and change what it holds. ` +
        'Leave its hostname out to be reached from this machine alone.',
      { code: 'MOMENTO_LOCAL_NOT_LOOPBACK' },
    );
  }
}
