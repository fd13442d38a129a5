import { readFile } from 'node:fs/promises';
import type { MomentoLocal } from '../momento/momento-local.js';
import { hostOf } from './address.js';
import type { BinOptions } from './options.js';

/** The seed file cannot be used; the message says why, in one line. */
export class SeedError extends Error {
  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(`cannot seed from ${file}: ${reason.replaceAll(/\s+/g, ' ')}`, options);
  }
}

interface SeedItem {
  readonly cacheName: string;
  readonly key: string;
  readonly value: string;
}

const SHAPE = 'it must hold { "cache": { "key": value, ... }, ... }';
/** Sets at a time, each an operation: what the documented limits allow in a second. */
const BATCH_ITEMS = 100;
const DAY_SECONDS = 24 * 60 * 60;
/** Longer than a server runs. */
const YEAR_SECONDS = 365 * DAY_SECONDS;
/** For one batch, which may hold 100 items of the largest size. */
const TIMEOUT_MS = 60_000;

/** Items to put into a server before anyone uses it. */
export class Seed {
  readonly cacheNames: readonly string[];
  readonly #file: string;
  readonly #batches: readonly (readonly SeedItem[])[];
  readonly #ttlSeconds: number;
  #batchesLeft: number;

  private constructor(file: string, content: Readonly<Record<string, object>>, limits: BinOptions['limits']) {
    this.#file = file;
    this.cacheNames = Object.keys(content);
    const items = Object.entries(content).flatMap(([cacheName, values]) =>
      Object.entries(values).map(([key, value]: [string, unknown]) => ({
        cacheName,
        key,
        value: typeof value === 'string' ? value : JSON.stringify(value),
      })),
    );
    this.#batches = Array.from({ length: Math.ceil(items.length / BATCH_ITEMS) }, (_, index) =>
      items.slice(index * BATCH_ITEMS, (index + 1) * BATCH_ITEMS),
    );
    this.#batchesLeft = this.#batches.length;
    this.#ttlSeconds = limits === 'documented' ? DAY_SECONDS : YEAR_SECONDS;
  }

  /** Reads the file and checks its shape. @throws SeedError */
  static async read(file: string, limits: BinOptions['limits']): Promise<Seed> {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      throw new SeedError(file, reasonOf(error), { cause: error });
    });
    return new Seed(file, contentOf(file, text), limits);
  }

  /**
   * The clock of a server that is to take the seed, in milliseconds since 1970: a second behind for each batch that is left, so that
   * a limit of operations a second holds up no seed, and is whole again for whoever comes next.
   */
  readonly now = (): number => Date.now() - this.#batchesLeft * 1000;

  /** Creates the caches that are missing and sets the items, through the SDK. @throws SeedError */
  async plant(momento: MomentoLocal): Promise<void> {
    for (const name of this.cacheNames) {
      if (!momento.cacheNames.includes(name)) this.#create(momento, name);
    }
    // Loads only when there is a seed: the SDK takes longer to load than the servers to start.
    const { CacheClient, CacheSet, Configurations, CredentialProvider, NoopMomentoLoggerFactory } =
      await import('@gomomento/sdk');
    const client = new CacheClient({
      configuration: Configurations.Laptop.latest(new NoopMomentoLoggerFactory()).withClientTimeoutMillis(
        TIMEOUT_MS,
      ),
      credentialProvider: CredentialProvider.forMomentoLocal({
        hostname: hostOf(momento.hostname),
        port: momento.port,
      }),
      defaultTtlSeconds: this.#ttlSeconds,
    });
    const set = async ({ cacheName, key, value }: SeedItem) => {
      const answer = await client.set(cacheName, key, value);
      return answer instanceof CacheSet.Error
        ? new SeedError(this.#file, `key '${key}' of cache '${cacheName}': ${answer.message()}`)
        : undefined;
    };
    try {
      for (const batch of this.#batches) {
        // All are answered before one of them ends it: the SDK would retry on a closed client.
        const failure = (await Promise.all(batch.map(set))).find((error) => error !== undefined);
        if (failure) throw failure;
        this.#batchesLeft -= 1;
      }
    } finally {
      client.close();
    }
  }

  #create(momento: MomentoLocal, name: string): void {
    try {
      momento.createCache(name);
    } catch (error) {
      throw new SeedError(this.#file, `cache '${name}': ${reasonOf(error)}`, { cause: error });
    }
  }
}

function contentOf(file: string, text: string): Readonly<Record<string, object>> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new SeedError(file, `not JSON: ${reasonOf(error)}`, { cause: error });
  }
  if (!isRecord(content)) throw new SeedError(file, SHAPE);
  const caches: [string, object][] = Object.entries(content).map(([name, items]: [string, unknown]) => {
    if (!isRecord(items)) throw new SeedError(file, `${SHAPE}, and cache '${name}' is no object of items`);
    return [name, items];
  });
  return Object.fromEntries(caches);
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
