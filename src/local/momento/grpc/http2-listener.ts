import { once } from 'node:events';
import { type Server as NetServer, type Socket, createServer } from 'node:net';
import { type ConnectionInjector, type Server, ServerCredentials } from '@grpc/grpc-js';

/** How long connections may take to end by themselves when the server stops. */
const GRACE_MS = 250;

export interface ListenerOptions {
  readonly hostname: string;
  readonly port: number;
  /** PEM; without them connections are in the clear. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer } | undefined;
}

/**
 * Accepts the connections itself and injects them into the gRPC server, so that they can be counted, reset, and let in again on
 * the same port without touching what the server knows. None of it holds the process: a test that forgot to stop its server still
 * ends, and a client that waits for an answer holds the process by its own end of the connection.
 */
export class Http2Listener {
  readonly #sockets = new Set<Socket>();
  readonly #injector: ConnectionInjector;
  readonly #hostname: string;
  #server: NetServer | undefined;
  #port: number;
  #accepted = 0;
  #closed = false;

  /** @throws Error when the key and certificate of `tls` cannot be used */
  constructor(grpcServer: Server, { hostname, port, tls }: ListenerOptions) {
    this.#injector = injectorOf(grpcServer, tls);
    this.#hostname = hostname;
    this.#port = port;
  }

  /** The port asked for; if that was 0, the one that was found, once it listens. */
  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  get connectionsAccepted(): number {
    return this.#accepted;
  }

  /** @throws the system's error, for instance `EADDRINUSE`. */
  async listen(): Promise<void> {
    if (this.#closed) {
      throw new Error('This MomentoLocal was stopped; start a new one');
    }
    if (this.#server !== undefined) {
      return;
    }
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server = server;
    server.listen(this.#port, this.#hostname);
    try {
      await once(server, 'listening');
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
    server.unref();
    const address = server.address();
    if (typeof address === 'object' && address !== null) {
      this.#port = address.port;
    }
  }

  /** Stops listening and resets every connection, as when a machine disappears. */
  async reset(): Promise<void> {
    const closed = this.#stopListening();
    for (const socket of this.#sockets) {
      socket.resetAndDestroy();
    }
    await closed;
  }

  /** Stops listening and lets the connections end by themselves for a moment. */
  async close(): Promise<void> {
    this.#closed = true;
    const closed = this.#stopListening();
    this.#injector.destroy();
    const grace = setTimeout(() => {
      for (const socket of this.#sockets) {
        socket.destroy();
      }
    }, GRACE_MS);
    await closed;
    clearTimeout(grace);
  }

  #accept(socket: Socket): void {
    this.#accepted += 1;
    this.#sockets.add(socket.unref());
    socket.once('close', () => this.#sockets.delete(socket));
    // A peer that vanishes is no error of the server; the HTTP/2 session sees it as well.
    socket.on('error', () => socket.destroy());
    this.#injector.injectConnection(socket);
  }

  /** Resolves when the last connection has ended. */
  async #stopListening(): Promise<void> {
    this.#server?.close();
    this.#server = undefined;
    await Promise.all(
      Array.from(this.#sockets, (socket) => new Promise((resolve) => socket.once('close', resolve))),
    );
  }
}

function injectorOf(grpcServer: Server, tls: ListenerOptions['tls']): ConnectionInjector {
  if (tls === undefined) {
    return grpcServer.createConnectionInjector(ServerCredentials.createInsecure());
  }
  const pair = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) };
  try {
    return grpcServer.createConnectionInjector(ServerCredentials.createSsl(null, [pair]));
  } catch (error) {
    throw new Error(
      'MomentoLocal cannot use the key and certificate of its option tls: give both as PEM, and the key of this very certificate',
      { cause: error },
    );
  }
}
