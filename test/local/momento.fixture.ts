import {
  CacheClient,
  Configurations,
  CredentialProvider,
  NoopMomentoLoggerFactory,
  type SubscribeCallOptions,
  TopicClient,
  TopicConfigurations,
  TopicSubscribe,
} from '@gomomento/sdk';
import { onTestFinished } from 'vitest';
import { MomentoLocal } from '../../src/local/momento/momento-local.js';
import type { MomentoLocalOptions } from '../../src/local/momento/momento-local.options.js';

/** The cache that every server of {@link startMomento} has. */
export const CACHE = 'test-cache';

/** A server for one test. */
export async function startMomento(options: MomentoLocalOptions = {}): Promise<MomentoLocal> {
  const momento = await MomentoLocal.start({ caches: [CACHE], ...options });
  onTestFinished(() => momento.stop());
  return momento;
}

/** A clock that stands still until it is moved. */
export function stoppedClock(nowMs = Date.UTC(2030, 0, 1)): { now: () => number; advance(ms: number): void } {
  let current = nowMs;
  return { now: () => current, advance: (ms) => void (current += ms) };
}

/** The SDK's credentials for a server: with a key as it would stand in Secrets Manager, or without. */
export function credentialsFor(momento: MomentoLocal, apiKey?: string): CredentialProvider {
  return apiKey === undefined
    ? CredentialProvider.forMomentoLocal({ hostname: momento.hostname, port: momento.port })
    : CredentialProvider.fromString({ authToken: apiKey, endpointOverrides: momento.endpoints });
}

/** The SDK's client, closed when the test ends. Its calls give up after a second. */
export function cacheClientFor(
  momento: MomentoLocal,
  credentialProvider = credentialsFor(momento),
): CacheClient {
  const configuration = Configurations.Laptop.latest(new NoopMomentoLoggerFactory()).withClientTimeoutMillis(
    1000,
  );
  const client = new CacheClient({ credentialProvider, configuration, defaultTtlSeconds: 60 });
  onTestFinished(() => client.close());
  return client;
}

/** Its calls, and what a subscription takes to begin, give up after a second, or after the time given. */
export function topicClientFor(
  momento: MomentoLocal,
  credentialProvider = credentialsFor(momento),
  timeoutMs = 1000,
): TopicClient {
  const configuration = TopicConfigurations.Default.latest(
    new NoopMomentoLoggerFactory(),
  ).withClientTimeoutMillis(timeoutMs);
  return new TopicClient({ credentialProvider, configuration });
}

/** Subscribes for the length of the test. */
export async function subscribe(
  client: TopicClient,
  topic: string,
  callbacks: SubscribeCallOptions,
  cacheName = CACHE,
): Promise<TopicSubscribe.Subscription> {
  const subscription = await client.subscribe(cacheName, topic, callbacks);
  if (!(subscription instanceof TopicSubscribe.Subscription)) {
    throw new TypeError(`Not subscribed: ${subscription.toString()}`);
  }
  onTestFinished(() => subscription.unsubscribe());
  return subscription;
}

/** Which response of the SDK this is, such as `Hit`. */
export function nameOf(response: unknown): string {
  return Object(response).constructor.name;
}

/** The error code of a response of the SDK, or its name when it is no error. */
export async function errorCodeOf(response: unknown): Promise<string> {
  const settled: unknown = await response;
  return settled instanceof Object && 'errorCode' in settled && typeof settled.errorCode === 'function'
    ? String(settled.errorCode())
    : nameOf(settled);
}
