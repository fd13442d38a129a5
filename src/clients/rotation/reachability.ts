import { connect } from 'node:http2';
import type { CredentialProvider } from '@gomomento/sdk';
import type { TimeLimit } from '../../foundation/time/time-limit.js';

const grpcDefaultPort = 443;

/** What is said of a host that accepts a connection and stays silent. */
export const noAnswer = 'no answer';

/**
 * Greets what is where Momento should be, in HTTP/2, and sends nothing else.
 *
 * gRPC has no time limit for a server that accepts a connection and stays silent: each client that meets one leaves a
 * connection that nothing ends. So this comes before any client is made, and leaves none.
 *
 * @returns why it cannot be reached, such as `ECONNREFUSED`; undefined when it answers
 */
export async function faultOfConnecting(
  provider: CredentialProvider,
  limit: TimeLimit,
): Promise<string | undefined> {
  // gRPC goes by way of the proxy; what a direct connection meets says nothing.
  if (isProxied()) return undefined;
  const session = connect(urlOf(provider));
  const fault = new Promise<string | undefined>((resolve) => {
    session.once('remoteSettings', () => resolve(undefined));
    session.once('error', (error: NodeJS.ErrnoException) =>
      // Whether a certificate is to be trusted is for gRPC to say, which may have been given other roots: something did answer.
      resolve(error.syscall === undefined ? undefined : (error.code ?? noAnswer)),
    );
    session.once('close', () => resolve(noAnswer));
  });
  return limit
    .race(fault)
    .catch(() => noAnswer)
    .finally(() => session.destroy());
}

/** The variables that gRPC for Node looks at (`http_proxy.ts` in `@grpc/grpc-js`). */
function isProxied(): boolean {
  return ['grpc_proxy', 'https_proxy', 'http_proxy'].some((name) => (process.env[name] ?? '') !== '');
}

function urlOf(provider: CredentialProvider): string {
  const host = provider.getCacheEndpoint();
  const scheme = provider.isEndpointSecure() ? 'https' : 'http';
  return /:\d+$/.test(host) ? `${scheme}://${host}` : `${scheme}://${host}:${grpcDefaultPort}`;
}
