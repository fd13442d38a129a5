import { CredentialProvider } from '@gomomento/sdk';
import type { CredentialSource, FetchedCredential } from '../credentials/credential-source.js';
import { MomentoLocal } from '../local/index.js';

/**
 * A Momento inside the test's process, empty, without keys, that makes caches as they are named. It starts with the first
 * connection that uses it and stops with the last.
 */
export class EmbeddedMomentoSource implements CredentialSource {
  #server: Promise<MomentoLocal> | undefined;
  #connections = 0;

  describe(): string {
    return 'Momento embedded in the test';
  }

  start(): Promise<MomentoLocal> {
    this.#server ??= MomentoLocal.start({ port: 0, autoCreateCaches: true });
    return this.#server;
  }

  async fetch(): Promise<FetchedCredential> {
    this.#connections += 1;
    const { hostname, port } = await this.start();
    return { provider: CredentialProvider.forMomentoLocal({ hostname, port }) };
  }

  async close(): Promise<void> {
    this.#connections -= 1;
    if (this.#connections > 0) return;
    const server = await this.#server;
    await server?.stop();
  }
}
