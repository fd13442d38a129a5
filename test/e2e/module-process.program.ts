import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { CacheClient, PreviewLeaderboardClient } from '@gomomento/sdk';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { CacheService, fromSecretsManager, MomentoModule, TopicService } from 'nestjs-momento';
import { MomentoTestingModule, overrideMomento } from 'nestjs-momento/testing';

/** Apps that nobody closes; the program prints what it did, and never calls `process.exit`. */
const [story = '', secretsEndpoint = '', momentoAddress = ''] = process.argv.slice(2);

const say = (line: Record<string, unknown>) => console.log(JSON.stringify(line));

const momento = MomentoModule.forRoot({
  credentials: fromSecretsManager({ endpoint: secretsEndpoint }),
  endpoint: momentoAddress,
  cacheName: 'demo-cache',
});

@Module({ imports: [momento] })
class AppModule {}

/** A user's own provider that fails once the connection stands: Nest calls no hook of it. */
@Injectable()
class Failing {
  readonly used: Promise<void>;

  constructor(cache: CacheService) {
    this.used = cache.set('key', 1).then(() => {
      throw new Error('a provider of the app fails');
    });
  }
}
@Module({
  imports: [AppModule],
  providers: [Failing, { provide: 'failing', inject: [Failing], useFactory: ({ used }: Failing) => used }],
})
class FailingModule {}

const stories: Readonly<Record<string, () => Promise<unknown>>> = {
  'a provider of the app fails': () =>
    NestFactory.createApplicationContext(FailingModule, { logger: false, abortOnError: false }),

  overrideMomento: async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] });
    await use(await overrideMomento(builder).compile());
  },

  MomentoTestingModule: async () => {
    const builder = Test.createTestingModule({ imports: [MomentoTestingModule.forRoot()] });
    await use(await builder.compile());
  },
};

/** Uses every client. */
async function use(
  app: Awaited<ReturnType<ReturnType<typeof Test.createTestingModule>['compile']>>,
): Promise<void> {
  const cache = app.get(CacheService);
  await cache.set('key', 1);
  await cache.getMany(['key']);
  await app.get(CacheClient).listCaches();
  await app.get(PreviewLeaderboardClient).leaderboard('demo-cache', 'points').upsert({ 1: 1 });
  const heard: unknown[] = [];
  await app.get(TopicService).subscribe('news', ({ value }) => void heard.push(value));
  await app.get(TopicService).publish('news', 'hello');
  for (let tries = 0; heard.length === 0 && tries < 100; tries += 1) await sleep(10);
  if (heard[0] !== 'hello') throw new Error('the subscription heard nothing');
}

await (stories[story]?.() ?? Promise.reject(new Error(`There is no story '${story}'.`))).then(
  () => say({ done: story }),
  (error: Error) => say({ failed: error.message }),
);
