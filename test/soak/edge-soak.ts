import { Configurations } from '@gomomento/sdk';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CacheService,
  fromSecretsManager,
  MomentoCredentials,
  MomentoModule,
  TopicService,
} from 'nestjs-momento';
import { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

interface Servers {
  readonly momento: MomentoLocal;
  readonly secrets: SecretsManagerLocal;
}

/** What happens many times over, and what is left of it. */
export interface EdgeStory {
  readonly name: string;
  run(
    servers: Servers,
    times: number,
  ): Promise<{ readonly holds: boolean } & Record<string, number | boolean>>;
}

const secretId = 'Momento_Auth_Token';
/** By the README: of topics, which the SDK cannot close. */
const mostConnectionsARotation = 3;

export const edgeStories: readonly EdgeStory[] = [
  {
    name: 'connections after rotations, with topics in use',
    run: async (servers, times) => {
      const app = await boot(servers);
      const received = await listen(app);
      const before = connectionsTo(servers.momento.port);
      for (let rotation = 1; rotation <= times; rotation += 1) {
        rotate(servers);
        await app.get(MomentoCredentials).refreshNow();
        await app.get(CacheService).set('key', rotation);
        await app.get(TopicService).publish('numbers', rotation);
      }
      await until(() => received.length >= times);
      await sleep(1_000);
      const left = connectionsTo(servers.momento.port) - before;
      const lost = times - received.length;
      await app.close();
      return { rotations: times, left, lost, holds: left <= mostConnectionsARotation * times && lost === 0 };
    },
  },
  {
    name: 'connections after rotations, of a cache alone',
    run: async (servers, times) => {
      const app = await boot(servers);
      const before = connectionsTo(servers.momento.port);
      for (let rotation = 0; rotation < times; rotation += 1) {
        rotate(servers);
        await app.get(MomentoCredentials).refreshNow();
        await app.get(CacheService).set('key', rotation);
      }
      await until(() => connectionsTo(servers.momento.port) <= before);
      const left = connectionsTo(servers.momento.port) - before;
      await app.close();
      return { rotations: times, left, holds: left <= 0 };
    },
  },
  {
    name: 'connections after apps that were closed',
    run: async (servers, times) => {
      for (let count = 0; count < times; count += 1) {
        const app = await boot(servers);
        await app.get(CacheService).set('key', count);
        await app.close();
      }
      await until(() => connectionsTo(servers.momento.port) === 0);
      const left = connectionsTo(servers.momento.port);
      return { apps: times, left, holds: left === 0 };
    },
  },
  {
    name: 'a subscription through passing rejections',
    run: async (servers, times) => {
      const app = await boot(servers);
      const received = await listen(app);
      // A subscription that has seen no message does not know where it was.
      await app.get(TopicService).publish('numbers', 0);
      await until(() => received.length === 1);
      for (let count = 1; count <= times; count += 1) {
        servers.momento.faults.fail('topic-subscribe', 'UNAUTHENTICATED', { times: 1 });
        servers.momento.faults.cut('topic-subscribe');
        await app.get(TopicService).publish('numbers', count);
        await until(() => received.length > count);
      }
      const lost = times + 1 - new Set(received).size;
      const twice = received.length - new Set(received).size;
      await app.close();
      return { rejections: times, lost, twice, holds: lost + twice === 0 };
    },
  },
  {
    name: 'boots while the key changes every 40 ms',
    run: async (servers, times) => {
      const rotating = setInterval(() => rotate(servers), 40);
      let booted = 0;
      for (let count = 0; count < times; count += 1) {
        const app = await boot(servers).catch(() => undefined);
        if (app !== undefined) booted += 1;
        await app?.close();
      }
      clearInterval(rotating);
      return { boots: times, booted, holds: booted === times };
    },
  },
];

/** Runs a story on servers of its own. */
export async function runEdge(story: EdgeStory, times: number) {
  const momento = await MomentoLocal.start({ port: 0, caches: ['demo-cache'] });
  const secrets = await SecretsManagerLocal.start({ port: 0 });
  secrets.putSecret(secretId, momento.issueApiKey());
  try {
    return await story.run({ momento, secrets }, times);
  } finally {
    await Promise.all([momento.stop(), secrets.stop()]);
  }
}

const keys = new WeakMap<MomentoLocal, string>();

function rotate({ momento, secrets }: Servers): void {
  const old = keys.get(momento);
  const key = momento.issueApiKey();
  keys.set(momento, key);
  secrets.putSecret(secretId, key);
  if (old !== undefined) momento.revokeApiKey(old);
}

function boot({ momento, secrets }: Servers): Promise<INestApplicationContext> {
  const root = MomentoModule.forRoot({
    credentials: fromSecretsManager({ secretId, region: 'us-west-2', endpoint: secrets.endpoint }),
    endpoint: momento.endpoints,
    configuration: Configurations.InRegion.Default.latest(),
    cacheName: 'demo-cache',
    refresh: false,
  });
  return NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
}

/** The numbers that arrive from now on. */
async function listen(app: INestApplicationContext): Promise<number[]> {
  const received: number[] = [];
  await app.get(TopicService).subscribe<number>('numbers', ({ value }) => void received.push(value));
  return received;
}

/** Connections that this process holds open to a port, as the kernel counts them. */
function connectionsTo(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const established = '01';
  return readFileSync('/proc/self/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote, state]) => remote?.endsWith(`:${hex}`) === true && state === established).length;
}

async function until(holds: () => boolean, limitMs = 10_000): Promise<void> {
  const endAtMs = performance.now() + limitMs;
  while (!holds() && performance.now() < endAtMs) await sleep(10);
}
