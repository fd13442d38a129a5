import { CredentialProvider } from '@gomomento/sdk';
import type { CredentialSource, FetchedCredential } from '../credentials/credential-source.js';
import { MomentoLocal } from '../local/index.js';

/**
 * A Momento inside the test's process, empty, without keys, that makes caches as they are named. It starts when it is first
 * used, and stops when the last connection that used it is closed; a later use starts another.
 */
export class EmbeddedMomento {
  #server: Promise<MomentoLocal> | undefined;
  #users = 0;

  start(): Promise<MomentoLocal> {
    this.#server ??= MomentoLocal.start({ port: 0, autoCreateCaches: true });
    return this.#server;
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
        const { hostname, port } = await this.start();
        return { provider: CredentialProvider.forMomentoLocal({ hostname, port }) };
      },
      close: async () => {
        if (isUsed) this.#users -= 1;
        isUsed = false;
        if (this.#users > 0) return;
        const server = this.#server;
        this.#server = undefined;
        await (await server)?.stop();
      },
    };
  }
}
