import {
  type CacheClient,
  type CacheGet,
  CacheGetResponse,
  CacheGetWithHashResponse,
  CacheSetIfAbsentOrHashEqualResponse,
  CacheSetIfAbsentResponse,
  CacheSetIfPresentAndHashEqualResponse,
  CacheSetResponse,
  InternalServerError,
  type SdkError,
} from '@gomomento/sdk';
import {
  type CallOutcome,
  type ErrorResponse,
  finish,
  following,
  sdkAnswer,
  sdkOutcome,
} from '../../clients/sdk/sdk-answer.js';
import { batchesOf, bytesOfItem, bytesOfKey } from './batch-size.js';
import type { CacheStore, HashedValue, ReadContinuation, StoreItem } from './cache-store.js';

/** One cache of Momento, by the injected client. */
export class MomentoStore implements CacheStore {
  readonly #client: CacheClient;
  readonly #cacheName: string;

  constructor(client: CacheClient, cacheName: string) {
    this.#client = client;
    this.#cacheName = cacheName;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.getThen(key, finish);
  }

  getThen<T>(key: string, then: ReadContinuation<T>): Promise<T> {
    return following(this.#client.get(this.#cacheName, key), (outcome) => then(sdkOutcome(outcome, valueOf)));
  }

  getMany(keys: readonly string[]): Promise<readonly CallOutcome<Uint8Array | undefined>[]> {
    return inBatches(
      batchesOf(keys, bytesOfKey),
      (batch) => this.#client.getBatch(this.#cacheName, [...batch]),
      (result) => {
        if (result.type === CacheGetResponse.Error) return { thrown: result.innerException() };
        return { value: result.type === CacheGetResponse.Hit ? result.valueUint8Array() : undefined };
      },
    );
  }

  has(key: string): Promise<boolean> {
    return sdkAnswer(this.#client.keyExists(this.#cacheName, key), (answer) => answer.exists());
  }

  set({ key, value, ttlSeconds }: StoreItem): Promise<void> {
    return sdkAnswer(this.#client.set(this.#cacheName, key, value, ttlOf(ttlSeconds)), () => undefined);
  }

  setMany(items: readonly StoreItem[]): Promise<readonly CallOutcome<void>[]> {
    return inBatches(
      batchesOf(items, bytesOfItem),
      (batch) =>
        this.#client.setBatch(
          this.#cacheName,
          batch.map(({ key, value, ttlSeconds }) => ({ key, value, ...ttlOf(ttlSeconds) })),
        ),
      (result) =>
        result.type === CacheSetResponse.Error ? { thrown: result.innerException() } : { value: undefined },
    );
  }

  delete(key: string): Promise<void> {
    return sdkAnswer(this.#client.delete(this.#cacheName, key), () => undefined);
  }

  increment(key: string, amount: number, ttlSeconds: number | undefined): Promise<number> {
    const call = this.#client.increment(this.#cacheName, key, amount, ttlOf(ttlSeconds));
    return sdkAnswer(call, (answer) => answer.value());
  }

  setIfAbsent({ key, value, ttlSeconds }: StoreItem): Promise<boolean> {
    const call = this.#client.setIfAbsent(this.#cacheName, key, value, ttlOf(ttlSeconds));
    return sdkAnswer(call, ({ type }) => type === CacheSetIfAbsentResponse.Stored);
  }

  getWithHash(key: string): Promise<HashedValue | undefined> {
    return sdkAnswer(this.#client.getWithHash(this.#cacheName, key), (answer) =>
      answer.type === CacheGetWithHashResponse.Hit
        ? { bytes: answer.valueUint8Array(), hash: answer.hashUint8Array() }
        : undefined,
    );
  }

  setIfAbsentOrHashEqual(
    { key, value, ttlSeconds }: StoreItem,
    hash: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    const call = this.#client.setIfAbsentOrHashEqual(this.#cacheName, key, value, hash, ttlOf(ttlSeconds));
    return sdkAnswer(call, (answer) =>
      answer.type === CacheSetIfAbsentOrHashEqualResponse.Stored ? answer.hashUint8Array() : undefined,
    );
  }

  setIfPresentAndHashEqual(
    { key, value, ttlSeconds }: StoreItem,
    hash: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    const call = this.#client.setIfPresentAndHashEqual(this.#cacheName, key, value, hash, ttlOf(ttlSeconds));
    return sdkAnswer(call, (answer) =>
      answer.type === CacheSetIfPresentAndHashEqualResponse.Stored ? answer.hashUint8Array() : undefined,
    );
  }
}

function valueOf(answer: CacheGet.Hit | CacheGet.Miss): Uint8Array | undefined {
  return answer.type === CacheGetResponse.Hit ? answer.valueUint8Array() : undefined;
}

/** The SDK takes a TTL of 0, and one that is undefined, for none. */
function ttlOf(ttlSeconds: number | undefined): { ttl?: number } {
  return ttlSeconds === undefined ? {} : { ttl: ttlSeconds };
}

/** Makes one call a batch, all at once. What fails a call is the outcome of each of its items. */
async function inBatches<Item, Result, T>(
  batches: readonly (readonly Item[])[],
  call: (batch: readonly Item[]) => Promise<{ results(): Result[] } | ErrorResponse>,
  outcomeOf: (result: Result) => CallOutcome<T>,
): Promise<CallOutcome<T>[]> {
  const answers = batches.map(async (batch): Promise<CallOutcome<T>[]> => {
    try {
      const results = await sdkAnswer(call(batch), (answer) => answer.results());
      // Results have no key: a missing one would give every later key the value of another.
      if (results.length !== batch.length) throw incomplete(results.length, batch.length);
      return results.map(outcomeOf);
    } catch (thrown) {
      return batch.map(() => ({ thrown }));
    }
  });
  return (await Promise.all(answers)).flat();
}

function incomplete(answered: number, asked: number): SdkError {
  return new InternalServerError(`the answer holds ${answered} of ${asked} items`);
}
