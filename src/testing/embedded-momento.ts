import { CredentialProvider } from '@gomomento/sdk';
import type { CredentialSource, FetchedCredential } from '../credentials/fetched/credential-source.js';
import { MomentoLocal } from '../local/index.js';

export interface EmbeddedMomentoOptions {
  /** The clock that TTLs and topics follow, in milliseconds since 1970. @default Date.now */
  readonly now?: (() => number) | undefined;
}

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
        this.#listening ??= this.server.listen();
        await this.#listening;
        const { hostname, port } = this.server;
        return { provider: CredentialProvider.forMomentoLocal({ hostname, port }) };
      },
      close: async () => {
        if (isUsed) this.#users -= 1;
        isUsed = false;
        if (this.#users > 0 || this.#listening === undefined) return;
        await this.#listening;
        await this.server.stop();
      },
    };
  }
}
