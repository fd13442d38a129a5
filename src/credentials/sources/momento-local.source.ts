import { isIPv6 } from 'node:net';
import { CredentialProvider } from '@gomomento/sdk';
import { showName } from '../../foundation/text/redaction.js';
import type { CredentialSource } from '../fetched/credential-source.js';

export interface MomentoLocalSourceOptions {
  /** @default '127.0.0.1' */
  readonly hostname?: string | undefined;
  /** @default 8080 */
  readonly port?: number | undefined;
}

/** No key at all: a local Momento, `MomentoLocal` or the official one, on this machine. */
export function fromMomentoLocal(options: MomentoLocalSourceOptions = {}): CredentialSource {
  const { hostname: given = '127.0.0.1', port = 8080 } = options;
  // The SDK puts a colon and the port behind it.
  const hostname = isIPv6(given) ? `[${given}]` : given;
  const description = `local Momento at ${showName(`${hostname}:${port}`)}`;
  return {
    isFixed: true,
    describe: () => description,
    fetch: async () => ({ provider: CredentialProvider.forMomentoLocal({ hostname, port }) }),
  };
}
