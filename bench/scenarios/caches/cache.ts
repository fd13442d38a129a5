import {
  CacheClient,
  type CacheGet,
  Configurations,
  CredentialProvider,
  NoopMomentoLoggerFactory,
} from '@gomomento/sdk';

/** A cache under test, whichever it is. */
export interface Cache {
  getOrSet(key: string, loader: () => Promise<string>): Promise<string | undefined>;
  delete(key: string): Promise<void>;
  close(): Promise<void>;
}

/** What a scenario wants of a cache. Each library gets the options that it has for it. */
export interface SetUp {
  readonly port: number;
  /** The time limit of a call to Momento. */
  readonly limitMs: number;
  /** Whole seconds. */
  readonly ttlSeconds: number;
  /** For so long after that, a value may be handed out while a new one is loaded. */
  readonly graceSeconds?: number;
  /** After so long, a caller gets a value in its grace, when there is one. Without it, at once. */
  readonly softLimitMs?: number;
  /** Hits are to be answered from memory, where that is not so by default. */
  readonly near?: boolean;
}

/** A library and how it is set up. */
export interface Contestant {
  readonly name: string;
  open(setUp: SetUp): Promise<Cache>;
}

/** The name of the cache at Momento. */
export const cacheName = 'bench';

export const configurationOf = ({ limitMs }: SetUp) =>
  Configurations.InRegion.Default.latest(new NoopMomentoLoggerFactory()).withClientTimeoutMillis(limitMs);

/** Text at Momento by the raw client, its errors as rejections: what every adapter here needs, and no more. */
export class Remote {
  readonly #client: CacheClient;

  constructor(setUp: SetUp) {
    this.#client = new CacheClient({
      configuration: configurationOf(setUp),
      credentialProvider: CredentialProvider.forMomentoLocal({ hostname: '127.0.0.1', port: setUp.port }),
      defaultTtlSeconds: setUp.ttlSeconds,
    });
  }

  async get(key: string): Promise<string | undefined> {
    const answer: CacheGet.Response = await this.#client.get(cacheName, key);
    return checked(answer).value();
  }

  /** @param ttlMs the default when it is left out */
  async set(key: string, value: string, ttlMs?: number): Promise<void> {
    checked(
      await this.#client.set(
        cacheName,
        key,
        value,
        ttlMs === undefined ? {} : { ttl: Math.max(1, Math.ceil(ttlMs / 1000)) },
      ),
    );
  }

  async delete(key: string): Promise<void> {
    checked(await this.#client.delete(cacheName, key));
  }

  close(): void {
    this.#client.close();
  }
}

function checked<Answer extends object>(answer: Answer): Answer {
  if ('innerException' in answer) throw (answer as unknown as CacheGet.Error).innerException();
  return answer;
}
