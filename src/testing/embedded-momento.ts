import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import { CredentialProvider } from '@gomomento/sdk';
import type { CredentialSource, FetchedCredential } from '../credentials/fetched/credential-source.js';
import { MomentoLocal } from '../local/index.js';

export interface EmbeddedMomentoOptions {
  /** The clock that TTLs and topics follow, in milliseconds since 1970. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** Node tells here of each client socket that it makes. */
const clientSockets = 'net.client.socket';

/**
 * A Momento inside the test's process, empty, without keys, that makes caches as they are named. Its faults can be set at
 * once; it listens when it is first used, and stops when the last connection that used it is closed.
 */
export class EmbeddedMomento {
  readonly server: MomentoLocal;
  #listening: Promise<void> | undefined;
  #users = 0;

  constructor({ now = Date.now }: EmbeddedMomentoOptions = {}) {
    this.server = MomentoLocal.create({ autoCreateCaches: true, now });
  }

  /** A source for one connection. */
  source(): CredentialSource {
    let isUsed = false;
    return {
      isFixed: true,
      describe: () => 'Momento embedded in the test',
      fetch: async (): Promise<FetchedCredential> => {
        if (!isUsed) this.#users += 1;
        isUsed = true;
        this.#listening ??= this.#listen();
        await this.#listening;
        const { hostname, port } = this.server;
        return { provider: CredentialProvider.forMomentoLocal({ hostname, port }) };
      },
      close: async () => {
        if (isUsed) this.#users -= 1;
        isUsed = false;
        if (this.#users > 0 || this.#listening === undefined) return;
        await this.#listening;
        unsubscribe(clientSockets, this.#letGo);
        await this.server.stop();
      },
    };
  }

  async #listen(): Promise<void> {
    await this.server.listen();
    subscribe(clientSockets, this.#letGo);
  }

  /** A test that forgot to close its app, with a subscription open, is to end: nothing can come from outside of the process. */
  readonly #letGo = (message: unknown): void => {
    const socket: unknown = Reflect.get(Object(message), 'socket');
    if (!(socket instanceof Socket)) return;
    socket.once('connect', () => {
      if (socket.remotePort !== this.server.port) return;
      // gRPC holds a connection for as long as a stream is open on it.
      socket.ref = () => socket;
      socket.unref();
    });
  };
}
