import assert from 'node:assert/strict';
import { Injectable } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  AbstractGraphQLDriver,
  Args,
  GraphQLModule,
  GraphQLSchemaHost,
  Query,
  Resolver,
} from '@nestjs/graphql';
import { Cron, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { graphql } from 'graphql';
import { Cacheable, CacheEvict, CachePut, CacheService, MomentoCacheInterceptor } from 'nestjs-momento';
import { type Checks, until, withApp } from './running-app.js';

@Injectable()
class Listeners {
  readonly heard: string[] = [];

  @OnEvent('above')
  @CacheEvict({ keys: (id: string) => [id] })
  async above(id: string): Promise<void> {
    this.heard.push(`above ${id}`);
  }

  @CacheEvict({ keys: (id: string) => [id] })
  @OnEvent('below')
  async below(id: string): Promise<void> {
    this.heard.push(`below ${id}`);
  }
}

/** Never by the clock: the check lets them tick. */
const oncePerYear = '0 0 1 1 *';

@Injectable()
class Jobs {
  runs = 0;

  @Cron(oncePerYear, { name: 'above' })
  @CachePut({ key: () => 'above' })
  async above(): Promise<number> {
    return ++this.runs;
  }

  @CachePut({ key: () => 'below' })
  @Cron(oncePerYear, { name: 'below' })
  async below(): Promise<number> {
    return ++this.runs;
  }
}

@Resolver()
class PricesResolver {
  readonly calls: string[] = [];

  @Query(() => String)
  @Cacheable({ key: (id: string) => `above:${id}` })
  async above(@Args('id') id: string): Promise<string> {
    this.calls.push('above');
    return `price of ${id}`;
  }

  @Cacheable({ key: (id: string) => `below:${id}` })
  @Query(() => String)
  async below(@Args('id') id: string): Promise<string> {
    this.calls.push('below');
    return `price of ${id}`;
  }
}

/** The schema without a server, so that none need be installed. */
@Injectable()
class DriverWithoutServer extends AbstractGraphQLDriver {
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
}

export const companionChecks: Checks = {
  'a method evicts, with @OnEvent above and below': (framework) =>
    withApp(
      framework,
      { imports: [EventEmitterModule.forRoot()], providers: [Listeners] },
      async ({ app }) => {
        const [cache, events] = [app.get(CacheService), app.get(EventEmitter2)];
        for (const event of ['above', 'below']) {
          await cache.set(event, 'former');
          await events.emitAsync(event, event);
          assert.equal(await cache.get(event), undefined);
        }
        assert.deepEqual(app.get(Listeners).heard, ['above above', 'below below']);
      },
    ),

  'a method writes, with @Cron above and below': (framework) =>
    withApp(framework, { imports: [ScheduleModule.forRoot()], providers: [Jobs] }, async ({ app }) => {
      const [cache, jobs] = [app.get(CacheService), app.get(SchedulerRegistry)];
      for (const [name, run] of [
        ['above', 1],
        ['below', 2],
      ] as const) {
        void jobs.getCronJob(name).fireOnTick();
        await until(`the job ${name}`, async () => (await cache.get(name)) === run);
      }
    }),

  'a method is cached, with @Query above and below, beside a global interceptor': (framework) =>
    withApp(
      framework,
      {
        imports: [GraphQLModule.forRoot({ driver: DriverWithoutServer, autoSchemaFile: true })],
        providers: [PricesResolver, { provide: APP_INTERCEPTOR, useClass: MomentoCacheInterceptor }],
      },
      async ({ app }) => {
        const { schema } = app.get(GraphQLSchemaHost);
        const source = '{ above(id: "a") below(id: "b") }';
        for (const _ of ['miss', 'hit']) {
          const answer = await graphql({ schema, source, contextValue: {} });
          assert.equal(JSON.stringify(answer), '{"data":{"above":"price of a","below":"price of b"}}');
        }
        assert.deepEqual(app.get(PricesResolver).calls.sort(), ['above', 'below']);
      },
    ),
};
