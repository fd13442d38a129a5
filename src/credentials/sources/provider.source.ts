import { CredentialProvider } from '@gomomento/sdk';
import { toLine } from '../../foundation/text/redaction.js';
import type { CredentialSource, FetchedProvider } from '../fetched/credential-source.js';

/**
 * What the user gave as a source: an SDK `CredentialProvider` gives the same key every time; what a source of the user's says
 * of itself is made fit for logs.
 */
export function toCredentialSource(credentials: CredentialSource | CredentialProvider): CredentialSource {
  if (isSource(credentials)) return new GivenSource(credentials);
  return {
    isFixed: true,
    describe: () => 'the given CredentialProvider',
    fetch: async () => new GivenProvider(credentials),
  };
}

function isSource(credentials: CredentialSource | CredentialProvider): credentials is CredentialSource {
  return 'fetch' in credentials && 'describe' in credentials;
}

class GivenSource implements CredentialSource {
  readonly #source: CredentialSource;
  readonly fetch: CredentialSource['fetch'];

  constructor(source: CredentialSource) {
    this.#source = source;
    this.fetch = (context) => source.fetch(context);
  }

  get isFixed(): boolean {
    return this.#source.isFixed === true;
  }

  describe(): string {
    try {
      return toLine(this.#source.describe());
    } catch {
      return 'the given source';
    }
  }

  close(): void | Promise<void> {
    return this.#source.close?.();
  }
}

/** The SDK's own providers show their key when they are printed. */
class GivenProvider implements FetchedProvider {
  readonly #provider: CredentialProvider;

  constructor(provider: CredentialProvider) {
    this.#provider = provider;
  }

  get provider(): CredentialProvider {
    return this.#provider;
  }
}
