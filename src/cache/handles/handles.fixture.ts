import { CacheClient, Configurations, NoopMomentoLoggerFactory } from '@gomomento/sdk';
import { onTestFinished } from 'vitest';
import type { Service } from '../../../test/conformance/conformance.fixture.js';
import { credentialsFor } from '../../../test/local/momento.fixture.js';
import { jsonCodec } from '../../foundation/momento.codecs.js';
import { InFlight } from '../../foundation/time/in-flight.js';
import type { HandleContext } from './handle.js';

/** What a handle of a cache has to go by, with what a test wants otherwise. */
export function contextOf(
  client: CacheClient,
  cacheName: string,
  more: Partial<HandleContext> = {},
): HandleContext {
  return {
    client,
    cacheName,
    keyPrefix: '',
    codec: jsonCodec,
    ttlSeconds: undefined,
    signal: new AbortController().signal,
    inFlight: new InFlight(),
    ...more,
  };
}

let cacheCount = 0;

/** The same for a cache that no other test uses. */
export function newContext(service: Service, more: Partial<HandleContext> = {}): HandleContext {
  const cacheName = `handles-${(cacheCount += 1)}`;
  service.momento.createCache(cacheName);
  return contextOf(service.client, cacheName, more);
}

/** What the promise rejects with. */
export function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value: unknown) => {
      throw new Error(`No error, but ${String(value)}`);
    },
    (error: unknown) => error,
  );
}

/** Clients of four processes, which wait for as long as a busy machine needs; closed when the test ends. */
export function clientsOfProcesses({ momento }: Service): CacheClient[] {
  const configuration = Configurations.Laptop.latest(new NoopMomentoLoggerFactory());
  return Array.from({ length: 4 }, () => {
    const client = new CacheClient({
      credentialProvider: credentialsFor(momento),
      configuration: configuration.withClientTimeoutMillis(10_000),
      defaultTtlSeconds: 60,
    });
    onTestFinished(() => client.close());
    return client;
  });
}
