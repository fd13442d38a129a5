import { MomentoClosedError, MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { type Credential, isRefusedBySdk, keyRefused, toCredential } from '../fetched/credential.js';
import type {
  CredentialFetchContext,
  CredentialSource,
  FetchedCredential,
} from '../fetched/credential-source.js';
import type { MomentoEndpoint } from '../key/endpoint.js';
import { describeError, endSentence, textOf } from '../../foundation/text/describe-error.js';
import { SourceUnavailableError } from '../sources/source-unavailable.error.js';
import { TimeLimit, TimeLimitExceeded } from '../../foundation/time/time-limit.js';

export interface CredentialLoaderOptions {
  readonly connectionName: string;
  readonly source: CredentialSource;
  /** Wins over what the key says. */
  readonly endpoint?: MomentoEndpoint;
  /** How long one load may take, tries and pauses together. */
  readonly bootTimeoutSeconds: number;
}

const firstRetryDelayMs = 100;
const longestRetryDelayMs = 2_000;

/** Fetches a source's key and reads it, within a time that is bounded whether or not the source listens to its signal. */
export class CredentialLoader {
  readonly #options: CredentialLoaderOptions;
  readonly #closing: AbortSignal;

  constructor(options: CredentialLoaderOptions, closing: AbortSignal) {
    this.#options = options;
    this.#closing = closing;
  }

  /** For the boot: tried again while the failures may pass and there is time. @throws MomentoConfigurationError */
  loadFirst(): Promise<Credential> {
    return this.#load(false, Number.POSITIVE_INFINITY);
  }

  /** For a refresh: past the source's caches, and tried once, because it comes again. @throws MomentoConfigurationError */
  loadAgain(): Promise<Credential> {
    return this.#load(true, 1);
  }

  async #load(refresh: boolean, mostTries: number): Promise<Credential> {
    const { source, endpoint, bootTimeoutSeconds } = this.#options;
    const limit = new TimeLimit(bootTimeoutSeconds * 1000, this.#closing);
    let lastFailure: unknown;
    try {
      for (
        let delayMs = firstRetryDelayMs, tries = 0;
        ;
        delayMs = Math.min(delayMs * 2, longestRetryDelayMs)
      ) {
        if (this.#closing.aborted) throw new MomentoClosedError(this.#options.connectionName);
        if (limit.isOver || tries === mostTries) throw this.#unreachable(lastFailure);
        tries += 1;
        try {
          const fetched = await limit.race(fetchFrom(source, { signal: limit.signal, refresh }));
          return toCredential(fetched, endpoint, source.describe());
        } catch (error) {
          if (error instanceof MomentoConfigurationError) throw error;
          if (isRefusedBySdk(error)) throw keyRefused(source.describe());
          if (!(error instanceof TimeLimitExceeded)) lastFailure = error;
        }
        if (tries < mostTries) await limit.pause(delayMs * (0.5 + Math.random() / 2));
      }
    } finally {
      limit.release();
    }
  }

  #unreachable(failure: unknown): MomentoConfigurationError {
    const { source, bootTimeoutSeconds } = this.#options;
    const reason = failure === undefined ? 'It did not answer.' : messageOf(failure);
    const { advice, code = 'source-unreachable' } = failure instanceof SourceUnavailableError ? failure : {};
    return new MomentoConfigurationError(
      code,
      `No key came from ${source.describe()} within ${bootTimeoutSeconds} s. ${endSentence(reason)}`,
      advice ??
        'Check that the process can reach it (network, VPC endpoint, security group), or raise the option bootTimeoutSeconds.',
    );
  }
}

/** A source of the user's may throw at once, or return no promise. */
async function fetchFrom(
  source: CredentialSource,
  context: CredentialFetchContext,
): Promise<FetchedCredential> {
  return source.fetch(context);
}

/** A parser's message quotes what it failed on, which may be the key; no other should, but sources may be of the user's making. */
export function messageOf(error: unknown): string {
  return textOf(error, 'name') === 'SyntaxError' ? 'The answer could not be read.' : describeError(error);
}
