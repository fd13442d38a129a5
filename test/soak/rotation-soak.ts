import { Configurations } from '@gomomento/sdk';
import { NestFactory } from '@nestjs/core';
import {
  CacheService,
  fromSecretsManager,
  MomentoCredentials,
  MomentoModule,
  TopicService,
} from 'nestjs-momento';
import { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom } from './seeded-random.js';

export interface SoakLoad {
  readonly requestsPerSecond: number;
  readonly messagesPerSecond: number;
  readonly rotations: number;
  readonly seed: number;
}

export interface SoakReport {
  readonly requests: number;
  readonly failed: number;
  readonly longestWaitMs: number;
  readonly messages: number;
  readonly lost: number;
  readonly twice: number;
  readonly outOfOrder: number;
  readonly getSecretValueCalls: number;
  /** Generations of clients that were replaced, less those that were closed. */
  readonly clientsLeftOpen: number;
  readonly rotated: number;
}

interface Servers {
  readonly momento: MomentoLocal;
  readonly secrets: SecretsManagerLocal;
}

/** How one rotation goes. `store()` puts the new key into the secret, `revoke()` lets Momento forget the old one. */
export interface RotationStory {
  readonly name: string;
  /** Whether requests may fail while Momento itself is away. */
  readonly takesMomentoDown?: true;
  rotate(servers: Servers, store: () => void, revoke: () => void): Promise<void>;
}

export const stories: readonly RotationStory[] = [
  {
    name: 'keys overlap 1 s',
    rotate: async (_servers, store, revoke) => {
      store();
      await sleep(1_000);
      revoke();
    },
  },
  {
    name: 'old key revoked at once',
    rotate: async (_servers, store, revoke) => {
      store();
      revoke();
    },
  },
  {
    name: 'old key revoked 700 ms before the new one is current',
    rotate: async (_servers, store, revoke) => {
      revoke();
      await sleep(700);
      store();
    },
  },
  {
    name: 'during an outage of Secrets Manager of 3 s',
    rotate: async ({ secrets }, store, revoke) => {
      await secrets.faults.down();
      store();
      revoke();
      await sleep(3_000);
      await secrets.faults.up();
    },
  },
  {
    name: 'Momento restarts during the rotation',
    takesMomentoDown: true,
    rotate: async ({ momento }, store, revoke) => {
      store();
      await momento.faults.down();
      revoke();
      await sleep(300);
      await momento.faults.up();
    },
  },
];

/** Rotates under load, and reports what the app saw of it. */
export async function soak(story: RotationStory, load: SoakLoad): Promise<SoakReport> {
  const momento = await MomentoLocal.start({ port: 0, caches: ['demo-cache'] });
  const secrets = await SecretsManagerLocal.start({ port: 0 });
  const secretId = 'Momento_Auth_Token';
  let apiKey = momento.issueApiKey();
  secrets.putSecret(secretId, apiKey);
  const app = await NestFactory.createApplicationContext(
    MomentoModule.forRoot({
      credentials: fromSecretsManager({ secretId, region: 'us-west-2', endpoint: secrets.endpoint }),
      endpoint: momento.endpoints,
      configuration: Configurations.Laptop.latest(),
      cacheName: 'demo-cache',
    }),
    { logger: false, abortOnError: false },
  );
  const [cache, topics, credentials] = [
    app.get(CacheService),
    app.get(TopicService),
    app.get(MomentoCredentials),
  ];
  let rotated = 0;
  let drained = 0;
  credentials.on('rotated', () => void (rotated += 1)).on('drained', () => void (drained += 1));

  const random = randomFrom(load.seed);
  const traffic = { requests: 0, failed: 0, longestWaitMs: 0, inFlight: new Set<Promise<void>>() };
  let momentoIsAway = false;
  const operations: readonly ((key: string) => Promise<unknown>)[] = [
    (key) => cache.get(key),
    (key) => cache.set(key, { key }),
    (key) => cache.increment(`count-${key}`),
    (key) => cache.getMany([key, 'other']),
    (key) => cache.setMany([[key, 1]]),
  ];
  const track = (call: () => Promise<unknown>): Promise<boolean> => {
    const startedAt = performance.now();
    const awayAtStart = momentoIsAway;
    traffic.requests += 1;
    return call().then(
      () => {
        traffic.longestWaitMs = Math.max(traffic.longestWaitMs, performance.now() - startedAt);
        return true;
      },
      () => {
        if (!awayAtStart && !momentoIsAway) traffic.failed += 1;
        return false;
      },
    );
  };

  const received: number[] = [];
  await topics.subscribe<number>('numbers', ({ value }) => void received.push(value));
  const published: number[] = [];
  const pending = new Set<Promise<unknown>>();
  const keep = (work: Promise<unknown>) => {
    const tracked = work.finally(() => pending.delete(tracked));
    pending.add(tracked);
  };
  const requesting = every(load.requestsPerSecond, (count) => {
    const operation = operations[Math.floor(random() * operations.length)] ?? cache.get.bind(cache);
    keep(track(() => operation(`key-${count % 100}`)));
  });
  // One at a time, so that the order of publishing is known.
  let lastPublish: Promise<unknown> = Promise.resolve();
  const publish = async (previous: Promise<unknown>, count: number) => {
    await previous;
    if (await track(() => topics.publish('numbers', count))) published.push(count);
  };
  const publishing = every(load.messagesPerSecond, (count) => {
    lastPublish = publish(lastPublish, count);
  });

  for (let rotation = 0; rotation < load.rotations; rotation += 1) {
    await sleep(200 + 300 * random());
    const old = apiKey;
    apiKey = momento.issueApiKey();
    momentoIsAway = story.takesMomentoDown === true;
    await story.rotate(
      { momento, secrets },
      () => secrets.putSecret(secretId, apiKey),
      () => momento.revokeApiKey(old),
    );
    await until(() => rotated > rotation, 15_000);
    // The next one does not begin before what waited for this one is done: a call has time for one outage, not for two.
    await until(() => pending.size < load.requestsPerSecond / 5, 15_000);
    // Connections that were reset come back with a backoff.
    if (momentoIsAway) await sleep(1_500);
    momentoIsAway = false;
  }
  await sleep(500);
  clearInterval(requesting);
  clearInterval(publishing);
  await Promise.all([...pending, lastPublish]);
  await until(() => received.length >= published.length && drained >= rotated, 5_000);

  const seen = new Set(received);
  const report: SoakReport = {
    requests: traffic.requests,
    failed: traffic.failed,
    longestWaitMs: Math.round(traffic.longestWaitMs),
    messages: published.length,
    lost: published.filter((number) => !seen.has(number)).length,
    twice: received.length - seen.size,
    outOfOrder: received.filter((number, index) => index > 0 && number < (received[index - 1] ?? 0)).length,
    getSecretValueCalls: secrets.callCount('GetSecretValue'),
    clientsLeftOpen: rotated - drained,
    rotated,
  };
  await app.close();
  await Promise.all([momento.stop(), secrets.stop()]);
  return report;
}

/** Acts so many times a second until the interval is cleared; a timer that comes late catches up. */
function every(perSecond: number, act: (count: number) => void): NodeJS.Timeout {
  const startedAt = performance.now();
  let count = 0;
  return setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond);
    while (count < due) act(count++);
  }, 2);
}

async function until(holds: () => boolean, limitMs: number): Promise<void> {
  const endAt = performance.now() + limitMs;
  while (!holds() && performance.now() < endAt) await sleep(10);
}
