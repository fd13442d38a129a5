import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Accepts connections and never says a word, as a host behind a broken load balancer does. */
export interface SilentServer {
  /** `host:port`. */
  readonly address: string;
  /** Open connections. */
  readonly connections: number;
  /** All connections so far. */
  readonly accepted: number;
  stop(): Promise<void>;
}

export async function startSilentServer(): Promise<SilentServer> {
  const open = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => undefined);
    socket.resume();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    get connections() {
      return open.size;
    },
    get accepted() {
      return accepted;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
