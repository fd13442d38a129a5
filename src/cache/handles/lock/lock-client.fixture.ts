import {
  type CacheClient,
  CacheIncrement,
  CacheSetIfAbsentOrEqual,
  CacheSetIfEqual,
  ServerUnavailableError,
} from '@gomomento/sdk';

/** What happens to a request: how long it and its answer are under way, in milliseconds, and whether one of them is lost. */
export interface Way {
  readonly thereMs?: number;
  readonly backMs?: number;
  readonly lost?: 'request' | 'answer';
}

interface Item {
  readonly value: string;
  readonly endsAtMs: number;
}

/**
 * What a lock needs of Momento, by the clock of the process, which may be a faked one: so that a request can be lost after it
 * was carried out, and hours pass at once.
 */
export class LockClient {
  readonly items = new Map<string, Item>();
  /** Of each request, in order. */
  readonly sent: ('take' | 'renew' | 'release' | 'number')[] = [];
  readonly #wayOf: (what: LockClient['sent'][number]) => Way;

  constructor(wayOf: (what: LockClient['sent'][number]) => Way = () => ({})) {
    this.#wayOf = wayOf;
  }

  get client(): CacheClient {
    return this as unknown as CacheClient;
  }

  valueOf(key: string): string | undefined {
    const item = this.items.get(key);
    return item !== undefined && item.endsAtMs > performance.now() ? item.value : undefined;
  }

  put(key: string, value: string, ttlSeconds: number): void {
    this.items.set(key, { value, endsAtMs: performance.now() + ttlSeconds * 1000 });
  }

  setIfAbsentOrEqual(
    _cacheName: string,
    key: string,
    value: string,
    equal: string,
    { ttl }: { readonly ttl: number },
  ): Promise<CacheSetIfAbsentOrEqual.Response> {
    return this.#request('take', () => {
      if (![undefined, equal].includes(this.valueOf(key))) return new CacheSetIfAbsentOrEqual.NotStored();
      this.put(key, value, ttl);
      return new CacheSetIfAbsentOrEqual.Stored();
    });
  }

  setIfEqual(
    _cacheName: string,
    key: string,
    value: string,
    equal: string,
    { ttl }: { readonly ttl: number },
  ): Promise<CacheSetIfEqual.Response> {
    const what = key.includes('lock-number:') ? 'number' : value === equal ? 'renew' : 'release';
    return this.#request(what, () => {
      if (this.valueOf(key) !== equal) return new CacheSetIfEqual.NotStored();
      this.put(key, value, ttl);
      return new CacheSetIfEqual.Stored();
    });
  }

  increment(
    _cacheName: string,
    key: string,
    amount: number,
    { ttl }: { readonly ttl: number },
  ): Promise<CacheIncrement.Response> {
    return this.#request('number', () => {
      const sum = Number(this.valueOf(key) ?? 0) + amount;
      this.put(key, String(sum), ttl);
      return new CacheIncrement.Success(sum);
    });
  }

  async #request<R>(what: LockClient['sent'][number], carryOut: () => R): Promise<R> {
    this.sent.push(what);
    const { thereMs, backMs, lost } = this.#wayOf(what);
    await underWay(thereMs);
    if (lost === 'request') throw new ServerUnavailableError('lost on the way there');
    const answer = carryOut();
    await underWay(backMs);
    if (lost === 'answer') throw new ServerUnavailableError('lost on the way back');
    return answer;
  }
}

async function underWay(durationMs = 0): Promise<void> {
  if (durationMs > 0) await new Promise((resolve) => setTimeout(resolve, durationMs));
}
