import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';

/** An HTTP server that can go away, resetting its connections, and come back on the same port. It holds no process. */
export class HttpListener {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #closed: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly hostname: string,
    private readonly onRequest: RequestListener,
  ) {}

  get port(): number {
    return this.#port;
  }

  /** @throws Error with a `code` such as `EADDRINUSE` */
  async open(port = this.#port): Promise<void> {
    await this.#closed;
    if (this.#server) return;
    const server = createServer(this.onRequest);
    // Longer than a client pauses between calls: else a call may meet a connection that is just being closed.
    server.keepAliveTimeout = 120_000;
    server.on('connection', (socket) => {
      this.#sockets.add(socket.unref());
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server = server;
    try {
      server.listen(port, this.hostname);
      await once(server, 'listening');
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
    server.unref();
    const address = server.address();
    if (typeof address === 'object' && address) this.#port = address.port;
  }

  /** Resolves when nothing is left open. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server) {
      this.#server = undefined;
      this.#closed = once(server, 'close');
      server.close();
      for (const socket of this.#sockets) socket.resetAndDestroy();
    }
    await this.#closed;
  }
}
