import { connect } from 'node:http2';
import type { CredentialProvider } from '@gomomento/sdk';
import type { TimeLimit } from '../../foundation/time-limit.js';

const grpcDefaultPort = 443;

/**
 * Whether something that speaks HTTP/2 answers where Momento should be. Sends nothing but the greeting of the protocol.
 *
 * gRPC has no time limit for a server that accepts a connection and stays silent: each client that meets one leaves a
 * connection that nothing ends. So this comes before any client is made, and leaves none.
 */
export async function isReachable(provider: CredentialProvider, limit: TimeLimit): Promise<boolean> {
  // gRPC goes by way of the proxy; what a direct connection meets says nothing.
  if (isProxied()) return true;
  const session = connect(urlOf(provider));
  const answered = new Promise<boolean>((resolve) => {
    session.once('remoteSettings', () => resolve(true));
    // Whether a certificate is to be trusted is for gRPC to say, which may have been given other roots: something did answer.
    session.once('error', (error) => resolve(!('syscall' in error)));
    session.once('close', () => resolve(false));
  });
  return limit
    .race(answered)
    .catch(() => false)
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
