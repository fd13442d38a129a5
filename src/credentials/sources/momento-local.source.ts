import { CredentialProvider } from '@gomomento/sdk';
import type { CredentialSource } from '../credential-source.js';

export interface MomentoLocalSourceOptions {
  /** @default '127.0.0.1' */
  readonly hostname?: string;
  /** @default 8080 */
  readonly port?: number;
}

/** No key at all: a local Momento, `MomentoLocal` or the official one, on this machine. */
export function fromMomentoLocal(options: MomentoLocalSourceOptions = {}): CredentialSource {
  const { hostname = '127.0.0.1', port = 8080 } = options;
  const description = `local Momento at ${hostname}:${port}`;
  return {
    describe: () => description,
    fetch: async () => ({ provider: CredentialProvider.forMomentoLocal({ hostname, port }) }),
  };
}
