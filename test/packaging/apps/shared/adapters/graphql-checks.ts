import assert from 'node:assert/strict';
import { Inject, Injectable } from '@nestjs/common';
import {
  AbstractGraphQLDriver,
  GraphQLModule,
  GraphQLSchemaHost,
  Query,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { parse, subscribe } from 'graphql';
import { TopicService } from 'nestjs-momento';
import { MomentoPubSub } from 'nestjs-momento/graphql';
import { type Checks, until, withApp } from '../running-app.js';

@Resolver()
class NewsResolver {
  constructor(@Inject('PUB_SUB') readonly pubSub: MomentoPubSub) {}

  @Query(() => String)
  none(): string {
    return 'none';
  }

  @Subscription(() => String)
  news() {
    return this.pubSub.asyncIterableIterator('news');
  }
}

/** The schema without a server, so that none need be installed. */
@Injectable()
class DriverWithoutServer extends AbstractGraphQLDriver {
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
}

export const graphqlChecks: Checks = {
  'a subscription gets what is published, and ends when the app closes': (framework) =>
    withApp(
      framework,
      {
        imports: [GraphQLModule.forRoot({ driver: DriverWithoutServer, autoSchemaFile: true })],
        providers: [
          NewsResolver,
          {
            provide: 'PUB_SUB',
            inject: [TopicService],
            useFactory: (topics: TopicService) => new MomentoPubSub({ topics }),
          },
        ],
      },
      async ({ app, momento, close }) => {
        const { schema } = app.get(GraphQLSchemaHost);
        const pubSub = app.get<MomentoPubSub>('PUB_SUB');
        const results = await subscribe({
          schema,
          document: parse('subscription { news }'),
          contextValue: {},
        });
        assert.ok(Symbol.asyncIterator in results);
        const iterator = results[Symbol.asyncIterator]();
        const next = iterator.next();
        await until('it is subscribed', async () => momento.stats().subscriptions === 1);
        await pubSub.publish('news', { news: 'new' });
        assert.equal(JSON.stringify(await next), '{"value":{"data":{"news":"new"}},"done":false}');
        const last = iterator.next();
        await close();
        assert.equal((await last).done, true);
        await until('no subscription is left', async () => momento.stats().subscriptions === 0);
      },
    ),
};
