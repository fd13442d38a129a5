import { CacheClient, type CollectionTtl, Configurations, NoopMomentoLoggerFactory } from '@gomomento/sdk';
import { afterAll, beforeAll } from 'vitest';
import { MomentoLocal } from '../../src/local/momento/momento-local.js';
import type { MomentoLocalOptions } from '../../src/local/momento/momento-local.options.js';
import { credentialsFor, nameOf, stoppedClock } from '../local/momento.fixture.js';

/** The calls of the SDK on one cache. */
export type Cache = ReturnType<CacheClient['cache']>;

/** One server and one client for a whole file; each test takes a cache of its own. */
export interface Service {
  readonly momento: MomentoLocal;
  readonly client: CacheClient;
  readonly clock: ReturnType<typeof stoppedClock>;
  /** A cache that no other test uses. */
  newCache(): Cache;
  /** A cache that does not exist. */
  missingCache(): Cache;
}

/** Starts the service of a file before its tests, with a clock that only tests move. */
export function useService(options: MomentoLocalOptions = {}): Service {
  const clock = stoppedClock();
  let running: { readonly momento: MomentoLocal; readonly client: CacheClient } | undefined;
  let cacheCount = 0;
  const started = () => {
    if (running === undefined) {
      throw new Error('The service runs only during tests');
    }
    return running;
  };
  beforeAll(async () => {
    const momento = await MomentoLocal.start({ now: clock.now, ...options });
    running = { momento, client: clientOf(momento) };
  });
  afterAll(async () => {
    started().client.close();
    await started().momento.stop();
  });
  return {
    get momento() {
      return started().momento;
    },
    get client() {
      return started().client;
    },
    clock,
    newCache() {
      const name = `cache-${(cacheCount += 1)}`;
      started().momento.createCache(name);
      return started().client.cache(name);
    },
    missingCache: () => started().client.cache('no-such-cache'),
  };
}

/** A client whose calls give up after two seconds. */
export function clientOf(momento: MomentoLocal, credentialProvider = credentialsFor(momento)): CacheClient {
  const configuration = Configurations.Laptop.latest(new NoopMomentoLoggerFactory());
  return new CacheClient({
    credentialProvider,
    configuration: configuration.withClientTimeoutMillis(2000),
    defaultTtlSeconds: 60,
  });
}

/** How the SDK's responses tell what they hold, in the order in which they are asked. */
const ACCESSORS = [
  'value',
  'listLength',
  'length',
  'rank',
  'score',
  'containsElement',
  'containsElements',
  'exists',
  'itemType',
  'remainingTtlMillis',
  'values',
] as const;

/**
 * A response of the SDK in short: the code of an error, the name of a response that holds nothing, else the name and what it
 * holds. A set becomes an array in a defined order.
 */
export async function answerOf(response: unknown): Promise<unknown> {
  const settled: unknown = await response;
  const name = nameOf(settled);
  if (name === 'Error') {
    return call(settled, 'errorCode');
  }
  const accessor = ACCESSORS.find((method) => call(settled, method) !== undefined);
  if (accessor === undefined) {
    return name;
  }
  const held = call(settled, accessor);
  return [name, held instanceof Set ? [...held].map(String).toSorted() : held];
}

function call(target: unknown, method: string): unknown {
  const found: unknown = Reflect.get(Object(target), method);
  return typeof found === 'function' ? Reflect.apply(found, target, []) : undefined;
}

/** A call with good arguments on a key; calls that take a TTL pass on the one they are given. */
export type KeyedCall = (cache: Cache, key: string, ttl: CollectionTtl) => Promise<unknown>;
